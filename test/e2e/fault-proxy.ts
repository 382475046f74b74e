/**
 * Stands between one replica of the API and the API server and breaks what passes: answers to writes
 * are lost, writes arrive after their sender gave up, watches are held back.
 *
 * It ends the TLS of both sides, because faults depend on what a request is.
 */
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { Agent, request as httpsRequest } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import getPort from 'get-port';
import { generate } from 'selfsigned';
import { parse, stringify } from 'yaml';

/** A proxy for one client. */
export interface FaultProxy {
  /** The cluster's kubeconfig, with the proxy as its server. */
  kubeconfigPath: string;
  /** From now on every so many-th write on pods and Leases loses its answer; 0: none. */
  loseEvery(count: number): void;
  /** From now on every so many-th such write is cut off at once and arrives later; 0: none. */
  delayEvery(count: number): void;
  /** From now on nothing comes over watches, until `releaseWatches`. */
  holdWatches(): void;
  releaseWatches(): void;
  /** Faults made so far. */
  faults: { lost: number; delayed: number };
  stop(): Promise<void>;
}

/** A late write is on its way for this long: its sender has read the pod, and moved on, by then. */
const lateByMs = 1_500;

interface Upstream {
  host: string;
  port: number;
  agent: Agent;
}

/** Starts a proxy on loopback with a certificate of its own. */
export async function startFaultProxy(kubeconfigPath: string): Promise<FaultProxy> {
  const config = parse(await readFile(kubeconfigPath, 'utf8')) as {
    clusters: [{ cluster: Record<string, string> }];
  };
  const [{ cluster }] = config.clusters;
  const address = new URL(cluster['server'] ?? '');
  const file = cluster['certificate-authority'];
  const data = cluster['certificate-authority-data'] ?? '';
  const ca = file === undefined ? Buffer.from(data, 'base64') : await readFile(file);
  const agent = new Agent({ ca, keepAlive: true });
  const upstream = { host: address.hostname, port: Number(address.port), agent };
  const pair = await generate([{ name: 'commonName', value: 'fault-proxy' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true },
      { name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] },
    ],
  });
  const port = await getPort({ host: '127.0.0.1' });
  config.clusters[0].cluster = {
    server: `https://127.0.0.1:${port}`,
    'certificate-authority-data': Buffer.from(pair.cert).toString('base64'),
  };
  const path = `${kubeconfigPath}.${randomBytes(4).toString('hex')}`;
  await writeFile(path, stringify(config), { mode: 0o600 });
  const faults = new Faults();
  const server = createServer({ key: pair.private, cert: pair.cert }, (request, response) => {
    carry({ request, response, upstream, faults }).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    kubeconfigPath: path,
    faults: faults.made,
    loseEvery: (count) => (faults.loseEvery = count),
    delayEvery: (count) => (faults.delayEvery = count),
    holdWatches: () => (faults.held ??= Promise.withResolvers<undefined>()),
    releaseWatches() {
      faults.held?.resolve(undefined);
      faults.held = null;
    },
    async stop() {
      server.closeAllConnections();
      agent.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Decides which request meets which fault. */
class Faults {
  loseEvery = 0;
  delayEvery = 0;
  held: PromiseWithResolvers<undefined> | null = null;
  readonly made = { lost: 0, delayed: 0 };
  #writes = 0;

  /** Counts a write. */
  next(): 'none' | 'lost' | 'delayed' {
    this.#writes += 1;
    if (this.delayEvery > 0 && this.#writes % this.delayEvery === 0) {
      this.made.delayed += 1;
      return 'delayed';
    }
    if (this.loseEvery > 0 && this.#writes % this.loseEvery === 0) {
      this.made.lost += 1;
      return 'lost';
    }
    return 'none';
  }
}

async function carry(options: {
  request: IncomingMessage;
  response: ServerResponse;
  upstream: Upstream;
  faults: Faults;
}): Promise<void> {
  const { request, response, upstream, faults } = options;
  const { method = 'GET', url = '/' } = request;
  const body = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>));
  const isWrite = method !== 'GET' && /\/(pods|leases)(\/|$|\?)/.test(url);
  const fate = isWrite ? faults.next() : 'none';
  if (fate === 'delayed') {
    response.destroy();
    await sleep(lateByMs);
  }
  const answer = await send({ request, url, body, upstream });
  if (fate !== 'none') {
    answer.resume();
    response.destroy();
    return;
  }
  response.writeHead(answer.statusCode ?? 502, answer.headers);
  response.on('close', () => answer.destroy());
  const isWatch = url.includes('watch=true');
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    if (isWatch && faults.held !== null) await faults.held.promise;
    if (!response.write(chunk)) await new Promise((resolve) => response.once('drain', resolve));
  }
  response.end();
}

function send(options: {
  request: IncomingMessage;
  url: string;
  body: Buffer;
  upstream: Upstream;
}): Promise<IncomingMessage> {
  const { request, url, body, upstream } = options;
  const { host, port, agent } = upstream;
  const { method } = request;
  const headers = { ...request.headers, 'content-length': String(body.length) };
  return new Promise((resolve, reject) => {
    const sent = httpsRequest({ host, port, agent, method, path: url, headers }, resolve);
    sent.on('error', reject);
    sent.end(body);
  });
}
