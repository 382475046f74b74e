import { isDeepStrictEqual } from 'node:util';
import { isFields } from './api-object.ts';
import { badRequest, patchRefused } from './status-error.ts';

interface Operation {
  op: string;
  path: string;
  value: unknown;
  from: string | undefined;
}

/** JSON merge patch (RFC 7386). Strategic merge patches are treated alike: maps merge, lists are replaced. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isFields(patch)) return patch;
  const merged = isFields(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) Reflect.deleteProperty(merged, key);
    else merged[key] = mergePatch(merged[key], value);
  }
  return merged;
}

/**
 * JSON patch (RFC 6902), with the real API server's reading of `test` with null: it passes while the
 * field is absent. Raises 422 when an operation does not apply, 400 when it cannot be read.
 */
export function jsonPatch(target: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) throw badRequest('a JSON patch must be a list of operations');
  let document = structuredClone(target);
  for (const item of patch) document = applyOperation(document, toOperation(item));
  return document;
}

function toOperation(item: unknown): Operation {
  if (!isFields(item) || typeof item['op'] !== 'string' || typeof item['path'] !== 'string') {
    throw badRequest('every operation of a JSON patch needs `op` and `path`');
  }
  const from = typeof item['from'] === 'string' ? item['from'] : undefined;
  return { op: item['op'], path: item['path'], value: item['value'] ?? null, from };
}

function applyOperation(document: unknown, { op, path, value, from }: Operation): unknown {
  switch (op) {
    case 'test':
      if (!isDeepStrictEqual(read(document, path) ?? null, value)) throw patchRefused();
      return document;
    case 'add':
      return write(document, path, value);
    case 'replace':
      if (read(document, path) === undefined) throw patchRefused();
      return Array.isArray(parentOf(document, path).parent)
        ? write(removeAt(document, path), path, value)
        : write(document, path, value);
    case 'remove':
      return removeAt(document, path);
    case 'copy':
      return write(document, path, structuredClone(present(document, from)));
    case 'move': {
      const moved = present(document, from);
      return write(removeAt(document, from ?? ''), path, moved);
    }
    default:
      throw badRequest(`a JSON patch has no operation "${op}"`);
  }
}

function present(document: unknown, path: string | undefined): unknown {
  const value = path === undefined ? undefined : read(document, path);
  if (value === undefined) throw patchRefused();
  return value;
}

/** The container that holds the last part of a path; 422 when a part before the last is missing. */
function parentOf(document: unknown, path: string): { parent: unknown; last: string } {
  const parts = path.split('/').slice(1);
  const names = parts.map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  const last = names.pop();
  if (last === undefined) throw patchRefused();
  let parent = document;
  for (const name of names) parent = child(parent, name);
  if (!isFields(parent) && !Array.isArray(parent)) throw patchRefused();
  return { parent, last };
}

function child(parent: unknown, name: string): unknown {
  if (Array.isArray(parent)) return parent[Number(name)] as unknown;
  return isFields(parent) && Object.hasOwn(parent, name) ? parent[name] : undefined;
}

function read(document: unknown, path: string): unknown {
  const { parent, last } = parentOf(document, path);
  return child(parent, last);
}

function write(document: unknown, path: string, value: unknown): unknown {
  const { parent, last } = parentOf(document, path);
  if (Array.isArray(parent)) {
    const index = last === '-' ? parent.length : Number(last);
    if (!Number.isInteger(index) || index < 0 || index > parent.length) throw patchRefused();
    parent.splice(index, 0, value);
  } else if (isFields(parent)) parent[last] = value;
  return document;
}

function removeAt(document: unknown, path: string): unknown {
  const { parent, last } = parentOf(document, path);
  if (child(parent, last) === undefined) throw patchRefused();
  if (Array.isArray(parent)) parent.splice(Number(last), 1);
  else if (isFields(parent)) Reflect.deleteProperty(parent, last);
  return document;
}
