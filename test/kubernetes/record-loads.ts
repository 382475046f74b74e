/**
 * Loaded before a program, by `--import`: writes the packages of which it loads anything to the file
 * that PILOTLIGHT_TEST_LOADS names, one a line, at the moment when it does.
 */
import { appendFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

const path = process.env['PILOTLIGHT_TEST_LOADS'] ?? '';
const seen = new Set<string>();

registerHooks({
  load(url, context, next) {
    const [name] = /(?<=.*\/node_modules\/)(?:@[^/]+\/)?[^/]+(?=\/)/.exec(url) ?? [];
    if (name !== undefined && !seen.has(name)) {
      seen.add(name);
      appendFileSync(path, `${name}\n`);
    }
    return next(url, context);
  },
});
