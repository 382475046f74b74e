import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { imageEnvironment } from '../../bench/image-environment.ts';

/** What only an image can have. */
const ofImages = new Set(['NODE_ENV', 'XDG_CACHE_HOME']);

describe('what benchmarks run', () => {
  it('has the environment that an image has', async () => {
    const text = await readFile(join(import.meta.dirname, '../../deploy/Dockerfile'), 'utf8');
    const settings = [...text.matchAll(/^ENV (.+)$/gm)].flatMap(([, line = '']) => line.split(' '));
    const ofImage = settings
      .map((setting) => setting.split(/=(.*)/s).slice(0, 2))
      .filter(([name = '']) => !ofImages.has(name));
    assert.deepEqual(Object.fromEntries(ofImage), imageEnvironment);
  });
});
