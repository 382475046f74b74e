/** Ends TLS in front of Temporal, and lets nobody in without the client certificate. */
import { writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { generate } from 'selfsigned';
import { freePort } from '../../dev/free-port.ts';

/** A frontend with TLS, as programs and people reach it. */
export interface TlsFrontend {
  /** The variables of Temporal's envconfig that lead there. */
  env: Record<string, string>;
  /** Connections let in so far. */
  accepted(): number;
  stop(): Promise<void>;
}

interface Pair {
  cert: string;
  private: string;
}

/** A certificate with its key: one of `ca`, or an authority itself. */
function makePair(name: string, ca?: Pair): Promise<Pair> {
  return generate([{ name: 'commonName', value: name }], {
    ...{ keyType: 'ec', algorithm: 'sha256' },
    ...(ca && { ca: { key: ca.private, cert: ca.cert } }),
    extensions: [
      { name: 'basicConstraints', cA: ca === undefined },
      { name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] },
    ],
  });
}

/** Starts one on loopback in front of `address`, with certificates of its own in a folder. */
export async function startTlsFrontend(address: string, folder: string): Promise<TlsFrontend> {
  const authority = await makePair('authority');
  const server = await makePair('frontend', authority);
  const client = await makePair('client', authority);
  const files = { ca: authority.cert, cert: client.cert, key: client.private };
  const pathOf = (name: keyof typeof files): string => join(folder, `temporal-${name}.pem`);
  for (const name of ['ca', 'cert', 'key'] as const) {
    await writeFile(pathOf(name), files[name], { mode: 0o600 });
  }
  const [host = '', upstreamPort] = address.split(':');
  const open = new Set<Socket>();
  let accepted = 0;
  const frontend = createServer(
    {
      ...{ key: server.private, cert: server.cert, ca: [authority.cert] },
      ...{ requestCert: true, rejectUnauthorized: true, ALPNProtocols: ['h2'] },
    },
    (socket) => {
      accepted += 1;
      const upstream = connect(Number(upstreamPort), host);
      for (const [one, other] of [
        [socket, upstream],
        [upstream, socket],
      ] as const) {
        open.add(one);
        one.pipe(other);
        one.on('error', () => other.destroy());
        one.on('close', () => {
          open.delete(one);
          other.destroy();
        });
      }
    },
  );
  const port = await freePort();
  await new Promise<void>((resolve) => frontend.listen(port, '127.0.0.1', resolve));
  return {
    env: {
      TEMPORAL_ADDRESS: `localhost:${port}`,
      TEMPORAL_TLS: 'true',
      TEMPORAL_TLS_SERVER_CA_CERT_PATH: pathOf('ca'),
      TEMPORAL_TLS_CLIENT_CERT_PATH: pathOf('cert'),
      TEMPORAL_TLS_CLIENT_KEY_PATH: pathOf('key'),
    },
    accepted: () => accepted,
    async stop() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => frontend.close(resolve));
    },
  };
}
