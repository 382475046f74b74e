import type { Connection } from '@temporalio/client';
import proto from '@temporalio/proto';
import { searchAttributeTypes } from '../src/workflows/messages.ts';

/** Two calls to a server on this machine. */
const deadlineMs = 10_000;

/**
 * Registers those of our search attributes that the namespace lacks. The dev server takes them as
 * flags only when it makes its database file, so an older file is brought up to date here.
 */
export async function registerSearchAttributes(
  connection: Connection,
  namespace: string,
): Promise<void> {
  const { IndexedValueType } = proto.temporal.api.enums.v1;
  const types = {
    INT: IndexedValueType.INDEXED_VALUE_TYPE_INT,
    KEYWORD: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
  };
  await connection.withDeadline(Date.now() + deadlineMs, async () => {
    const operator = connection.operatorService;
    const { customAttributes } = await operator.listSearchAttributes({ namespace });
    const missing = Object.entries(searchAttributeTypes).filter(
      ([name]) => !(name in customAttributes),
    );
    if (missing.length === 0) return;
    const searchAttributes = Object.fromEntries(missing.map(([name, type]) => [name, types[type]]));
    await operator.addSearchAttributes({ namespace, searchAttributes });
  });
}
