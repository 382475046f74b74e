import assert from 'node:assert/strict';
import { createServer, type Http2Server, type ServerHttp2Session } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectToTemporal } from '../../dev/connect-to-temporal.ts';

/** Time for a try that is due to be made, were it not stopped: the first ones come within 0.4 s. */
const triesMs = 700;

describe('a connection to Temporal for development', () => {
  let server: Http2Server;
  const sessions = new Set<ServerHttp2Session>();

  before(async () => {
    // Answers each call with an empty message, which is all that connecting takes.
    server = createServer().on('session', (session) => sessions.add(session));
    server.on('stream', (stream) => {
      stream.respond({ 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      stream.end(Buffer.alloc(5));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });

  // A chaos run that was told to end closed the connection under its calls, and the next try of one
  // ended the process before its servers were stopped.
  it('is closed under a call that waits for its next try, and nothing is raised later', async () => {
    const { port } = server.address() as AddressInfo;
    const { connection, close } = await connectToTemporal(`127.0.0.1:${port}`);
    const closed = new Promise((resolve) => server.close(resolve));
    for (const session of sessions) session.destroy();
    await closed;
    const abandoned = connection.workflowService.getSystemInfo({}).catch((error: unknown) => error);
    await sleep(50);
    const raised: unknown[] = [];
    const listener = (error: unknown): number => raised.push(error);
    process.on('uncaughtException', listener);
    try {
      await close();
      await sleep(triesMs);
      assert.ok((await abandoned) instanceof Error);
      assert.deepEqual(raised, []);
    } finally {
      process.off('uncaughtException', listener);
    }
  });
});
