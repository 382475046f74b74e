/**
 * A cluster spoken to as directly as can be: the floor that everything is measured against, and the
 * benchmarks' own eyes. It shares no code with the product.
 */
import type { RequestOptions } from 'node:https';
import { KubeConfig, type V1Pod } from '@kubernetes/client-node';
import { Agent, type Dispatcher } from 'undici';

/** Connections for calls: 16 over HTTP/1.1 reach 4,000 requests a second on two cores (measured). */
const maxCallConnections = 16;

/** As our own connections: the library's 4 s would charge the floor with TLS handshakes. */
const keepOpenMs = 60_000;

/** A call that takes this long has failed; the slowest seen in a burst of 300 took 0.5 s. */
const callDeadlineMs = 30_000;

/** Deletes at once while cleaning up. */
const maxDeletesAtOnce = 16;

/** One answer, with its body as text. */
interface Answer {
  code: number;
  text: string;
}

/** What a watch tells: the kind of change and the pod as it is in the event. */
export type WatchedChange = (type: 'ADDED' | 'MODIFIED' | 'DELETED', pod: V1Pod) => void;

/** Raw calls and watches over connections of their own. */
export class BareCluster {
  readonly #origin: string;
  readonly #headers: Record<string, string>;
  readonly #calls: Agent;
  readonly #watches: Agent;
  /** Bytes that watches have brought. */
  watchedBytes = 0;

  private constructor(origin: string, options: RequestOptions) {
    this.#origin = origin;
    this.#headers = { ...(options.headers as Record<string, string>), 'user-agent': userAgent };
    const { ca, cert, key } = options;
    const connect = Object.fromEntries(
      Object.entries({ ca, cert, key }).filter(([, value]) => value !== undefined),
    );
    const connections = maxCallConnections;
    this.#calls = new Agent({ connections, allowH2: false, keepAliveTimeout: keepOpenMs, connect });
    this.#watches = new Agent({ allowH2: false, bodyTimeout: 0, connect });
  }

  /** Connects by a kubeconfig file. Raises when it names no cluster. */
  static async connect(kubeconfigPath: string): Promise<BareCluster> {
    const config = new KubeConfig();
    config.loadFromFile(kubeconfigPath);
    const cluster = config.getCurrentCluster();
    if (cluster === null) throw new Error(`Expected ${kubeconfigPath} to name a cluster, got none`);
    const options: RequestOptions = { headers: {} };
    await config.applyToHTTPSOptions(options);
    return new BareCluster(cluster.server, options);
  }

  /** One call. Raises unless the answer's code is one of those expected. */
  async call(options: {
    method: Dispatcher.HttpMethod;
    path: string;
    body?: string;
    contentType?: string;
    expected: number[];
  }): Promise<Answer> {
    const { method, path, body, contentType = 'application/json', expected } = options;
    const answer = await this.#calls.request({
      origin: this.#origin,
      path,
      method,
      headers: { ...this.#headers, 'content-type': contentType },
      body: body ?? null,
      // Else each delete with a body ends its connection, and the next call pays for a handshake.
      reset: false,
      headersTimeout: callDeadlineMs,
      bodyTimeout: callDeadlineMs,
    });
    const text = await answer.body.text();
    if (expected.includes(answer.statusCode)) return { code: answer.statusCode, text };
    throw new Error(`${method} ${path} answered ${answer.statusCode}: ${text.slice(0, 500)}`);
  }

  /**
   * Watches the pods that a label selector matches, from the moment it resolves; a watch that the
   * server ends goes on at its last version. The function returned ends it. `onEnd` is told when it
   * can't go on: the run has failed then.
   */
  async watchPods(options: {
    namespace: string;
    selector: string;
    onChange: WatchedChange;
    onEnd: (error: Error) => void;
  }): Promise<() => void> {
    const { namespace, selector, onEnd } = options;
    const path = `${podsPath(namespace)}?labelSelector=${encodeURIComponent(selector)}`;
    const { text } = await this.call({ method: 'GET', path: `${path}&limit=1`, expected: [200] });
    const { metadata } = JSON.parse(text) as { metadata: { resourceVersion: string } };
    const ending = new AbortController();
    const watch = { path, version: metadata.resourceVersion, signal: ending.signal };
    const first = await this.#openWatch(watch);
    this.#follow(first, { ...watch, onChange: options.onChange }).catch((error: unknown) => {
      if (ending.signal.aborted) return;
      onEnd(error instanceof Error ? error : new Error(String(error)));
    });
    return () => ending.abort();
  }

  /** Reads a watch and those that follow it; ends only by raising. */
  async #follow(
    first: AsyncIterable<Buffer>,
    watch: { path: string; version: string; signal: AbortSignal; onChange: WatchedChange },
  ): Promise<never> {
    let body = first;
    let { version } = watch;
    // The API server ends a watch that it takes for too slow, as it does in a burst of creates.
    for (let round = 0; round < maxWatchRounds; round += 1) {
      await followLines(this.#counted(body), (line) => {
        const { type, object } = JSON.parse(line) as { type: string; object: V1Pod };
        if (type !== 'ADDED' && type !== 'MODIFIED' && type !== 'DELETED') {
          throw new Error(`the watch failed: ${line.slice(0, 500)}`);
        }
        version = object.metadata?.resourceVersion ?? version;
        watch.onChange(type, object);
      });
      body = await this.#openWatch({ ...watch, version });
    }
    throw new Error(`the API server ended the watch ${maxWatchRounds} times`);
  }

  async *#counted(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of body) {
      this.watchedBytes += chunk.length;
      yield chunk;
    }
  }

  async #openWatch(watch: {
    path: string;
    version: string;
    signal: AbortSignal;
  }): Promise<AsyncIterable<Buffer>> {
    const { statusCode, body } = await this.#watches.request({
      origin: this.#origin,
      path: `${watch.path}&watch=true&resourceVersion=${watch.version}`,
      method: 'GET',
      headers: this.#headers,
      signal: watch.signal,
    });
    if (statusCode !== 200) throw new Error(`a watch of ${watch.path} answered ${statusCode}`);
    return body as AsyncIterable<Buffer>;
  }

  /** Deletes all pods that a selector matches, without grace, and waits until there are none. */
  async deletePods(namespace: string, selector: string): Promise<void> {
    const query = `labelSelector=${encodeURIComponent(selector)}`;
    // Pods that a late create brings are found by the next round.
    for (let round = 0; round < maxDeleteRounds; round += 1) {
      const path = `${podsPath(namespace)}?${query}`;
      const { text } = await this.call({ method: 'GET', path, expected: [200] });
      const { items } = JSON.parse(text) as { items: V1Pod[] };
      if (items.length === 0) return;
      const names = items.map((pod) => pod.metadata?.name ?? '');
      for (let from = 0; from < names.length; from += maxDeletesAtOnce) {
        await Promise.all(
          names.slice(from, from + maxDeletesAtOnce).map((name) =>
            this.call({
              method: 'DELETE',
              path: `${podsPath(namespace)}/${name}?gracePeriodSeconds=0`,
              expected: [200, 202, 404],
            }),
          ),
        );
      }
    }
    throw new Error(`pods with ${selector} were still there after ${maxDeleteRounds} rounds`);
  }

  async close(): Promise<void> {
    await Promise.all([this.#calls.destroy(), this.#watches.destroy()]);
  }
}

/** By this the API server's metrics and audit tell the benchmark's own calls from the product's. */
const userAgent = 'pilotlight-bench';

/** A watch lives for half an hour unless it is too slow; ten ends in one run are a fault. */
const maxWatchRounds = 10;

/** Each round deletes what is there; more than a few mean that something makes pods all the time. */
const maxDeleteRounds = 50;

/** The path of a namespace's pods. */
export function podsPath(namespace: string): string {
  return `/api/v1/namespaces/${namespace}/pods`;
}

/** Whether a pod's Ready condition is True. */
export function isReady(pod: V1Pod): boolean {
  return (
    pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ===
    true
  );
}

async function followLines(body: AsyncIterable<Buffer>, onLine: (line: string) => void) {
  let rest = '';
  const decoder = new TextDecoder();
  for await (const chunk of body) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = parts.pop() ?? '';
    for (const line of parts) if (line !== '') onLine(line);
  }
}
