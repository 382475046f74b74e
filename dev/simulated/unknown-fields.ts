import * as client from '@kubernetes/client-node';
import { type Fields, isFields } from './api-object.ts';
import type { Resource } from './resources.ts';
import { badRequest } from './status-error.ts';

/** What the client library knows of a type: its fields, with the type of each as text. */
interface Model {
  getAttributeTypeMap(): { baseName: string; type: string }[];
}

const models = client as unknown as Record<string, Partial<Model> | undefined>;

/**
 * Refuses a body with fields that its type does not have, as the real server does when it is asked for
 * `fieldValidation=Strict`. The types are those of the client library, whose release follows
 * Kubernetes'. Raises 400. Loaded only when asked for: the library is 61 MB.
 */
export function refuseUnknownFields(resource: Resource, body: unknown): void {
  if (!isFields(body)) return;
  const { kind, version } = resource;
  const unknown = unknownFields(body, `${version.toUpperCase()}${kind}`, '');
  if (unknown.length === 0) return;
  const list = unknown.map((field) => `unknown field "${field}"`).join(', ');
  const message = `${kind} in version "${version}" cannot be handled as a ${kind}: strict decoding error: ${list}`;
  throw badRequest(message);
}

/** Paths of fields that a type, or a type within it, does not have. */
function unknownFields(value: unknown, type: string, path: string): string[] {
  const element = /^Array<(.+)>$/.exec(type)?.[1];
  if (element !== undefined) {
    const items: unknown[] = Array.isArray(value) ? value : [];
    return items.flatMap((item, index) => unknownFields(item, element, `${path}[${index}]`));
  }
  const model = models[type];
  if (model?.getAttributeTypeMap === undefined || !isFields(value)) return [];
  const types = new Map(
    model.getAttributeTypeMap().map((attribute) => [attribute.baseName, attribute.type]),
  );
  return Object.entries(value satisfies Fields).flatMap(([key, inner]) => {
    const at = path === '' ? key : `${path}.${key}`;
    const innerType = types.get(key);
    return innerType === undefined ? [at] : unknownFields(inner, innerType, at);
  });
}
