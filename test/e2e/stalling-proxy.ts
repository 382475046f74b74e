/** Stands between a worker and the API server and holds the replies back, on demand. */
import { readFile, writeFile } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { freePort } from '../../dev/free-port.ts';

/** A proxy of bytes: what it carries is encrypted, so it can hold replies but not read them. */
export interface StallingProxy {
  /** The cluster's kubeconfig, with the proxy as its server. */
  kubeconfigPath: string;
  /** From now on requests reach the API server, and nothing comes back. */
  holdReplies(): void;
  /** Lets what was held back go on. */
  release(): void;
  stop(): Promise<void>;
}

/**
 * In TLS 1.3 a client needs one answer, between its first message and its second. So new connections
 * come about while replies are held, and only what answers requests is kept back.
 */
const handshakeMessages = 2;

/** Starts a proxy on loopback, where the API server's certificate is valid too. */
export async function startStallingProxy(kubeconfigPath: string): Promise<StallingProxy> {
  const kubeconfig = await readFile(kubeconfigPath, 'utf8');
  const address = /https:\/\/127\.0\.0\.1:(\d+)/.exec(kubeconfig);
  if (!address) throw new Error(`${kubeconfigPath} names no API server on 127.0.0.1`);
  const port = await freePort();
  const path = `${kubeconfigPath}.proxy`;
  await writeFile(path, kubeconfig.replace(address[0], `https://127.0.0.1:${port}`), {
    mode: 0o600,
  });
  /** Connections to the API server, with the number of messages that were sent on each. */
  const connections = new Map<Socket, number>();
  let isHeld = false;
  const proxy = createServer((client) => {
    const server = connect(Number(address[1]), '127.0.0.1');
    connections.set(server, 0);
    client.on('data', (data) => {
      const messages = (connections.get(server) ?? 0) + 1;
      connections.set(server, messages);
      if (isHeld && messages >= handshakeMessages) server.pause();
      server.write(data);
    });
    server.on('data', (data) => client.write(data));
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      one.on('error', () => other.destroy());
      one.on('close', () => {
        connections.delete(server);
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => proxy.listen(port, '127.0.0.1', resolve));
  return {
    kubeconfigPath: path,
    holdReplies() {
      isHeld = true;
      for (const [server, messages] of connections) {
        if (messages >= handshakeMessages) server.pause();
      }
    },
    release() {
      isHeld = false;
      for (const server of connections.keys()) server.resume();
    },
    async stop() {
      for (const server of connections.keys()) server.destroy();
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}
