/**
 * Stands between one process of ours and the API server and breaks what passes: answers to writes are
 * lost, writes are held, refused or arrive after their sender gave up, watches are held back, expire or end
 * in the midst of a line, connections are reset, silent or slow, pods look other than they are.
 *
 * It ends the TLS of both sides, because faults depend on what a request is.
 */
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { Socket } from 'node:net';
import { Agent, request as httpsRequest } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import type { V1Pod } from '@kubernetes/client-node';
import { generate } from 'selfsigned';
import { parse, stringify } from 'yaml';
import { freePort } from '../../dev/free-port.ts';
import { failureOf, Faults, type Carried, type Held, type PlayedStatus } from './proxy-faults.ts';

/** A proxy for one client. */
export interface FaultProxy {
  /** The cluster's kubeconfig, with the proxy as its server. */
  kubeconfigPath: string;
  /** From now on every so many-th write on pods and Leases loses its answer; 0: none. */
  loseEvery: (count: number) => void;
  /** From now on every so many-th such write is cut off at once and arrives later; 0: none. */
  delayEvery: (count: number) => void;
  /** From now on every so many-th such write is carried out and answered with 504; 0: none. */
  timeOutEvery: (count: number) => void;
  /** From now on nothing comes over watches, until `releaseWatches`. */
  holdWatches(): void;
  releaseWatches(): void;
  /** Ends all watches by saying that their version is no longer remembered (410). */
  expireWatches(): void;
  /** Ends all watches in the midst of a line. */
  truncateWatches(): void;
  /** Resets all connections and refuses new ones, until `heal`. */
  cut(): void;
  /** Takes connections and requests, and says nothing, over watches neither, until `heal`. */
  stall(): void;
  /** From now on answers come in small pieces with pauses, until `heal`. */
  drip(): void;
  /** Ends `cut`, `stall` and `drip`. Requests whose senders gave up meanwhile never arrive. */
  heal(): void;
  /** The next so many requests of any kind are answered with that status and go no further. */
  answer(status: PlayedStatus, times: number): void;
  /** From now on requests that match wait here, until they are released. */
  hold(matches: (request: Carried) => boolean): Held;
  /** The next so many writes that match are answered with 500 and go no further. */
  refuse(matches: (request: Carried) => boolean, times: number): void;
  /** From now on each pod is changed like this on its way to the client; null: no longer. */
  showPods(change: ((pod: V1Pod) => void) | null): void;
  /** Faults made so far. */
  faults: Readonly<Faults['made']>;
  stop(): Promise<void>;
}

/** A late write is on its way for this long: its sender has read the pod, and moved on, by then. */
const lateByMs = 1_500;

/** What a server sends on a watch from a version that it has forgotten. */
const expired = `${JSON.stringify({
  type: 'ERROR',
  object: { kind: 'Status', status: 'Failure', code: 410, reason: 'Expired' },
})}\n`;

/** What a watch is cut off in. */
const halfALine =
  '{"type":"MODIFIED","object":{"kind":"Pod","apiVersion":"v1","metadata":{"name":"pilo';

/** A dripping answer has 2 KiB each 20 ms: a list of 100 KB takes a second. */
const dripBytes = 2_048;
const dripMs = 20;

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
  const port = await freePort();
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
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // What is reset here fails there; the proxy itself has nothing to tell.
    socket.on('error', () => socket.destroy());
    if (faults.isCut) socket.resetAndDestroy();
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  let stalled: Held | null = null;
  const releaseWatches = (): void => {
    faults.heldWatches?.resolve(undefined);
    faults.heldWatches = null;
  };
  return {
    kubeconfigPath: path,
    faults: faults.made,
    loseEvery: (count) => (faults.loseEvery = count),
    delayEvery: (count) => (faults.delayEvery = count),
    holdWatches: () => (faults.heldWatches ??= Promise.withResolvers<undefined>()),
    releaseWatches,
    expireWatches() {
      for (const watch of faults.watches) watch.end(expired);
    },
    timeOutEvery: (count) => (faults.timeOutEvery = count),
    truncateWatches() {
      for (const watch of faults.watches) watch.write(halfALine, () => watch.destroy());
    },
    cut() {
      faults.isCut = true;
      for (const socket of sockets) socket.resetAndDestroy();
    },
    stall() {
      stalled ??= faults.hold(() => true);
      faults.heldWatches ??= Promise.withResolvers<undefined>();
    },
    drip: () => (faults.isDripping = true),
    heal() {
      faults.isCut = false;
      faults.isDripping = false;
      stalled?.release();
      stalled = null;
      releaseWatches();
    },
    answer: (status, times) => faults.answer(status, times),
    hold: (matches) => faults.hold(matches),
    refuse: (matches, times) => faults.refuse(matches, times),
    showPods: (change) => (faults.showPod = change),
    async stop() {
      server.closeAllConnections();
      agent.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
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
  const carried = describe(method, url, body);
  await faults.passHolds(carried);
  if (response.closed) return;
  const status = faults.nextAnswer();
  if (status !== null) {
    refuse(response, status);
    return;
  }
  const isWrite = method !== 'GET' && /\/(pods|leases)(\/|$|\?)/.test(url);
  const fate = isWrite ? faults.next(carried) : 'none';
  if (fate === 'refused') {
    refuse(response, 500);
    return;
  }
  if (fate === 'delayed') {
    response.destroy();
    await sleep(lateByMs);
  }
  const answer = await send({ request, url, body, upstream });
  if (fate !== 'none') {
    answer.resume();
    if (fate === 'timedOut') refuse(response, 504);
    else response.destroy();
    return;
  }
  await passOn({ answer, response, faults, isWatch: url.includes('watch=true') });
}

function refuse(response: ServerResponse, status: PlayedStatus): void {
  const type = { 'content-type': 'application/json' };
  response.writeHead(status, status === 429 ? { ...type, 'retry-after': '1' } : type);
  response.end(failureOf(status));
}

function describe(method: string, path: string, body: Buffer): Carried {
  const isCreate = method === 'POST' && /\/pods(\?|$)/.test(path);
  const created = isCreate ? (JSON.parse(body.toString()) as V1Pod) : null;
  const named = /\/pods\/([^/?]+)/.exec(path);
  return { method, path, podName: created?.metadata?.name ?? named?.[1] ?? '' };
}

async function passOn(options: {
  answer: IncomingMessage;
  response: ServerResponse;
  faults: Faults;
  isWatch: boolean;
}): Promise<void> {
  const { answer, response, faults, isWatch } = options;
  const isShown = /json/.test(answer.headers['content-type'] ?? '') && faults.showPod !== null;
  const headers = { ...answer.headers };
  // What is shown otherwise has another length.
  if (isShown) delete headers['content-length'];
  response.writeHead(answer.statusCode ?? 502, headers);
  response.on('close', () => {
    faults.watches.delete(response);
    answer.destroy();
  });
  if (isWatch) faults.watches.add(response);
  const chunks = isShown ? documents(answer, isWatch) : (answer as AsyncIterable<Buffer>);
  for await (const chunk of chunks) {
    if (isWatch && faults.heldWatches !== null) await faults.heldWatches.promise;
    if (response.writableEnded) return;
    const shown = typeof chunk === 'string' ? show(chunk, faults) : chunk;
    for (const piece of faults.isDripping ? pieces(shown) : [shown]) {
      if (faults.isDripping) await sleep(dripMs);
      if (response.destroyed) return;
      // Drained, or closed by then: a client that has gone takes no more.
      if (!response.write(piece)) await drained(response);
    }
  }
  response.end();
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    response.once('drain', resolve);
    response.once('close', resolve);
  });
}

function pieces(whole: string | Buffer): Buffer[] {
  const bytes = Buffer.from(whole);
  const count = Math.ceil(bytes.length / dripBytes);
  return Array.from({ length: count }, (_, index) =>
    bytes.subarray(index * dripBytes, (index + 1) * dripBytes),
  );
}

/** The lines of a watch, or the one document of any other answer. */
async function* documents(answer: AsyncIterable<Buffer>, isWatch: boolean): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of answer) {
    rest += decoder.decode(chunk, { stream: true });
    if (!isWatch) continue;
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield `${line}\n`;
  }
  if (rest !== '') yield rest;
}

interface ShownDocument {
  kind?: string;
  object?: V1Pod;
  items?: V1Pod[];
}

/** A document with its pods as the client is to see them. */
function show(text: string, { showPod }: Faults): string {
  if (showPod === null || text.trim() === '') return text;
  const document = JSON.parse(text) as ShownDocument & V1Pod;
  const pods = document.items ?? [document.object ?? document];
  for (const pod of pods) if (pod.metadata?.labels !== undefined) showPod(pod);
  return text.endsWith('\n') ? `${JSON.stringify(document)}\n` : JSON.stringify(document);
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
