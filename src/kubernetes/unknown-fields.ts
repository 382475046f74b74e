/** Finds the fields of a template that Kubernetes does not know. */
import * as models from '@kubernetes/client-node';

interface Model {
  getAttributeTypeMap(): { name: string; type: string }[];
}

/** Types are named like `V1PodSpec`, `Array<V1Container>` or `{ [key: string]: string; }`. */
const arrayPattern = /^Array<(.+)>$/;

/**
 * Paths of fields that a pod template has and Kubernetes does not. The client drops them before it
 * sends an object, so without this a misspelt `resource:` would pass the API server's strict check.
 */
export function unknownFields(template: unknown, path: string): string[] {
  return unknownIn(template, 'V1PodTemplateSpec', path);
}

function unknownIn(value: unknown, type: string, path: string): string[] {
  const itemType = arrayPattern.exec(type)?.[1];
  if (itemType !== undefined) {
    if (!Array.isArray(value)) return [];
    return value.flatMap((item, index) => unknownIn(item, itemType, `${path}[${index}]`));
  }
  const model = (models as unknown as Record<string, Partial<Model> | undefined>)[type];
  const attributes = model?.getAttributeTypeMap?.();
  if (attributes === undefined || typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => {
    const known = attributes.find(({ name }) => name === key);
    return known ? unknownIn(item, known.type, `${path}.${key}`) : [`${path}.${key}`];
  });
}
