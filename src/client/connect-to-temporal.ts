import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { innermostMessage, PoolError } from './pool-error.ts';

/** A server that does not answer within this is reported: a person waits, and 10 s is long. */
const connectDeadlineMs = 6_000;

/** A connection to Temporal by TEMPORAL_ADDRESS and the other variables and files of its envconfig. */
export interface TemporalConnection {
  client: Client;
  address: string;
  close(): Promise<void>;
}

/** Connects, or raises one `PoolError` with the address and what to try within 6 s. */
export async function connectToTemporal(): Promise<TemporalConnection> {
  const { connectionOptions, namespace = 'default' } = loadClientConnectConfig();
  const address = connectionOptions.address ?? 'localhost:7233';
  let connection: Connection;
  try {
    connection = await Connection.connect({
      ...connectionOptions,
      connectTimeout: connectDeadlineMs,
    });
  } catch (error) {
    const message =
      `No Temporal server answers at ${address} (${innermostMessage(error)}); ` +
      'start one with ./temporal-dev.sh or set TEMPORAL_ADDRESS';
    throw new PoolError('unreachable', message, error);
  }
  // A drained pool's workflow is closed; it could still be asked, but there is no such pool any more.
  const workflow = { queryRejectCondition: 'NOT_OPEN' } as const;
  return {
    client: new Client({ connection, namespace, workflow }),
    address,
    close: () => connection.close(),
  };
}
