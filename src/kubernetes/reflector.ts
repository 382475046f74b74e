/**
 * Keeps a list of objects current by list and watch, through anything an API server does: 410, 500,
 * 429, half-open sockets, silence, restarts. The library's informer stops for good at the first
 * error, so this is our own.
 *
 * R1. Level, not edge: a deletion missed while away is delivered from the next list.
 * R2. A watch that ends goes on at the last version. After 410, and after a watch on which nothing
 *     was heard, it lists anew: a cluster restored to an older state accepts a version it has yet to
 *     reach and then stays silent, bookmarks included, until it gets there.
 * R3. Whatever a watch has missed, in whatever way, is seen within a minute.
 * R4. It ends only by its signal.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Dispatcher } from 'undici';
import { compareVersions } from '../pool/resource-version.ts';
import type { ClusterConnection } from './connection.ts';
import { fromStatus, toKubernetesError, type KubernetesError } from './kubernetes-error.ts';

/** What every object has; the rest is the reader's business. */
export interface ReflectedObject {
  metadata: { name: string; uid: string; resourceVersion: string };
}

/** What a reflector tells, of what was read off each object. Handlers must not throw. */
export interface ReflectorEvents<K> {
  changed(object: K): void;
  /** As it was last read. `version` is that of the deletion, or of the list that lacked it. */
  gone(object: K, version: string): void;
  /**
   * After each full list, once its changes are delivered. `isNews`: it is the first, brought a change, or
   * is older than what was heard before, as after a restore. A list that only ends a silence is none.
   */
  listed(version: string, isNews: boolean): void;
  /** Anything heard, bookmarks included: proof of life for the lag. */
  heard(version: string): void;
  failed(error: KubernetesError): void;
  /** Bytes of a watch as they come, to be counted; a list's are not told. */
  received?(bytes: number): void;
}

/**
 * The server ends a watch after this; spread to avoid a herd. Of itself it sends a bookmark a minute, but
 * also one 2 s before the end: short watches are how silence is told from calm within a minute. Where it
 * sends none (measured: of objects that nobody has written since it started), the list costs little.
 * A watch that goes on where the last one ended costs the server 1.3 ms of CPU, a list of 500 pods 17 ms
 * (measured): three of them every 30 s in each of ten processes are a thousandth of a core.
 */
const watchSeconds = 25;
const watchSpreadSeconds = 10;

/** Silence for this long means a half-open connection, or a server that has stopped to tell: list anew. */
export const longestSilenceMs = 45_000;

/** Three watches that get no answer are given up within the silence. */
const watchHeadersTimeoutMs = 15_000;

/** Time for one page of 2,000 pods (10 MB) on a loaded machine. */
const listTimeoutMs = 60_000;

/**
 * The pods of a large pool come in one page: four pages of 500 took 0.3 s, and one of 2,000 took 0.1 s
 * (measured), since each but the first is read again from the store. More would only hold more at once.
 */
const pageSize = 2_000;

/** First and longest pause after a failure. */
const firstBackOffMs = 250;
const longestBackOffMs = 10_000;

/** Reflects one path until the signal. Never rejects. */
export async function reflect<K>(options: {
  connection: ClusterConnection;
  /** Like `/api/v1/namespaces/default/pods`. */
  path: string;
  labelSelector: string;
  fieldSelector?: string;
  /** Reads what is kept off an object: a whole pod takes 20 KB, and its life brings seven of them. */
  read: (object: ReflectedObject) => K;
  events: ReflectorEvents<K>;
  signal: AbortSignal;
  /** Silence after which it lists anew; 45 s unless given. */
  silenceMs?: number;
}): Promise<void> {
  const { events, signal } = options;
  const known = new Map<string, Known<K>>();
  const cursor = { version: '' };
  let before = '';
  const goOnAt = (version: string): void => {
    cursor.version = version;
    heardAtMs = performance.now();
  };
  const listAnew = (): void => {
    before = cursor.version === '' ? before : cursor.version;
    cursor.version = '';
  };
  const silenceMs = options.silenceMs ?? longestSilenceMs;
  let backOffMs = 0;
  let heardAtMs = performance.now();
  const onHeard = (): void => {
    backOffMs = 0;
    heardAtMs = performance.now();
  };
  while (!signal.aborted) {
    let retryAfterMs = 0;
    try {
      if (cursor.version === '') goOnAt(await list({ ...options, known, before }));
      const listened = await watch({ ...options, known, cursor, onHeard, silenceMs });
      if (listened === 'heard') continue;
      listAnew();
    } catch (raised) {
      if (isAborted(signal)) return;
      const error = toKubernetesError(raised);
      if (error.kind === 'gone' || isSilence(raised)) listAnew();
      else events.failed(error);
      if (performance.now() - heardAtMs >= silenceMs) listAnew();
      retryAfterMs = error.retryAfterMs ?? 0;
    }
    backOffMs = Math.min(longestBackOffMs, backOffMs === 0 ? firstBackOffMs : backOffMs * 2);
    const waitMs = Math.max(retryAfterMs, backOffMs * (0.5 + Math.random() / 2));
    await sleep(waitMs, undefined, { signal }).catch(() => undefined);
  }
}

/** An object by its uid. */
interface Known<K> {
  version: string;
  kept: K;
}

interface Reflection<K> {
  connection: ClusterConnection;
  path: string;
  labelSelector: string;
  fieldSelector?: string;
  read: (object: ReflectedObject) => K;
  events: ReflectorEvents<K>;
  signal: AbortSignal;
  known: Map<string, Known<K>>;
}

async function list<K>(reflection: Reflection<K> & { before: string }): Promise<string> {
  const { known, events, read, before } = reflection;
  const present = new Set<string>();
  const changed: (Known<K> & { uid: string })[] = [];
  let after = '';
  let version = '';
  // Ends with the list; an expired token answers 410, which starts the list anew.
  do {
    const query = { limit: String(pageSize), ...(after === '' ? {} : { continue: after }) };
    const body = await open(reflection, query, listTimeoutMs, listTimeoutMs);
    const page = (await body.json()) as {
      items: ReflectedObject[];
      metadata: { resourceVersion: string; continue?: string };
    };
    // Read page by page: a whole pod takes 20 KB, and what is kept of it 1 KB.
    for (const object of page.items) {
      const { uid, resourceVersion } = object.metadata;
      present.add(uid);
      if (known.get(uid)?.version === resourceVersion) continue;
      changed.push({ uid, version: resourceVersion, kept: read(object) });
    }
    version = page.metadata.resourceVersion;
    after = page.metadata.continue ?? '';
  } while (after !== '');
  let isNews = before === '' || compareVersions(version, before) < 0;
  for (const [uid, { kept }] of known) {
    if (present.has(uid)) continue;
    known.delete(uid);
    isNews = true;
    events.gone(kept, version);
  }
  for (const { uid, version: its, kept } of changed) {
    known.set(uid, { version: its, kept });
    isNews = true;
    events.changed(kept);
  }
  events.listed(version, isNews);
  return version;
}

/** Ends when the server ends the watch; says whether anything came on it. */
async function watch<K>(
  reflection: Reflection<K> & {
    cursor: { version: string };
    onHeard: () => void;
    silenceMs: number;
  },
): Promise<'heard' | 'nothing'> {
  const { known, events, read, cursor, onHeard } = reflection;
  const timeoutSeconds = watchSeconds + Math.floor(Math.random() * watchSpreadSeconds);
  const query = {
    watch: 'true',
    allowWatchBookmarks: 'true',
    resourceVersion: cursor.version,
    timeoutSeconds: String(timeoutSeconds),
  };
  const { silenceMs } = reflection;
  const answerMs = Math.min(watchHeadersTimeoutMs, silenceMs);
  const body = await open(reflection, query, answerMs, silenceMs);
  let listened: 'heard' | 'nothing' = 'nothing';
  for await (const line of lines(body, (bytes) => events.received?.(bytes))) {
    const { type, object } = JSON.parse(line) as { type: string; object: ReflectedObject };
    if (type === 'ERROR') {
      const status = object as unknown as { code?: number };
      throw fromStatus({ code: status.code ?? 500, body: object });
    }
    const version = object.metadata.resourceVersion;
    cursor.version = version;
    listened = 'heard';
    onHeard();
    if (type === 'DELETED') {
      known.delete(object.metadata.uid);
      events.gone(read(object), version);
    } else if (type !== 'BOOKMARK') {
      const kept = read(object);
      known.set(object.metadata.uid, { version, kept });
      events.changed(kept);
    }
    events.heard(version);
  }
  return listened;
}

async function open(
  {
    connection,
    path,
    labelSelector,
    fieldSelector = '',
    signal,
  }: Omit<Reflection<unknown>, 'read' | 'events' | 'known'>,
  query: Record<string, string>,
  headersTimeoutMs: number,
  bodyTimeoutMs: number,
): Promise<Dispatcher.ResponseData['body']> {
  const search = new URLSearchParams({ labelSelector, fieldSelector, ...query });
  const answer = await connection.open({
    path: `${path}?${search.toString()}`,
    signal,
    headersTimeoutMs,
    bodyTimeoutMs,
  });
  if (answer.statusCode === 200) return answer.body;
  const body = await answer.body.text();
  const retryAfter = answer.headers['retry-after'];
  throw fromStatus({ code: answer.statusCode, body, retryAfter: retryAfter?.toString() });
}

/** Splits a stream at newlines; a line cut by the end of the stream is dropped and watched again. */
async function* lines(
  body: AsyncIterable<Buffer>,
  onBytes: (bytes: number) => void,
): AsyncGenerator<string> {
  let rest: Buffer[] = [];
  for await (let chunk of body) {
    onBytes(chunk.length);
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10)) {
      rest.push(chunk.subarray(0, end));
      const line = Buffer.concat(rest).toString();
      rest = [];
      chunk = chunk.subarray(end + 1);
      if (line !== '') yield line;
    }
    if (chunk.length > 0) rest.push(chunk);
  }
}

/** Asked through a call, because the compiler takes `aborted` for unchanged since the loop began. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

/** A watch on which nothing came for too long: no failure of the server's telling. */
function isSilence(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'UND_ERR_BODY_TIMEOUT';
}
