/**
 * A pooled connection to one API server.
 *
 * Calls are plain JSON, and so need nothing of the client library at run time. Watches have a pool of
 * their own, since each holds a connection for minutes.
 */
import type { CoreV1Api } from '@kubernetes/client-node';
import { Agent, request as send, type Dispatcher } from 'undici';
import { findClusterLogin } from './cluster-login.ts';
import { createCredentials } from './credentials.ts';
import type { Lane, SendCall } from './http-call.ts';
import { fromStatus, KubernetesError, toKubernetesError } from './kubernetes-error.ts';
import { ServerClock } from './server-clock.ts';

/** Connections for calls: 16 reach 4,000 requests a second on two cores; more only queue elsewhere. */
const maxCallConnections = 16;

/**
 * Connections for claim patches and claim records, which never queue behind creates, deletes and
 * lists: a burst of 300 claims is 300 patches at once, and 16 carry them in half a second.
 */
const maxClaimConnections = 16;

/**
 * Deletes in flight: each costs the API server as much as a create, and nobody waits for one. Six
 * reach 100 a second at 50 ms each, which is twice the fastest rate of claims, and leave the rest
 * of the API server to claims.
 */
const maxDeleteConnections = 6;

/** An API server that has not answered a call in 10 s has restarted or is lost; callers try again. */
const defaultCallDeadlineMs = 10_000;

/**
 * An idle connection is kept this long, below the 90 s of the API server. The library's 4 s would let
 * every claim of a quiet pool begin with a TLS handshake, which takes longer than the claim.
 */
const keepOpenMs = 60_000;

/** A call as JSON. */
export interface PlainCall {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  body?: object;
  /** `calls` unless given. */
  lane?: Lane;
  /** `application/json` unless given; a patch names its kind. */
  contentType?: string;
  /** For the whole call, the wait for a connection included; the connection's own unless given. */
  deadlineMs?: number;
}

/** A call as it is counted. */
export interface EndedCall {
  method: string;
  lane: Lane;
  /** HTTP status; null when no answer came. */
  status: number | null;
  /** Until the answer's head, or its lack; the wait for a connection included. */
  elapsedMs: number;
}

/** By this audit logs and the API server's priorities tell our calls from others'. */
const userAgent = 'pilotlight';

/** A connection to one API server, shared by everything in a process. */
export interface ClusterConnection {
  /**
   * Typed calls, each with the deadline for calls. They raise `KubernetesError`. A body is cut to the
   * fields that the client's release knows; `send` sends it whole. The first use loads the client
   * library, 0.3 s and 85 MB, so nothing that worker and API do may use it.
   */
  typed(): Promise<CoreV1Api>;
  /**
   * One JSON call; resolves to the answered object as plain JSON. Raises `KubernetesError`; with
   * `code` null nothing is known of what the call did.
   */
  send(options: PlainCall): Promise<unknown>;
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
  options: {
    kubeconfigPath?: string;
    context?: string;
    callDeadlineMs?: number;
    /** Hears of every call that has ended, to count it; must not throw. Watches are not calls. */
    onCall?: (call: EndedCall) => void;
  } = {},
): Promise<ClusterConnection> {
  const { kubeconfigPath, context } = options;
  const { server, namespace, readCredentials } = await findClusterLogin({
    ...(kubeconfigPath === undefined ? {} : { kubeconfigPath }),
    ...(context === undefined ? {} : { context }),
    env: process.env,
  });
  const credentials = createCredentials(readCredentials);
  const { tls: connect } = await credentials();
  // HTTP/2 halves the throughput (2,032 against 4,299 requests a second, measured).
  const lane = (connections: number): Agent =>
    new Agent({ connections, allowH2: false, keepAliveTimeout: keepOpenMs, connect });
  const lanes = {
    calls: lane(maxCallConnections),
    claims: lane(maxClaimConnections),
    deletes: lane(maxDeleteConnections),
  };
  const watches = new Agent({ allowH2: false, connect });
  const clock = new ServerClock();
  const callDeadlineMs = options.callDeadlineMs ?? defaultCallDeadlineMs;
  const sendCall: SendCall = async (call) => {
    const { method, lane = 'calls' } = call;
    const deadline = new AbortController();
    const deadlineMs = call.deadlineMs ?? callDeadlineMs;
    // A signal of AbortSignal.timeout would raise its error seconds after the answer, for every call.
    const timer = setTimeout(() => {
      deadline.abort(new Error(`given up after ${deadlineMs} ms`));
    }, deadlineMs);
    const startedMs = performance.now();
    let status: number | null = null;
    try {
      const answer = await send(call.url, {
        dispatcher: lanes[lane],
        method,
        headers: { ...call.headers, ...(await credentials()).headers, 'user-agent': userAgent },
        body: call.body ?? null,
        // A delete with a body, as ours have, would end its connection unless this says otherwise.
        reset: false,
        signal: deadline.signal,
      });
      status = answer.statusCode;
      clock.learn(answer.headers.date?.toString());
      return { statusCode: status, headers: answer.headers, text: await answer.body.text() };
    } finally {
      clearTimeout(timer);
      options.onCall?.({ method, lane, status, elapsedMs: performance.now() - startedMs });
    }
  };
  let typed: Promise<CoreV1Api> | null = null;
  return {
    typed() {
      typed ??= import('./typed-client.ts').then(({ createTypedClient }) =>
        createTypedClient({ server, sendCall }),
      );
      return typed;
    },
    send: (plain) => call(sendPlain({ ...plain, server }, sendCall)),
    server,
    defaultNamespace: namespace,
    async open({ path, signal, headersTimeoutMs, bodyTimeoutMs }) {
      const { headers } = await credentials();
      return send(`${server}${path}`, {
        dispatcher: watches,
        headers: { accept: 'application/json', ...headers, 'user-agent': userAgent },
        headersTimeout: headersTimeoutMs,
        bodyTimeout: bodyTimeoutMs,
        ...(signal ? { signal } : {}),
      });
    },
    serverNowMs: () => clock.nowMs(),
    async close() {
      await Promise.all([...Object.values(lanes), watches].map((agent) => agent.destroy()));
    },
  };
}

/** Sends JSON as it is given, and answers it as it comes. */
async function sendPlain(
  plain: PlainCall & { server: string },
  sendCall: SendCall,
): Promise<unknown> {
  const { server, method, path, body, lane, contentType = 'application/json', deadlineMs } = plain;
  const { statusCode, headers, text } = await sendCall({
    method,
    url: `${server}${path}`,
    headers: { accept: 'application/json', 'content-type': contentType },
    body: body === undefined ? undefined : JSON.stringify(body),
    lane,
    deadlineMs,
  });
  if (statusCode >= 200 && statusCode < 300) return JSON.parse(text);
  const retryAfter = headers['retry-after']?.toString();
  throw fromStatus({ code: statusCode, body: text, retryAfter });
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
