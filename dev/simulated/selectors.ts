import type { ApiObject } from './api-object.ts';
import { isFields } from './api-object.ts';
import { badRequest } from './status-error.ts';

type Labels = Record<string, string>;

/** One requirement of a label selector. */
export interface LabelRequirement {
  key: string;
  operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  values?: string[];
}

/** Tells whether labels meet all requirements; NotIn also holds for an absent key. */
export function meets(labels: Labels, requirements: readonly LabelRequirement[]): boolean {
  return requirements.every(({ key, operator, values = [] }) => {
    const value = labels[key];
    switch (operator) {
      case 'In':
        return value !== undefined && values.includes(value);
      case 'NotIn':
        return value === undefined || !values.includes(value);
      case 'Exists':
        return value !== undefined;
      case 'DoesNotExist':
        return value === undefined;
    }
  });
}

/**
 * Reads a label selector's text: `a=b`, `a==b`, `a!=b`, `a in (b,c)`, `a notin (b)`, `a`, `!a`,
 * joined by commas. Raises 400 on anything else.
 */
export function parseLabelSelector(text: string): LabelRequirement[] {
  const parts = text.split(/,(?![^(]*\))/).filter((part) => part.trim() !== '');
  return parts.map((part) => parseRequirement(part.trim()));
}

function parseRequirement(part: string): LabelRequirement {
  const set = /^(\S+)\s+(in|notin)\s*\(([^)]*)\)$/.exec(part);
  if (set) {
    const values = (set[3] ?? '').split(',').map((value) => value.trim());
    return { key: set[1] ?? '', operator: set[2] === 'in' ? 'In' : 'NotIn', values };
  }
  const equal = /^([^\s=!]+)\s*(==|=|!=)\s*([^\s=!]*)$/.exec(part);
  if (equal) {
    const operator = equal[2] === '!=' ? 'NotIn' : 'In';
    return { key: equal[1] ?? '', operator, values: [equal[3] ?? ''] };
  }
  const existence = /^(!?)\s*([^\s=!()]+)$/.exec(part);
  if (!existence) throw badRequest(`unable to parse requirement: "${part}"`);
  return { key: existence[2] ?? '', operator: existence[1] === '!' ? 'DoesNotExist' : 'Exists' };
}

/** Fields that a field selector may name, with how each is read. */
const selectableFields: Record<string, (object: ApiObject) => unknown> = {
  'metadata.name': (object) => object.metadata.name,
  'metadata.namespace': (object) => object.metadata.namespace,
  'spec.nodeName': (object) => (isFields(object.spec) ? object.spec['nodeName'] : undefined),
  'spec.unschedulable': (object) =>
    String(isFields(object.spec) && object.spec['unschedulable'] === true),
  'status.phase': (object) => (isFields(object.status) ? object.status['phase'] : undefined),
};

/** Reads a field selector's text (`a=b,c!=d`) into a test. Raises 400 for a field it does not know. */
export function parseFieldSelector(text: string): (object: ApiObject) => boolean {
  const tests = text.split(',').filter((part) => part !== '');
  const checks = tests.map((part) => {
    const match = /^([^=!]+)(==|=|!=)(.*)$/.exec(part);
    const read = selectableFields[match?.[1] ?? ''];
    if (!match || !read) throw badRequest(`field label not supported: ${match?.[1] ?? part}`);
    const isWanted = match[2] !== '!=';
    return (object: ApiObject) => ((read(object) ?? '') === match[3]) === isWanted;
  });
  return (object) => checks.every((check) => check(object));
}
