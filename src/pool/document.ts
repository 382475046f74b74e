/** Reads a pool document: what people write in YAML and send as JSON. */
import { labels, reservedPrefix } from './labels.ts';
import { isNamespace, isPoolName, maxPoolNameLength } from './names.ts';
import { readPoolLabels, type PoolLabels } from './pool-labels.ts';
import { show } from './show.ts';
import { checkPoolSettings, type FieldError, type PoolSettings } from './spec.ts';

/** The version and kind of a pool document; the same document will be the custom resource. */
const documentVersion = 'pilotlight.dev/v1alpha1';
const documentKind = 'WarmPool';

/** A pod template as written: only what is looked into here is typed, the API server checks the rest. */
export interface DocumentTemplate {
  metadata: { labels: Record<string, string>; annotations: Record<string, string> };
  spec: Record<string, unknown>;
}

/** A checked document. */
export interface PoolDocument {
  pool: string;
  /** Null when the document names none: then whoever applies it decides. */
  namespace: string | null;
  /** What kind of pod it holds, for claims by shape and image. */
  labels: PoolLabels;
  settings: PoolSettings;
  template: DocumentTemplate;
}

/** Reads a document from anything. Reports every error, in the order of the document. Never throws. */
export function parsePoolDocument(
  value: unknown,
): { ok: true; document: PoolDocument } | { ok: false; errors: FieldError[] } {
  const errors: FieldError[] = [];
  const root = mapping(value, 'document', errors);
  if (errors.length > 0) return { ok: false, errors };
  refuseUnknown(root, '', ['apiVersion', 'kind', 'metadata', 'spec'], errors);
  expectValue(root.apiVersion, 'apiVersion', documentVersion, errors);
  expectValue(root.kind, 'kind', documentKind, errors);
  const metadata = mapping(root.metadata, 'metadata', errors);
  refuseUnknown(metadata, 'metadata.', ['name', 'namespace', 'labels'], errors);
  const { name, namespace = null } = metadata;
  if (!isPoolName(name)) {
    const expected = `lower-case letters, digits and dashes, at most ${maxPoolNameLength}`;
    errors.push({ field: 'metadata.name', expected, given: show(name) });
  }
  if (namespace !== null && !isNamespace(namespace)) {
    const expected = 'the name of a Kubernetes namespace';
    errors.push({ field: 'metadata.namespace', expected, given: show(namespace) });
  }
  const poolLabels = readPoolLabels(metadata.labels, 'metadata.labels', errors);
  const { template, ...settings } = mapping(root.spec, 'spec', errors);
  const checked = checkPoolSettings(settings);
  if (!checked.ok) {
    errors.push(...checked.errors.map((error) => ({ ...error, field: `spec.${error.field}` })));
  }
  const read = readTemplate(template, errors);
  if (errors.length > 0 || !checked.ok) return { ok: false, errors };
  return {
    ok: true,
    document: {
      pool: name as string,
      namespace: namespace as string | null,
      labels: poolLabels,
      settings: checked.settings,
      template: read,
    },
  };
}

function readTemplate(value: unknown, errors: FieldError[]): DocumentTemplate {
  const template = mapping(value, 'spec.template', errors);
  refuseUnknown(template, 'spec.template.', ['metadata', 'spec'], errors);
  const field = 'spec.template.metadata';
  const metadata = mapping(template.metadata ?? {}, field, errors);
  refuseUnknown(metadata, `${field}.`, ['labels', 'annotations'], errors);
  const read = {
    labels: texts(metadata.labels ?? {}, `${field}.labels`, errors),
    annotations: texts(metadata.annotations ?? {}, `${field}.annotations`, errors),
  };
  const spec = mapping(template.spec, 'spec.template.spec', errors);
  if (!Array.isArray(spec.containers) || spec.containers.length === 0) {
    const expected = 'a list of at least one container';
    errors.push({
      field: 'spec.template.spec.containers',
      expected,
      given: show(spec.containers),
    });
  }
  return { metadata: read, spec };
}

/** Labels or annotations: text to text, without the keys that Pilotlight writes itself. */
function texts(value: unknown, field: string, errors: FieldError[]): Record<string, string> {
  const read = mapping(value, field, errors);
  for (const [key, text] of Object.entries(read)) {
    const name = `${field}[${show(key)}]`;
    if (key.startsWith(reservedPrefix) || key === labels.managedBy) {
      errors.push({ field: name, expected: 'left to Pilotlight', given: show(text) });
    } else if (typeof text !== 'string') {
      errors.push({ field: name, expected: 'text (put it in quotes)', given: show(text) });
    }
  }
  return read as Record<string, string>;
}

function mapping(value: unknown, field: string, errors: FieldError[]): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  errors.push({ field, expected: 'a mapping', given: show(value) });
  return {};
}

function refuseUnknown(
  value: Record<string, unknown>,
  prefix: string,
  known: string[],
  errors: FieldError[],
): void {
  for (const key of Object.keys(value)) {
    if (known.includes(key)) continue;
    const expected = `one of ${known.join(', ')}`;
    errors.push({ field: `${prefix}${key}`, expected, given: 'an unknown field' });
  }
}

function expectValue(value: unknown, field: string, expected: string, errors: FieldError[]): void {
  if (value !== expected) errors.push({ field, expected, given: show(value) });
}
