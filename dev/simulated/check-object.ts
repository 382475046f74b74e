import { isFields, type Fields } from './api-object.ts';
import { parseQuantity } from './quantity.ts';
import { checkQuota } from './resource-quotas.ts';
import { namespaces, pods, resourceQuotas, type Resource } from './resources.ts';
import type { Cause } from './status-error.ts';

const dnsLabel = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const dnsSubdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const labelPart = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;

function wrong(field: string, value: unknown, why: string): Cause {
  const message = `Invalid value: ${JSON.stringify(value)}: ${why}`;
  return { reason: 'FieldValueInvalid', field, message };
}

function required(field: string, detail = ''): Cause {
  const message = `Required value${detail}`;
  return { reason: 'FieldValueRequired', field, message };
}

/**
 * Checks an object as the real API server would, as far as Pilotlight's objects can go wrong: names,
 * labels, annotations, and for pods their containers, resources and tolerations. Returns what is
 * wrong, nothing when it is valid.
 */
export function checkObject(resource: Resource, object: Fields): Cause[] {
  const metadata = isFields(object['metadata']) ? object['metadata'] : {};
  const causes = [
    ...checkName(resource, metadata['name']),
    ...checkLabels('metadata.labels', metadata['labels']),
    ...checkAnnotations(metadata['annotations']),
  ];
  if (resource === pods) causes.push(...checkPodSpec('spec', object['spec']));
  if (resource === resourceQuotas) causes.push(...checkQuota(object['spec']));
  if (resource.plural === 'podtemplates') causes.push(...checkTemplate(object['template']));
  return causes;
}

function checkTemplate(template: unknown): Cause[] {
  return checkPodSpec('template.spec', isFields(template) ? template['spec'] : undefined);
}

function checkName(resource: Resource, name: unknown): Cause[] {
  if (typeof name !== 'string' || name === '') {
    return [required('metadata.name', ': name or generateName is required')];
  }
  const isLabel = resource === namespaces;
  const fits = isLabel
    ? dnsLabel.test(name) && name.length <= 63
    : dnsSubdomain.test(name) && name.length <= 253;
  if (fits) return [];
  const rule = isLabel ? 'RFC 1123 label' : 'RFC 1123 subdomain';
  const why = `a lowercase ${rule} must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character`;
  return [wrong('metadata.name', name, why)];
}

function checkLabels(field: string, labels: unknown): Cause[] {
  if (labels === undefined) return [];
  if (!isFields(labels)) return [wrong(field, labels, 'must be a map of strings')];
  return Object.entries(labels).flatMap(([key, value]) => {
    const causes = checkKey(field, key);
    const fits =
      typeof value === 'string' && value.length <= 63 && (value === '' || labelPart.test(value));
    if (!fits) {
      const why = `a valid label must be an empty string or consist of at most 63 alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character`;
      causes.push(wrong(field, value, why));
    }
    return causes;
  });
}

function checkKey(field: string, key: string): Cause[] {
  const parts = key.split('/');
  const name = parts.at(-1) ?? '';
  const prefix = parts.length === 2 ? parts[0] : undefined;
  const fits =
    parts.length <= 2 &&
    name.length <= 63 &&
    labelPart.test(name) &&
    (prefix === undefined || (prefix.length <= 253 && dnsSubdomain.test(prefix)));
  return fits ? [] : [wrong(field, key, 'must be a qualified name of at most 63 characters')];
}

function checkAnnotations(annotations: unknown): Cause[] {
  const field = 'metadata.annotations';
  if (annotations === undefined) return [];
  if (!isFields(annotations)) return [wrong(field, annotations, 'must be a map of strings')];
  return Object.entries(annotations).flatMap(([key, value]) => [
    ...checkKey(field, key.toLowerCase()),
    ...(typeof value === 'string' ? [] : [wrong(field, value, 'must be a string')]),
  ]);
}

function checkPodSpec(field: string, spec: unknown): Cause[] {
  if (!isFields(spec)) return [required(`${field}.containers`)];
  const containers = spec['containers'];
  if (!Array.isArray(containers) || containers.length === 0) {
    return [required(`${field}.containers`)];
  }
  const causes = [
    ...containers.flatMap((item: unknown, index) =>
      checkContainer(`${field}.containers[${index}]`, item),
    ),
    ...checkLabels(`${field}.nodeSelector`, spec['nodeSelector']),
  ];
  const names = containers.map((item: unknown) => (isFields(item) ? item['name'] : undefined));
  names.forEach((name, index) => {
    if (typeof name !== 'string' || names.indexOf(name) === index) return;
    const message = `Duplicate value: "${name}"`;
    const at = `${field}.containers[${index}].name`;
    causes.push({ reason: 'FieldValueInvalid', field: at, message });
  });
  const policy = spec['restartPolicy'] ?? 'Always';
  if (!['Always', 'OnFailure', 'Never'].includes(policy as string)) {
    const why = 'supported values: "Always", "OnFailure", "Never"';
    causes.push(wrong(`${field}.restartPolicy`, policy, why));
  }
  return causes;
}

function checkContainer(field: string, container: unknown): Cause[] {
  if (!isFields(container)) return [wrong(field, container, 'must be a container')];
  const { name, image } = container;
  const causes: Cause[] = [];
  if (typeof name !== 'string' || name === '') causes.push(required(`${field}.name`));
  else if (!dnsLabel.test(name) || name.length > 63) {
    causes.push(wrong(`${field}.name`, name, 'must be a lowercase RFC 1123 label'));
  }
  if (typeof image !== 'string' || image === '') causes.push(required(`${field}.image`));
  return [...causes, ...checkResources(`${field}.resources`, container['resources'])];
}

function checkResources(field: string, resources: unknown): Cause[] {
  if (!isFields(resources)) return [];
  const causes: Cause[] = [];
  for (const part of ['requests', 'limits']) {
    const amounts = isFields(resources[part]) ? resources[part] : {};
    for (const [name, value] of Object.entries(amounts)) {
      const quantity = parseQuantity(value);
      if (quantity === null || quantity < 0) {
        causes.push(wrong(`${field}.${part}[${name}]`, value, 'must be a quantity of 0 or more'));
      }
    }
  }
  const requests = isFields(resources['requests']) ? resources['requests'] : {};
  const limits = isFields(resources['limits']) ? resources['limits'] : {};
  for (const [name, request] of Object.entries(requests)) {
    const limit = limits[name];
    if (limit === undefined || (parseQuantity(request) ?? 0) <= (parseQuantity(limit) ?? 0)) {
      continue;
    }
    const why = `must be less than or equal to ${name} limit of ${JSON.stringify(limit)}`;
    causes.push(wrong(`${field}.requests`, request, why));
  }
  return causes;
}

/** Fields of a pod's spec that an update may change; all others are fixed once it is created. */
const mutablePodFields = [
  'containers',
  'initContainers',
  'activeDeadlineSeconds',
  'tolerations',
  'terminationGracePeriodSeconds',
  'schedulingGates',
];

/** The part of a spec that must not change: for a pod everything but a few fields, else nothing. */
export function fixedPart(resource: Resource, spec: unknown): unknown {
  if (resource !== pods || !isFields(spec)) return null;
  const containers = Array.isArray(spec['containers']) ? spec['containers'] : [];
  const withoutImages = containers.map((item: unknown) =>
    isFields(item) ? { ...item, image: '' } : item,
  );
  const others = Object.entries(spec).filter(([key]) => !mutablePodFields.includes(key));
  return { ...Object.fromEntries(others), containers: withoutImages };
}
