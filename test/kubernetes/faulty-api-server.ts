/** An HTTP server on loopback that plays an API server and its faults, as each test scripts them. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A request as the script sees it. */
export interface FakeRequest {
  method: string;
  url: URL;
  headers: IncomingMessage['headers'];
  body: string;
}

export type FakeAnswer = (request: FakeRequest, response: ServerResponse) => void;

/** Counts connections and requests; what it answers is up to `answer`. */
export class FaultyApiServer {
  answer: FakeAnswer = (_request, response) => sendStatus(response, 404, 'NotFound');
  readonly requests: FakeRequest[] = [];
  /** Connections open at once, at most, since the start. */
  maxConnections = 0;
  /** Connections opened since the start. */
  connectionsMade = 0;
  readonly kubeconfigPath: string;
  readonly #folder: string;
  #connections = 0;
  #server: Server | null = null;
  #port = 0;

  private constructor(folder: string) {
    this.#folder = folder;
    this.kubeconfigPath = join(folder, 'kubeconfig');
  }

  /** Listens on a free port. */
  static async start(): Promise<FaultyApiServer> {
    const server = new FaultyApiServer(await mkdtemp(join(tmpdir(), 'pilotlight-fake-')));
    await server.listen();
    const config = {
      clusters: [
        {
          name: 'fake',
          cluster: { server: `http://127.0.0.1:${server.#port}`, 'insecure-skip-tls-verify': true },
        },
      ],
      users: [{ name: 'me', user: { token: 'secret' } }],
      contexts: [{ name: 'fake', context: { cluster: 'fake', user: 'me', namespace: 'home' } }],
      'current-context': 'fake',
    };
    await writeFile(server.kubeconfigPath, JSON.stringify(config));
    return server;
  }

  /** Listens again, on the port it had before. */
  async listen(): Promise<void> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const seen = {
          method: request.method ?? '',
          url: new URL(request.url ?? '/', 'http://fake'),
          headers: request.headers,
          body: Buffer.concat(chunks).toString(),
        };
        this.requests.push(seen);
        this.answer(seen, response);
      });
    });
    server.on('connection', (socket) => {
      this.#connections += 1;
      this.connectionsMade += 1;
      this.maxConnections = Math.max(this.maxConnections, this.#connections);
      socket.on('close', () => (this.#connections -= 1));
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, '127.0.0.1', resolve);
    });
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** Dies: open connections are reset and new ones refused. */
  async die(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server === null) return;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }

  /** Dies for good and removes its kubeconfig. */
  async stop(): Promise<void> {
    await this.die();
    await rm(this.#folder, { recursive: true });
  }
}

/** Answers JSON with status 200, or another. */
export function sendJson(response: ServerResponse, body: unknown, code = 200): void {
  response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** Answers a failure as Kubernetes does. */
export function sendStatus(
  response: ServerResponse,
  code: number,
  reason: string,
  headers: Record<string, string> = {},
): void {
  const message = `${reason} is what the fake says`;
  response
    .writeHead(code, { 'content-type': 'application/json', ...headers })
    .end(JSON.stringify({ kind: 'Status', status: 'Failure', code, reason, message }));
}

/** Writes one event on an open watch. */
export function sendEvent(response: ServerResponse, type: string, object: unknown): void {
  response.write(`${JSON.stringify({ type, object })}\n`);
}

/** Waits until a condition holds, looking every 5 ms; raises after 5 s, naming what was awaited. */
export async function eventually(what: string, holds: () => boolean): Promise<void> {
  const endsAtMs = performance.now() + 5_000;
  while (!holds()) {
    if (performance.now() > endsAtMs) throw new Error(`Expected within 5 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
