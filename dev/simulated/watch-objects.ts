import type { ServerResponse } from 'node:http';
import type { ApiObject } from './api-object.ts';
import { toFilter } from './list-objects.ts';
import type { ObjectStore, StoreEvent } from './object-store.ts';
import { apiVersionOf, type Resource } from './resources.ts';
import { badRequest, expired } from './status-error.ts';

/** Time between bookmarks; shorter than the real server's minute, so that tests see some. */
const bookmarkEveryMs = 10_000;

/** The last bookmark of a watch comes this long before its end, as from the real server. */
const lastBookmarkBeforeMs = 2_000;

/** A watch without `timeoutSeconds` ends after this long, within the real server's 30 to 60 minutes. */
const defaultTimeoutSeconds = 1_800;

/** A reader that is this far behind is cut off, to list again, so that it cannot fill the memory. */
const maxBufferedBytes = 64 * 1024 * 1024;

interface WatchOptions {
  resource: Resource;
  namespace: string | undefined;
  query: URLSearchParams;
  response: ServerResponse;
  /** How the client wants to see objects. */
  print: (object: ApiObject) => unknown;
}

/**
 * Serves a watch: events after the given version (without one, or with 0, first everything that is
 * there), bookmarks when asked for, until its time is over or the reader leaves. A version that is too
 * old gets an ERROR event with a 410 Status, as from the real server. Raises 400 for bad selectors.
 */
export function watchObjects(store: ObjectStore, options: WatchOptions): void {
  const { resource, namespace, query, response, print } = options;
  const matches = toFilter(namespace, query);
  const from = query.get('resourceVersion') ?? '';
  const version = Number(from);
  if (!Number.isInteger(version)) throw badRequest(`invalid resource version "${from}"`);
  const timeoutSeconds = Number(query.get('timeoutSeconds') ?? 0) || defaultTimeoutSeconds;
  response.writeHead(200, { 'content-type': 'application/json' });
  response.flushHeaders();
  const send = (type: string, object: unknown): void => {
    // It is over, yet its reader is not done: a write now would be an error of the whole process.
    if (response.writableEnded || response.destroyed) return;
    if (response.writableLength > maxBufferedBytes) response.destroy();
    else response.write(`${JSON.stringify({ type, object })}\n`);
  };
  const deliver = (event: StoreEvent): void => {
    if (event.plural !== resource.plural) return;
    const type = typeFor(event, matches);
    if (type !== null) send(type, print(event.object));
  };
  if (version === 0) {
    for (const object of store.all(resource)) if (matches(object)) send('ADDED', print(object));
  } else if (version < store.oldestVersion) {
    const gone = expired(`too old resource version: ${version} (${store.oldestVersion})`);
    send('ERROR', gone.toStatus());
    response.end();
    return;
  } else {
    for (const event of store.eventsAfter(version)) deliver(event);
  }
  const unsubscribe = store.subscribe(deliver);
  const bookmark = (): void => {
    const metadata = { resourceVersion: String(store.version), creationTimestamp: null };
    send('BOOKMARK', { kind: resource.kind, apiVersion: apiVersionOf(resource), metadata });
  };
  const wantsBookmarks = query.get('allowWatchBookmarks') === 'true';
  const bookmarks = wantsBookmarks ? setInterval(bookmark, bookmarkEveryMs) : undefined;
  const lastAfterMs = Math.max(0, timeoutSeconds * 1_000 - lastBookmarkBeforeMs);
  const last = wantsBookmarks ? setTimeout(bookmark, lastAfterMs) : undefined;
  const end = setTimeout(() => response.end(), timeoutSeconds * 1_000);
  response.once('close', () => {
    unsubscribe();
    clearInterval(bookmarks);
    clearTimeout(last);
    clearTimeout(end);
  });
}

/** An object that starts or stops to match a selector comes or goes as far as this watch can see. */
function typeFor(event: StoreEvent, matches: (object: ApiObject) => boolean): string | null {
  const didMatch = event.previous !== null && matches(event.previous);
  const doesMatch = event.type !== 'DELETED' && matches(event.object);
  if (doesMatch) return didMatch ? 'MODIFIED' : 'ADDED';
  return didMatch ? 'DELETED' : null;
}
