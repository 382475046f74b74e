/** Stands between one process of ours and Temporal, and cuts or stalls what is between them. */
import { connect, createServer, type Socket } from 'node:net';
import { freePort } from '../../dev/free-port.ts';

/** A link for one process. It carries bytes, so its faults are those of connections. */
export interface TemporalLink {
  address: string;
  /** Resets all connections and refuses new ones, until `heal`. */
  cut(): void;
  /** Carries nothing in either direction, until `heal`. */
  stall(): void;
  heal(): void;
  stop(): Promise<void>;
}

/** Starts a link on loopback to Temporal at `address`, like `127.0.0.1:7233`. */
export async function startTemporalLink(address: string): Promise<TemporalLink> {
  const [host = '', targetPort = ''] = address.split(':');
  const port = await freePort();
  const sockets = new Set<Socket>();
  let state: 'whole' | 'cut' | 'stalled' = 'whole';
  const carry = (from: Socket, to: Socket): void => {
    sockets.add(from);
    if (state === 'stalled') from.pause();
    from.on('data', (data) => {
      if (!to.write(data)) from.pause();
    });
    to.on('drain', () => {
      if (state !== 'stalled') from.resume();
    });
    // What one side does not survive, the other need not either: the error is told by its end.
    from.on('error', () => to.destroy());
    from.on('close', () => {
      sockets.delete(from);
      to.destroy();
    });
  };
  const server = createServer((client) => {
    if (state === 'cut') {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect(Number(targetPort), host);
    carry(client, upstream);
    carry(upstream, client);
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${port}`,
    cut() {
      state = 'cut';
      for (const socket of sockets) socket.resetAndDestroy();
    },
    stall() {
      state = 'stalled';
      for (const socket of sockets) socket.pause();
    },
    heal() {
      state = 'whole';
      for (const socket of sockets) socket.resume();
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
