/**
 * More idle connections than the API keeps. It once kept 5,000 and refused all others, a claim's among
 * them, until the silent ones were cut off 10 s later.
 */
import assert from 'node:assert/strict';
import { execFileSync, fork, type ChildProcess } from 'node:child_process';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { maxConnections } from '../../src/api/limits.ts';
import { withApi } from './api-under-test.ts';

/** Twice what the API keeps. */
const wanted = 10_000;

/** A process has other files open, and this one keeps the API's ends. */
const spareFiles = 500;

/** Each holder opens so many: fewer than a process may commonly have open. */
const perHolder = 2_500;

const headersTimeoutMs = 6_000;
const timeouts = { headersTimeoutMs, requestTimeoutMs: 8_000, connectionsCheckingIntervalMs: 200 };

/** A claim takes a millisecond or two; the machine opens thousands of connections a second meanwhile. */
const usualClaimMs = 500;

/** A connection that finds the kernel's queue of 511 full is asked for again after 1 s, then after 2. */
const slowestClaimMs = 4_500;

/** 20 KB a connection, as limits.ts has it, and the same again for garbage that is not collected yet. */
const mostMegabytes = (2 * maxConnections * 20) / 1_024;

interface Holder {
  process: ChildProcess;
  open: number;
  hasOpenedAll: boolean;
}

function startHolder(port: number): Holder {
  const args = [String(port), String(perHolder)];
  const holder = {
    process: fork(join(import.meta.dirname, 'hold-connections.ts'), args),
    open: 0,
    hasOpenedAll: false,
  };
  holder.process.on('message', (message) => Object.assign(holder, message));
  return holder;
}

/** A claim on a connection of its own unless an agent keeps one; resolves to its milliseconds. */
function claim(port: number, agent?: Agent): Promise<number> {
  const startedAtMs = performance.now();
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        ...{ port, host: '127.0.0.1', method: 'POST', path: '/v1/pools/small/claims' },
        ...{ headers: { 'content-type': 'application/json' }, agent: agent ?? false },
      },
      (answer) => {
        answer.resume();
        answer.on('end', () => {
          if (answer.statusCode === 201) resolve(performance.now() - startedAtMs);
          else reject(new Error(`a claim was answered ${answer.statusCode}`));
        });
      },
    );
    sent.on('error', reject);
    sent.end('{}');
  });
}

/** Ends of connections in this process: the API's, and the test's own two. */
function heldHere(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length;
}

describe('ten thousand idle connections', function () {
  this.timeout(40_000);

  it('keep no claim waiting, take bounded memory and are cut off in time (P9)', async function () {
    const hardLimit = Number(execFileSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }).trim());
    // Node raises its own limit to the hard one at its start; NaN is "unlimited".
    assert.ok(!(hardLimit < maxConnections + spareFiles), `a limit of ${hardLimit} files`);
    await withApi({ timeouts }, async ({ port }) => {
      const kept = new Agent({ keepAlive: true, maxSockets: 1 });
      await claim(port, kept);
      global.gc?.();
      const before = process.memoryUsage.rss();
      const holders = Array.from({ length: wanted / perHolder }, () => startHolder(port));
      const open = (): number => holders.reduce((sum, holder) => sum + holder.open, 0);
      const times: number[] = [];
      let most = 0;
      let mostBytes = before;
      try {
        const deadlineMs = Date.now() + 25_000;
        let openedAtMs = 0;
        while (openedAtMs === 0 || open() > 0) {
          assert.ok(Date.now() < deadlineMs, `${open()} connections are still open`);
          times.push(await claim(port), await claim(port, kept));
          most = Math.max(most, heldHere());
          mostBytes = Math.max(mostBytes, process.memoryUsage.rss());
          if (holders.every(({ hasOpenedAll }) => hasOpenedAll)) openedAtMs ||= Date.now();
          await sleep(20);
        }
        const cutAfterMs = Date.now() - openedAtMs;
        assert.ok(cutAfterMs < headersTimeoutMs + 3_000, `cut off after ${cutAfterMs} ms`);
        assert.ok(most > maxConnections / 2, `${most} were open at once`);
        assert.ok(most <= maxConnections + 2, `${most} were open at once`);
        const [usual = NaN, slowest = NaN] = [0.95, 1].map(
          (part) => times.toSorted((a, b) => a - b)[Math.ceil(times.length * part) - 1],
        );
        assert.ok(usual < usualClaimMs, `19 of 20 claims took up to ${usual} ms`);
        assert.ok(slowest < slowestClaimMs, `a claim took ${slowest} ms`);
        const megabytes = (mostBytes - before) / 1_048_576;
        assert.ok(megabytes < mostMegabytes, `${megabytes} MB`);
        console.log(
          `      ${times.length} claims, 19 of 20 within ${Math.round(usual)} ms and all within ${Math.round(slowest)}, ${most} connections, ${Math.round(megabytes)} MB, all cut off ${cutAfterMs} ms after the last was opened`,
        );
      } finally {
        kept.destroy();
        for (const holder of holders) holder.process.kill('SIGKILL');
      }
    });
  });
});
