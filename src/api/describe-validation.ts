/** Puts the first thing that breaks a schema into words: field, expected, given. */
import type { FastifySchemaValidationError } from 'fastify';
import { show } from '../pool/show.ts';

/** ajv adds these with `verbose`. */
interface VerboseError extends FastifySchemaValidationError {
  data?: unknown;
  parentSchema?: { 'x-expected'?: string };
  propertyName?: string;
}

/** What the caller is told of a request that breaks its schema. */
export interface WrongField {
  /** Like `labels["app"]`; `body` for the whole. */
  field: string;
  expected: string;
  given: string;
}

/** Describes the first of ajv's errors; `where` is `body`, `params`, `querystring` or `headers`. */
export function describeValidation(
  errors: FastifySchemaValidationError[],
  where: string,
): WrongField {
  const error: VerboseError | undefined = errors[0];
  if (error === undefined) return { field: where, expected: 'as the schema says', given: 'not' };
  const path = fieldOf(error.instancePath);
  const within = (name: string): string => (path === '' ? name : `${path}.${name}`);
  const { missingProperty, additionalProperty } = error.params as Partial<Record<string, string>>;
  if (missingProperty !== undefined) {
    return { field: within(missingProperty), expected: 'given', given: 'nothing' };
  }
  if (additionalProperty !== undefined) {
    const expected = 'a field of the API (unknown ones are refused)';
    return { field: cut(within(additionalProperty)), expected, given: 'an unknown field' };
  }
  const field = path === '' ? placeOf(where) : path;
  const given = show(error.propertyName ?? error.data);
  const expected = error.parentSchema?.['x-expected'] ?? error.message ?? 'as the schema says';
  return { field, expected, given };
}

/** A JSON pointer as people write it: `/labels/a~1b` is `labels["a/b"]`. */
function fieldOf(pointer: string): string {
  const parts = pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  return parts
    .map((part, index) => (index === 0 ? part : `[${show(part)}]`))
    .map(cut)
    .join('');
}

function placeOf(where: string): string {
  return where === 'querystring' ? 'query' : where;
}

/** An unknown field's name is the caller's text: quoted like a value, at most 100 characters. */
function cut(name: string): string {
  return /^[\w.["\]/-]{1,100}$/.test(name) ? name : show(name);
}
