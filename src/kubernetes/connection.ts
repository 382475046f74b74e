/**
 * A pooled connection to one API server.
 *
 * The client library opens a TLS connection for each request (280 requests a second and 212 MB more
 * memory, measured, against thousands a second pooled), so its public HTTP-library seam is given a
 * pool. Watches have a pool of their own, since each holds a connection for minutes.
 */
import type { RequestOptions } from 'node:https';
import {
  CoreV1Api,
  createConfiguration,
  KubeConfig,
  ResponseContext,
  ServerConfiguration,
  wrapHttpLibrary,
  type RequestContext,
} from '@kubernetes/client-node';
import { Agent, request as send, type Dispatcher } from 'undici';
import { ServerClock } from './server-clock.ts';
import { fromStatus, KubernetesError, toKubernetesError } from './kubernetes-error.ts';

/** Connections for calls: 16 reach 4,000 requests a second on two cores; more only queue elsewhere. */
const maxCallConnections = 16;

/** An API server that has not answered a call in 10 s has restarted or is lost; callers try again. */
const defaultCallDeadlineMs = 10_000;

/** Credentials may be rotated on disk or by a plugin; they are read again after a minute. */
const credentialsMaxAgeMs = 60_000;

/** A connection to one API server, shared by everything in a process. */
export interface ClusterConnection {
  /**
   * Typed calls, each with the deadline for calls. They raise what `toKubernetesError` reads. A body
   * is cut to the fields that the client's release knows; `send` sends it whole.
   */
  core: CoreV1Api;
  /**
   * One JSON call with the same pool and deadline; resolves to the answered object as plain JSON.
   * Raises `KubernetesError`.
   */
  send(options: { method: 'GET' | 'POST'; path: string; body?: object }): Promise<unknown>;
  /** `https://host:port` of the API server. */
  server: string;
  /** The namespace of the kubeconfig's context. */
  defaultNamespace: string;
  /** An open GET for watches and raw lists; the caller sets time limits and consumes the body. */
  open(options: {
    path: string;
    signal?: AbortSignal;
    headersTimeoutMs: number;
    bodyTimeoutMs: number;
  }): Promise<Dispatcher.ResponseData>;
  /** Milliseconds since 1970 by the API server's clock, never ahead of it: leases are judged by it. */
  serverNowMs(): number;
  close(): Promise<void>;
}

/**
 * Connects by a kubeconfig: the file given, else KUBECONFIG, else the in-cluster account. Nothing is
 * sent yet. `callDeadlineMs` is the time for a whole call, the wait for a free connection included
 * (10 s by default). Raises when the file is unreadable or names no cluster.
 */
export async function connectToCluster(
  options: { kubeconfigPath?: string; context?: string; callDeadlineMs?: number } = {},
): Promise<ClusterConnection> {
  const config = new KubeConfig();
  if (options.kubeconfigPath === undefined) config.loadFromDefault();
  else config.loadFromFile(options.kubeconfigPath);
  if (options.context !== undefined) config.setCurrentContext(options.context);
  const cluster = config.getCurrentCluster();
  if (cluster === null) {
    throw new Error(
      `Expected the kubeconfig to name a cluster for context ${config.getCurrentContext()}; set KUBECONFIG`,
    );
  }
  const credentials = createCredentials(config);
  const { ca, cert, key, rejectUnauthorized } = await credentials();
  const connect = Object.fromEntries(
    Object.entries({ ca, cert, key, rejectUnauthorized }).filter(
      ([, value]) => value !== undefined,
    ),
  );
  // HTTP/2 halves the throughput (2,032 against 4,299 requests a second, measured).
  const calls = new Agent({ connections: maxCallConnections, allowH2: false, connect });
  const watches = new Agent({ allowH2: false, connect });
  const clock = new ServerClock();
  const sendCall = async (call: Call): Promise<Dispatcher.ResponseData> => {
    const answer = await send(call.url, {
      dispatcher: calls,
      method: call.method,
      headers: { ...call.headers, ...(await credentials()).headers },
      body: call.body ?? null,
      signal: AbortSignal.timeout(options.callDeadlineMs ?? defaultCallDeadlineMs),
    });
    clock.learn(answer.headers.date?.toString());
    return answer;
  };
  const configuration = createConfiguration({
    baseServer: new ServerConfiguration(cluster.server, {}),
    httpApi: wrapHttpLibrary({ send: (request) => sendTyped(request, sendCall) }),
  });
  return {
    core: new CoreV1Api(configuration),
    send: ({ method, path, body }) =>
      call(sendPlain({ method, url: `${cluster.server}${path}`, body }, sendCall)),
    server: cluster.server,
    defaultNamespace: config.getContextObject(config.getCurrentContext())?.namespace ?? 'default',
    async open({ path, signal, headersTimeoutMs, bodyTimeoutMs }) {
      const { headers } = await credentials();
      return send(`${cluster.server}${path}`, {
        dispatcher: watches,
        headers: { accept: 'application/json', ...headers },
        headersTimeout: headersTimeoutMs,
        bodyTimeout: bodyTimeoutMs,
        ...(signal ? { signal } : {}),
      });
    },
    serverNowMs: () => clock.nowMs(),
    async close() {
      await Promise.all([calls.destroy(), watches.destroy()]);
    },
  };
}

interface Call {
  method: Dispatcher.HttpMethod;
  url: string;
  headers: Record<string, string>;
  body?: string | undefined;
}

type SendCall = (call: Call) => Promise<Dispatcher.ResponseData>;

/** Carries a call of the typed client. */
async function sendTyped(request: RequestContext, sendCall: SendCall): Promise<ResponseContext> {
  const body = request.getBody();
  if (body !== undefined && typeof body !== 'string') {
    throw new TypeError('Expected the body of a Kubernetes call to be text');
  }
  const answer = await sendCall({
    method: request.getHttpMethod(),
    url: request.getUrl(),
    headers: request.getHeaders(),
    body,
  });
  const headers = Object.fromEntries(
    Object.entries(answer.headers).map(([name, value]) => [name, String(value)]),
  );
  return new ResponseContext(answer.statusCode, headers, {
    text: () => answer.body.text(),
    binary: async () => Buffer.from(await answer.body.arrayBuffer()),
    stream: () => answer.body as unknown as ReturnType<ResponseContext['body']['stream']>,
  });
}

/** Sends JSON as it is given, and answers it as it comes. */
async function sendPlain(
  { method, url, body }: { method: 'GET' | 'POST'; url: string; body: object | undefined },
  sendCall: SendCall,
): Promise<unknown> {
  const {
    statusCode,
    headers,
    body: answer,
  } = await sendCall({
    method,
    url,
    headers: { accept: 'application/json', 'content-type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (statusCode >= 200 && statusCode < 300) return answer.json();
  const retryAfter = headers['retry-after']?.toString();
  throw fromStatus({ code: statusCode, body: await answer.text(), retryAfter });
}

type Credentials = Pick<RequestOptions, 'ca' | 'cert' | 'key' | 'rejectUnauthorized'> & {
  headers: Record<string, string>;
};

function createCredentials(config: KubeConfig): () => Promise<Credentials> {
  const read = async (): Promise<Credentials> => {
    const options: RequestOptions = { headers: {} };
    await config.applyToHTTPSOptions(options);
    return { ...options, headers: options.headers as Record<string, string> };
  };
  let known: { credentials: Promise<Credentials>; readAtMs: number } | null = null;
  return async () => {
    if (known === null || performance.now() - known.readAtMs > credentialsMaxAgeMs) {
      known = { credentials: read(), readAtMs: performance.now() };
    }
    const { credentials } = known;
    // A failed reading is not kept: a token that is just being rotated is there a moment later.
    credentials.catch(() => {
      if (known?.credentials === credentials) known = null;
    });
    return credentials;
  };
}

/** Awaits a call; whatever it raises comes out as a `KubernetesError`. */
export async function call<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw toKubernetesError(error);
  }
}

/** Like `call`, with null for an object that does not exist. */
export async function callIfFound<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await call(answer);
  } catch (error) {
    if (error instanceof KubernetesError && error.kind === 'notFound') return null;
    throw error;
  }
}

/** Like `call`, for a delete that names a uid: null when that object is gone or replaced by another. */
export async function callUnlessReplaced<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await callIfFound(answer);
  } catch (error) {
    if (error instanceof KubernetesError && error.kind === 'conflict') return null;
    throw error;
  }
}
