/** The reference of the HTTP API, written from its OpenAPI description. */
import { problemCodes, type ProblemCode } from '../../src/client/wire/problem-codes.ts';
import { problemMediaType } from '../../src/client/wire/problem.ts';
import { commonProblems } from '../../src/api/route-schema.ts';

/** As much of a JSON schema as the API's have. */
interface Schema {
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  anyOf?: Schema[];
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  items?: Schema;
  required?: string[];
  minimum?: number;
  maximum?: number;
  default?: unknown;
  description?: string;
  'x-expected'?: string;
}

interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  description?: string;
  schema: Schema;
}

/** An operation of the description. */
interface Operation {
  summary: string;
  'x-access': string;
  'x-max-body-bytes'?: number;
  parameters?: Parameter[];
  requestBody?: { required: boolean; content: Record<string, { schema: Schema }> };
  responses: Record<string, { description: string; content?: Record<string, { schema?: Schema }> }>;
}

/** A description: operations by path and method. */
export interface ApiDescription {
  paths: Record<string, Record<string, Operation>>;
}

const tokens: Record<string, string> = {
  open: 'none',
  observe: 'any that is not bound to some pools',
  claim: 'any',
  admin: 'of role `admin`',
};

/** The page as Markdown: one section an operation, with parameters, body, answers and problems. */
export function apiReference({ paths }: ApiDescription): string {
  const sections = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).flatMap(([method, operation]) =>
      sectionOf(`${method.toUpperCase()} ${path}`, operation),
    ),
  );
  return [
    '# HTTP API reference',
    '',
    '`npm run docs:reference` writes this page from the schemas that requests are checked by, which',
    '`/openapi.json` has too. [The HTTP API](api.md) explains what they mean; all its errors are there.',
    '',
    `Any request may be answered ${commonProblems.map(codeWithStatus).join(', ')}; a path that is none`,
    'with `notFound` (404), and another method than those below with `methodNotAllowed` (405).',
    '',
    ...sections,
  ].join('\n');
}

/** The codes of an operation's own, as its answers name them. */
export function problemsOf({ responses }: Operation): ProblemCode[] {
  return Object.entries(responses)
    .filter(([status]) => /^[45]\d\d$/.test(status))
    .flatMap(([, { description }]) => [...description.matchAll(/`(\w+)`/g)])
    .map(([, code = '']) => code as ProblemCode);
}

function sectionOf(title: string, operation: Operation): string[] {
  const own = problemsOf(operation).filter((code) => !commonProblems.includes(code));
  return [
    `## ${title}`,
    '',
    `${operation.summary}. Token: ${tokens[operation['x-access']] ?? ''}.`,
    '',
    ...parametersOf(operation),
    ...bodyOf(operation),
    ...answersOf(operation),
    ...(own.length === 0 ? [] : [`Problems: ${own.map(codeWithStatus).join(', ')}.`, '']),
  ];
}

function parametersOf({ parameters = [] }: Operation): string[] {
  if (parameters.length === 0) return [];
  const rows = parameters.map((parameter) => {
    const { name, in: place, required = false, description = '', schema } = parameter;
    const need = required ? '' : ', optional';
    return row([`\`${name}\``, `${place}${need}`, valueOf(schema), description]);
  });
  return ['| parameter | in | value | meaning |', '| --- | --- | --- | --- |', ...rows, ''];
}

function bodyOf({ requestBody, 'x-max-body-bytes': maxBytes }: Operation): string[] {
  if (requestBody === undefined) return [];
  const [schema] = Object.values(requestBody.content).map((content) => content.schema);
  if (schema === undefined) return [];
  const types = Object.keys(requestBody.content).map((type) => `\`${type}\``);
  const need = requestBody.required ? '' : '; it may be left out';
  return [
    `Body, as ${types.join(', ')}, at most ${maxBytes ?? 0} bytes${need}:`,
    '',
    ...['| field | value | meaning |', '| --- | --- | --- |'],
    ...fieldsOf(schema).map(({ name, isRequired, schema: field }) => {
      const { default: byDefault, description = '' } = field;
      const given = byDefault === undefined ? '' : `, default ${JSON.stringify(byDefault)}`;
      const optional = isRequired || given !== '' ? '' : ', optional';
      return row([`\`${name}\``, `${valueOf(field)}${given}${optional}`, description]);
    }),
    '',
  ];
}

/** Answers that are no problems; statuses with the same answer share a table. */
function answersOf({ responses }: Operation): string[] {
  const statuses = new Map<string, string[]>();
  for (const [status, { content = {} }] of Object.entries(responses)) {
    if (content[problemMediaType] !== undefined) continue;
    const schema = content['application/json']?.schema;
    const rows = schema === undefined ? [] : fieldsOf(schema).map(answerRow);
    const table = rows.length === 0 ? [] : ['| field | value | meaning |', '| --- | --- | --- |'];
    const text = [...table, ...rows].join('\n');
    statuses.set(text, [...(statuses.get(text) ?? []), status]);
  }
  return [...statuses].flatMap(([text, of]) =>
    text === ''
      ? [`Answer ${of.join(' or ')}: text.`, '']
      : [`Answer ${of.join(' or ')}:`, '', text, ''],
  );
}

function answerRow({ name, schema }: Field): string {
  return row([`\`${name}\``, valueOf(schema), schema.description ?? '']);
}

interface Field {
  name: string;
  isRequired: boolean;
  schema: Schema;
}

/** The fields of an object, those within it by their path: `pod.name`, `claims[].pod.name`. */
function fieldsOf(schema: Schema, before = ''): Field[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, field]) => {
    const name = `${before}${key}`;
    const isRequired = schema.required?.includes(key) ?? false;
    const inner = [...(field.anyOf ?? []), field].find(
      ({ properties }) => properties !== undefined,
    );
    const own = { name, isRequired, schema: field };
    if (inner !== undefined) return [own, ...fieldsOf(inner, `${name}.`)];
    if (field.items?.properties !== undefined) return [own, ...fieldsOf(field.items, `${name}[].`)];
    return [own];
  });
}

/** What a value may be, limits included. */
function valueOf(schema: Schema): string {
  const { anyOf, enum: among, const: only, items, additionalProperties: others } = schema;
  const expected = schema['x-expected'];
  if (expected !== undefined) {
    return typeof others === 'object' ? `${expected}, each ${valueOf(others)}` : expected;
  }
  if (anyOf !== undefined) return anyOf.map(valueOf).join(' or ');
  const allowed = only === undefined ? among : [only];
  if (allowed !== undefined) return allowed.map((value) => `\`${String(value)}\``).join(' or ');
  if (items !== undefined) return `a list, each ${valueOf(items)}`;
  if (typeof others === 'object') return `a mapping to ${valueOf(others)}`;
  return [schema.type ?? 'anything']
    .flat()
    .map((type) => nameOf(type, schema))
    .join(' or ');
}

function nameOf(type: string, { minimum, maximum }: Schema): string {
  switch (type) {
    case 'integer':
    case 'number': {
      const kind = type === 'integer' ? 'a whole number' : 'a number';
      return minimum === undefined || maximum === undefined
        ? kind
        : `${kind} from ${minimum} to ${maximum}`;
    }
    case 'string':
      return 'text';
    case 'object':
      return 'a mapping';
    case 'boolean':
      return 'true or false';
    default:
      return `\`${type}\``;
  }
}

function codeWithStatus(code: ProblemCode): string {
  return `\`${code}\` (${problemCodes[code].status})`;
}

function row(cells: string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
