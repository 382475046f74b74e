/** Senders that hold connections and say nothing, or too little to be a request. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { withApi } from './api-under-test.ts';

/** Both ends are in this process, which may commonly have 1,024 files open at the least. */
const connections = 400;

const timeouts = {
  headersTimeoutMs: 1_500,
  requestTimeoutMs: 1_500,
  connectionsCheckingIntervalMs: 100,
};

/** What such senders send, all of it or a byte now and then. */
const senders = {
  'say nothing': '',
  'never end a request line': 'GET /v1/pools',
  'never end their headers': 'GET /healthz HTTP/1.1\r\nhost: localhost\r\nx-slow: ',
  'never end a body':
    'POST /v1/pools/small/claims HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 90\r\n\r\n{',
} as const;

async function open(port: number, text: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  // A reset is one of the ways to be cut off.
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.resume();
  if (text !== '') socket.write(text);
  return socket;
}

describe(`${connections} connections`, function () {
  this.timeout(30_000);

  for (const [what, text] of Object.entries(senders)) {
    it(`that ${what} keep nobody waiting, and are cut off in time (P9)`, async () => {
      await withApi({ timeouts }, async (api) => {
        const sockets = await Promise.all(
          Array.from({ length: connections }, () => open(api.port, text)),
        );
        const closed = sockets.flatMap((socket) => (socket.closed ? [] : [once(socket, 'close')]));
        const drip = setInterval(() => {
          // A byte of a slow sender every tenth of a second does not prolong its time.
          for (const socket of sockets) if (text !== '' && socket.writable) socket.write('a');
        }, 100);
        try {
          const startedAtMs = performance.now();
          const path = '/v1/pools/small/claims';
          const { status } = await api.send(path, { method: 'POST', json: {} });
          assert.equal(status, 201);
          assert.ok(performance.now() - startedAtMs < 1_000);
          await Promise.all(closed);
          assert.ok(performance.now() - startedAtMs < 10_000);
        } finally {
          clearInterval(drip);
          for (const socket of sockets) socket.destroy();
        }
        assert.equal((await api.send('/healthz')).status, 200);
      });
    });
  }
});
