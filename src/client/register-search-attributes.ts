import type { Connection } from '@temporalio/client';
import proto from '@temporalio/proto';
import { searchAttributeTypes } from '../workflows/messages.ts';

/** Two calls. */
const deadlineMs = 10_000;

/**
 * Registers those of our search attributes that a Temporal namespace lacks; resolves to their names.
 * Raises what the server answers: Temporal Cloud, for one, takes them by its own tools only.
 */
export async function registerSearchAttributes(
  connection: Pick<Connection, 'operatorService' | 'withDeadline'>,
  namespace: string,
): Promise<string[]> {
  const { IndexedValueType } = proto.temporal.api.enums.v1;
  const types = {
    INT: IndexedValueType.INDEXED_VALUE_TYPE_INT,
    KEYWORD: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
  };
  return connection.withDeadline(Date.now() + deadlineMs, async () => {
    const operator = connection.operatorService;
    const { customAttributes } = await operator.listSearchAttributes({ namespace });
    const missing = Object.entries(searchAttributeTypes).filter(
      ([name]) => !(name in customAttributes),
    );
    if (missing.length === 0) return [];
    const searchAttributes = Object.fromEntries(missing.map(([name, type]) => [name, types[type]]));
    await operator.addSearchAttributes({ namespace, searchAttributes });
    return missing.map(([name]) => name);
  });
}
