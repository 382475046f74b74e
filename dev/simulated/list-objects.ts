import { randomUUID } from 'node:crypto';
import type { ApiObject, Fields } from './api-object.ts';
import { keyOf, type ObjectStore } from './object-store.ts';
import { apiVersionOf, type Resource } from './resources.ts';
import { meets, parseFieldSelector, parseLabelSelector } from './selectors.ts';
import { badRequest, expired } from './status-error.ts';

/** Paged lists that are kept at once; the oldest gives way, and its continue token gets 410. */
const maxOpenLists = 64;

/** The test that a request's namespace, labelSelector and fieldSelector come to. */
export function toFilter(
  namespace: string | undefined,
  query: URLSearchParams,
): (object: ApiObject) => boolean {
  const requirements = parseLabelSelector(query.get('labelSelector') ?? '');
  const matchesFields = parseFieldSelector(query.get('fieldSelector') ?? '');
  return (object) =>
    (namespace === undefined || object.metadata.namespace === namespace) &&
    meets(object.metadata.labels ?? {}, requirements) &&
    matchesFields(object);
}

interface OpenList {
  version: number;
  rest: ApiObject[];
}

interface ListOptions {
  resource: Resource;
  namespace: string | undefined;
  query: URLSearchParams;
}

/** Answers list requests; the pages of one list all show the same moment. */
export class Lister {
  readonly #store: ObjectStore;
  readonly #open = new Map<string, OpenList>();

  constructor(store: ObjectStore) {
    this.#store = store;
  }

  /** One page of a list. Raises 400 for a selector it cannot read and 410 for a token it forgot. */
  list({ resource, namespace, query }: ListOptions): Fields {
    const limit = Number(query.get('limit') ?? 0);
    if (!Number.isInteger(limit) || limit < 0)
      throw badRequest('limit must be an integer of 0 or more');
    const token = query.get('continue') ?? '';
    const { version, rest } =
      token === '' ? this.#snapshot({ resource, namespace, query }) : this.#resume(token);
    const items = limit === 0 ? rest : rest.slice(0, limit);
    const left = rest.slice(items.length);
    const metadata: Fields = { resourceVersion: String(version) };
    if (left.length > 0) {
      metadata['continue'] = this.#keep({ version, rest: left });
      metadata['remainingItemCount'] = left.length;
    }
    const apiVersion = apiVersionOf(resource);
    return { kind: `${resource.kind}List`, apiVersion, metadata, items };
  }

  #snapshot({ resource, namespace, query }: ListOptions): OpenList {
    const found = this.#store.all(resource).filter(toFilter(namespace, query));
    const keyed = found.map((object) => ({ key: keyOf(object.metadata), object }));
    keyed.sort((a, b) => (a.key < b.key ? -1 : 1));
    return { version: this.#store.version, rest: keyed.map(({ object }) => object) };
  }

  #resume(token: string): OpenList {
    const open = this.#open.get(token);
    if (open === undefined) {
      throw expired(
        'The provided continue parameter is too old to display a consistent list result. You must start a new list without the continue parameter.',
      );
    }
    return open;
  }

  #keep(open: OpenList): string {
    const token = randomUUID();
    this.#open.set(token, open);
    if (this.#open.size > maxOpenLists) {
      const [oldest] = this.#open.keys();
      if (oldest !== undefined) this.#open.delete(oldest);
    }
    return token;
  }
}
