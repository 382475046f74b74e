import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { text } from 'node:stream/consumers';
import type { SimulatedCredentials } from '../clusters/simulated-credentials.ts';
import { isReview, reviewAccess } from './access-reviews.ts';
import type { ApiObject, Fields } from './api-object.ts';
import { type Deletion, deleteObject, toDeleteOptions } from './delete-object.ts';
import { discovery } from './discovery.ts';
import { Lister, toFilter } from './list-objects.ts';
import type { ObjectStore } from './object-store.ts';
import {
  createObject,
  readObject,
  replaceObject,
  type Target,
  updateObject,
} from './operations.ts';
import { jsonPatch, mergePatch } from './patches.ts';
import { tablePrinter, type TablePrinter } from './print-table.ts';
import { type Resource, resources } from './resources.ts';
import { badRequest, StatusError } from './status-error.ts';
import { watchObjects } from './watch-objects.ts';

/** Larger bodies are refused; the real server's limit for an object is 1.5 MiB (etcd) to 3 MiB. */
const maxBodyBytes = 3 * 1024 * 1024;

interface Route {
  resource: Resource;
  namespace: string | undefined;
  name: string | undefined;
  subresource: string | undefined;
}

interface ApiRequest extends Route {
  method: string;
  query: URLSearchParams;
  contentType: string;
  body: unknown;
}

interface Answer {
  code: number;
  body: unknown;
}

/** Makes the HTTPS server of the simulated cluster's API; the caller lets it listen. */
export function createApiServer(
  store: ObjectStore,
  { token, key, certificate }: SimulatedCredentials,
): Server {
  const lister = new Lister(store);
  const server = createServer({ key, cert: certificate }, (request, response) => {
    handle({ store, lister, token, request, response }).catch((error: unknown) => {
      const known = error instanceof StatusError ? error : internalError(error);
      if (response.headersSent) response.destroy();
      else answer(response, { code: known.code, body: known.toStatus() });
    });
  });
  // Clients keep connections for a while; one closed under them would look like a lost reply.
  server.keepAliveTimeout = 120_000;
  return server;
}

function internalError(error: unknown): StatusError {
  console.error(error);
  const message = `Internal error occurred: ${String(error)}`;
  return new StatusError({ code: 500, reason: 'InternalError', message });
}

interface Exchange {
  store: ObjectStore;
  lister: Lister;
  token: string;
  request: IncomingMessage;
  response: ServerResponse;
}

async function handle({ store, lister, token, request, response }: Exchange): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  if (['/readyz', '/healthz', '/livez'].includes(url.pathname)) {
    response.writeHead(200, { 'content-type': 'text/plain' }).end('ok');
    return;
  }
  if (request.headers.authorization !== `Bearer ${token}`) {
    throw new StatusError({ code: 401, reason: 'Unauthorized', message: 'Unauthorized' });
  }
  const document = discovery[url.pathname];
  if (document !== undefined) {
    answer(response, { code: 200, body: document });
    return;
  }
  if (request.method === 'POST' && isReview(url.pathname)) {
    answer(response, { code: 201, body: reviewAccess(await readBody(request)) });
    return;
  }
  const route = toRoute(url.pathname);
  const method = request.method ?? 'GET';
  const { namespace, resource, name } = route;
  const table = method === 'GET' ? tablePrinter(resource, request.headers.accept ?? '') : null;
  const watches = ['true', '1'].includes(url.searchParams.get('watch') ?? '');
  if (method === 'GET' && name === undefined && watches) {
    const print = (object: ApiObject): unknown => table?.([object], {}) ?? object;
    watchObjects(store, { resource, namespace, query: url.searchParams, response, print });
    return;
  }
  const body = await readBody(request);
  const contentType = (request.headers['content-type'] ?? '').split(';')[0] ?? '';
  const query = url.searchParams;
  if (method === 'POST' && query.get('fieldValidation') === 'Strict') {
    const { refuseUnknownFields } = await import('./unknown-fields.ts');
    refuseUnknownFields(resource, body);
  }
  const { code, body: object } = respond(store, lister, {
    ...route,
    ...{ method, query, contentType, body },
  });
  answer(response, { code, body: table === null ? object : printed(table, object) });
}

/** A list or an object as a table. */
function printed(table: TablePrinter, body: unknown): unknown {
  const { items, metadata } = body as { items?: ApiObject[]; metadata: unknown };
  return items === undefined ? table([body as ApiObject], {}) : table(items, metadata);
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  if (Number(request.headers['content-length'] ?? 0) > maxBodyBytes) {
    const message = `the request body is larger than ${maxBodyBytes} bytes`;
    throw new StatusError({ code: 413, reason: 'RequestEntityTooLarge', message });
  }
  const content = await text(request);
  if (content === '') return undefined;
  try {
    return JSON.parse(content) as unknown;
  } catch {
    throw badRequest('the body is not JSON, the one encoding that this server reads');
  }
}

/** Reads a path of the API into the resource and object it names. Raises 404 for any other path. */
function toRoute(path: string): Route {
  const match =
    /^\/(?:api\/v1|apis\/([^/]+)\/v1)(?:\/namespaces\/([^/]+)(?=\/))?\/([^/]+)(?:\/([^/]+))?(?:\/([^/]+))?$/.exec(
      path,
    );
  const [, group = '', namespace, plural, name, subresource] = match ?? [];
  const isKnown = (candidate: Resource): boolean =>
    candidate.group === group && candidate.plural === plural;
  const resource = resources.find(isKnown);
  const isServed = subresource === undefined || resource?.subresources.includes(subresource);
  if (resource === undefined || isServed !== true) {
    const message = 'the server could not find the requested resource';
    throw new StatusError({ code: 404, reason: 'NotFound', message, details: {} });
  }
  return { resource, namespace, name, subresource };
}

function answer(response: ServerResponse, { code, body }: Answer): void {
  const content = Buffer.from(JSON.stringify(body));
  response.writeHead(code, {
    'content-type': 'application/json',
    'content-length': content.length,
  });
  response.end(content);
}

function respond(store: ObjectStore, lister: Lister, request: ApiRequest): Answer {
  const { method, resource, namespace, name, query, subresource, body } = request;
  const nowMs = Date.now();
  const isDryRun = query.has('dryRun');
  if (name === undefined) {
    if (method === 'GET') return { code: 200, body: lister.list({ resource, namespace, query }) };
    if (method === 'POST') {
      const create = { resource, namespace, body, isDryRun, nowMs };
      return { code: 201, body: createObject(store, create) };
    }
    if (method === 'DELETE') return { code: 200, body: deleteAll(store, lister, request) };
    throw methodNotAllowed();
  }
  const target = { resource, namespace, name };
  if (subresource === 'eviction') return evict(store, target, request);
  switch (method) {
    case 'GET':
      return { code: 200, body: readObject(store, target) };
    case 'PUT': {
      const replace = { target, resource, namespace, subresource, isDryRun, body, nowMs };
      const { isNew, object } = replaceObject(store, replace);
      return { code: isNew ? 201 : 200, body: object };
    }
    case 'PATCH': {
      const change = toChange(request);
      return { code: 200, body: updateObject(store, { target, subresource, isDryRun, change }) };
    }
    case 'DELETE': {
      const deletion = deleteObject(store, {
        target,
        options: toDeleteOptions(body, query),
        nowMs,
      });
      return { code: 200, body: deletionBody(target, deletion) };
    }
    default:
      throw methodNotAllowed();
  }
}

function methodNotAllowed(): StatusError {
  const message = 'the server does not allow this method on the requested resource';
  return new StatusError({ code: 405, reason: 'MethodNotAllowed', message });
}

function toChange({ contentType, body }: ApiRequest): (current: ApiObject) => unknown {
  switch (contentType) {
    case 'application/json-patch+json':
      return (current) => jsonPatch(current, body);
    case 'application/merge-patch+json':
    case 'application/strategic-merge-patch+json':
      return (current) => mergePatch(current, body);
    default: {
      const message = `the body of the request was in an unknown format (${contentType}) - accepted media types include: application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json`;
      throw new StatusError({ code: 415, reason: 'UnsupportedMediaType', message });
    }
  }
}

function deletionBody(target: Target, { isGone, object }: Deletion): unknown {
  const { resource, name } = target;
  if (!isGone || resource.deleteReturnsObject) return object;
  const details = { name, group: resource.group, kind: resource.plural, uid: object.metadata.uid };
  return success(details);
}

function success(details?: Fields): Fields {
  const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' };
  return details === undefined ? { ...status, code: 201 } : { ...status, details };
}

function evict(store: ObjectStore, target: Target, { body, query, method }: ApiRequest): Answer {
  if (method !== 'POST') throw methodNotAllowed();
  const given = (body as { deleteOptions?: unknown } | undefined)?.deleteOptions;
  const options = toDeleteOptions(given, query);
  deleteObject(store, { target, options, nowMs: Date.now() });
  return { code: 201, body: success() };
}

function deleteAll(store: ObjectStore, lister: Lister, request: ApiRequest): unknown {
  const { resource, namespace, query, body } = request;
  const matches = toFilter(namespace, query);
  const listed = lister.list({ resource, namespace, query });
  for (const object of store.all(resource).filter(matches)) {
    const { name, namespace: home } = object.metadata;
    const target = { resource, namespace: home, name };
    deleteObject(store, { target, options: toDeleteOptions(body, query), nowMs: Date.now() });
  }
  return listed;
}
