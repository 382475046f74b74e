import assert from 'node:assert/strict';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { openTemporal } from '../../src/client/connect-to-temporal.ts';
import { PoolError } from '../../src/client/pool-error.ts';
import { Pools } from '../../src/client/pools.ts';

/** The time for a call; half a second more tells a lost server from a pool without a worker. */
const callDeadlineMs = 400;

describe('pools while Temporal is away', () => {
  let silent: Server;
  let address: string | undefined;

  before(async () => {
    address = process.env['TEMPORAL_ADDRESS'];
    // Takes connections and never answers, like a frozen server.
    // It reads, or it would not see the end of a connection and keep the process of the tests alive.
    silent = createServer((socket) => socket.resume().on('error', () => socket.destroy()));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  });
  after(() => {
    if (address === undefined) delete process.env['TEMPORAL_ADDRESS'];
    else process.env['TEMPORAL_ADDRESS'] = address;
    silent.close();
  });

  // A person was told to look for a worker while it was Temporal that was down: a call that ran out
  // of time between two tries to connect looked like one that no worker had answered.
  for (const what of ['refuses connections', 'takes connections and never answers']) {
    it(`say within a second that Temporal does not answer when it ${what}`, async () => {
      const port = what.startsWith('refuses') ? 1 : (silent.address() as AddressInfo).port;
      process.env['TEMPORAL_ADDRESS'] = `127.0.0.1:${port}`;
      const temporal = openTemporal({ callDeadlineMs, codecs: [] });
      const pools = new Pools(temporal, 'pilotlight');
      const startedAtMs = performance.now();
      for (const call of [() => pools.resize('small', 1), () => pools.drain('small')]) {
        await assert.rejects(call(), (error) => {
          assert.ok(error instanceof PoolError);
          assert.equal(error.code, 'unreachable');
          assert.match(error.message, new RegExp(`127\\.0\\.0\\.1:${port}`));
          return true;
        });
      }
      assert.ok(performance.now() - startedAtMs < 2 * (callDeadlineMs + 500) + 1_000);
      // A try that was due after the connection had been closed ended the whole process.
      await temporal.close();
    });
  }
});
