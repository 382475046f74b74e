/** Stands between one process of ours and Temporal, and cuts, stalls, mutes or slows what is between them. */
import { connect, createServer, type Socket } from 'node:net';
import { freePort } from '../../dev/free-port.ts';

/** A link for one process. It carries bytes, so its faults are those of connections. */
export interface TemporalLink {
  address: string;
  /** Resets all connections and refuses new ones, until `heal`. */
  cut(): void;
  /** Carries nothing in either direction, until `heal`. */
  stall(): void;
  /** Carries requests and no answers, until `heal`, which resets the connections: the answers are lost. */
  mute(): void;
  /** Carries everything so much later, until `heal`. */
  slow(delayMs: number): void;
  heal(): void;
  stop(): Promise<void>;
}

/** Starts a link on loopback to Temporal at `address`, like `127.0.0.1:7233`. */
export async function startTemporalLink(address: string): Promise<TemporalLink> {
  const [host = '', targetPort = ''] = address.split(':');
  const port = await freePort();
  /** Whether each carries answers. */
  const sockets = new Map<Socket, boolean>();
  let state: 'whole' | 'cut' | 'stalled' | 'mute' = 'whole';
  let delayMs = 0;
  const carry = (from: Socket, to: Socket, isAnswers: boolean): void => {
    sockets.set(from, isAnswers);
    const isHalted = (): boolean => state === 'stalled' || (state === 'mute' && isAnswers);
    if (isHalted()) from.pause();
    const write = (data: Buffer): void => {
      if (!to.destroyed && !to.write(data)) from.pause();
    };
    // In order also when the delay ends: nothing overtakes what is still waiting.
    const waiting: Buffer[] = [];
    from.on('data', (data: Buffer) => {
      if (delayMs === 0 && waiting.length === 0) {
        write(data);
        return;
      }
      waiting.push(data);
      setTimeout(() => write(waiting.shift() ?? Buffer.alloc(0)), delayMs);
    });
    to.on('drain', () => {
      if (!isHalted()) from.resume();
    });
    // What one side does not survive, the other need not either: the error is told by its end.
    from.on('error', () => to.destroy());
    from.on('close', () => {
      sockets.delete(from);
      to.destroy();
    });
  };
  const reset = (): void => {
    for (const socket of sockets.keys()) socket.resetAndDestroy();
  };
  const server = createServer((client) => {
    if (state === 'cut') {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect(Number(targetPort), host);
    carry(client, upstream, false);
    carry(upstream, client, true);
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${port}`,
    cut() {
      state = 'cut';
      reset();
    },
    stall() {
      state = 'stalled';
      for (const socket of sockets.keys()) socket.pause();
    },
    mute() {
      state = 'mute';
      for (const [socket, isAnswers] of sockets) if (isAnswers) socket.pause();
    },
    slow: (ms) => (delayMs = ms),
    heal() {
      if (state === 'mute') reset();
      state = 'whole';
      delayMs = 0;
      for (const socket of sockets.keys()) socket.resume();
    },
    async stop() {
      for (const socket of sockets.keys()) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
