/**
 * The builders of schemas that the wire needs: typed by TypeBox, and writing the JSON Schema that it
 * writes. Of TypeBox itself only types are imported, since loading it means 373 files, 0.07 s of a
 * replica's start and 13 MB (docs/adr/0015-fastify-and-typebox.md).
 */
import type { Type as TypeBox } from 'typebox';

type Builders = Pick<
  typeof TypeBox,
  | 'Array'
  | 'Boolean'
  | 'Integer'
  | 'Literal'
  | 'Null'
  | 'Number'
  | 'Object'
  | 'Optional'
  | 'Record'
  | 'String'
  | 'Union'
  | 'Unsafe'
>;

type Schema = Record<string, unknown>;

/** The schemas of fields that may be left out: no keyword of theirs says so, but their object's does. */
const optional = new WeakSet<Schema>();

const builders = {
  Array: (items: Schema, options?: Schema) => ({ type: 'array', items, ...options }),
  Boolean: (options?: Schema) => ({ type: 'boolean', ...options }),
  Integer: (options?: Schema) => ({ type: 'integer', ...options }),
  Literal: (value: unknown, options?: Schema) => ({ type: typeof value, const: value, ...options }),
  Null: (options?: Schema) => ({ type: 'null', ...options }),
  Number: (options?: Schema) => ({ type: 'number', ...options }),
  Object(properties: Record<string, Schema>, options?: Schema) {
    const required = Object.keys(properties).filter((key) => !optional.has(properties[key] ?? {}));
    return {
      type: 'object',
      ...(required.length === 0 ? {} : { required }),
      properties,
      ...options,
    };
  },
  Optional(schema: Schema) {
    const copy = { ...schema };
    optional.add(copy);
    return copy;
  },
  Record: ({ pattern = '^.*$' }: { pattern?: string }, values: Schema, options?: Schema) => ({
    ...{ type: 'object', patternProperties: { [pattern]: values } },
    ...options,
  }),
  String: (options?: Schema) => ({ type: 'string', ...options }),
  Union: (anyOf: Schema[], options?: Schema) => ({ anyOf, ...options }),
  Unsafe: (schema: Schema) => ({ ...schema }),
};

/** TypeBox's builders by their names; test/client/wire-schema.test.ts compares what both write. */
export const Type = builders as unknown as Builders;
