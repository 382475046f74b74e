import assert from 'node:assert/strict';
import { runCommand } from '../../dev/run-command.ts';

const sh = (script: string, options: { timeoutMs?: number; signal?: AbortSignal } = {}) =>
  runCommand({ command: 'sh', args: ['-c', script], timeoutMs: 10_000, ...options });

describe('a command that is run to its end', () => {
  it('gives what it printed to stdout, and tells each line of both streams', async () => {
    const lines: string[] = [];
    const printed = await runCommand({
      ...{ command: 'sh', args: ['-c', 'echo one; echo two >&2; printf three'] },
      ...{ timeoutMs: 10_000, onLine: (line: string) => lines.push(line) },
    });
    assert.equal(printed, 'one\nthree');
    assert.deepEqual(lines.sort(), ['one', 'three', 'two']);
  });

  it('raises with its code and the end of its output', async () => {
    await assert.rejects(sh('echo wrong >&2; exit 3'), /`sh -c .*` ended with 3: wrong$/);
  });

  it('raises with its name when it is not there', async () => {
    const missing = runCommand({ command: 'no-such-program', args: [], timeoutMs: 10_000 });
    await assert.rejects(missing, /Expected no-such-program to be there, got none/);
  });

  it('is killed with its children when it takes too long', async () => {
    const startedAtMs = Date.now();
    await assert.rejects(sh('sleep 30 & sleep 30', { timeoutMs: 150 }), /took longer than 0\.15 s/);
    assert.ok(Date.now() - startedAtMs < 5_000);
  });

  it('is killed when the signal says so', async () => {
    const signal = AbortSignal.timeout(150);
    await assert.rejects(sh('sleep 30', { signal }), { name: 'TimeoutError' });
    await assert.rejects(sh('echo never', { signal }), { name: 'TimeoutError' });
  });
});
