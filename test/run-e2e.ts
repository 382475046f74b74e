/**
 * Runs the end-to-end suite on one kind of cluster. Usage: run-e2e.ts control-plane
 * PILOTLIGHT_NODE_DELAY_SECONDS=150 plays the nodes of the story at their real pace.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';

const [kind = ''] = process.argv.slice(2);
if (kind !== 'control-plane') {
  console.error(`Expected the kind of cluster to be control-plane, got ${JSON.stringify(kind)}`);
  process.exit(1);
}
const mocha = join(import.meta.dirname, '../node_modules/mocha/bin/mocha.js');
const child = spawn(
  process.execPath,
  [mocha, '--config', '.mocharc.e2e.json', ...process.argv.slice(3)],
  {
    stdio: 'inherit',
    cwd: join(import.meta.dirname, '..'),
  },
);
child.once('exit', (code) => process.exit(code ?? 1));
