import { basename } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import type { PayloadCodec } from '@temporalio/common';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { CallRetries } from './call-retries.ts';
import { innermostMessage, PoolError } from './pool-error.ts';
import { userAtHost } from './user-at-host.ts';

/** A server that does not answer within this is reported: a person waits, and 10 s is long. */
const connectDeadlineMs = 6_000;

/**
 * What Temporal's own server and workers take. The client means to, yet names its setting wrongly and
 * refuses more than 4 MiB; messages that came while a task ran are read as one piece, each of up to 2.
 */
const largestAnswer = { 'grpc.max_receive_message_length': 128 * 1024 * 1024 };

/** A lost server is looked for again at least this often, so that one that is back is used soon. */
const longestReconnectMs = 5_000;

/** A connection to Temporal by TEMPORAL_ADDRESS and the other variables and files of its envconfig. */
export interface TemporalConnection {
  client: Client;
  address: string;
  /** The time that a call for a pool may take; 8 s unless given. */
  callDeadlineMs?: number;
  close(): Promise<void>;
}

/**
 * A connection that is made when it is first used and made anew whenever it is lost, for processes
 * that serve without Temporal too. Calls raise while no server answers; nothing is raised here.
 */
export function openTemporal(options: {
  callDeadlineMs: number;
  codecs: PayloadCodec[];
}): TemporalConnection {
  const { callDeadlineMs, codecs } = options;
  const { connectionOptions, namespace = 'default' } = loadClientConnectConfig();
  const retries = new CallRetries();
  const connection = Connection.lazy({
    ...connectionOptions,
    interceptors: [retries.interceptor],
    channelArgs: { ...largestAnswer, 'grpc.max_reconnect_backoff_ms': longestReconnectMs },
  });
  const settings = { connectionOptions, namespace, retries, codecs };
  return { ...wrap(connection, settings), callDeadlineMs };
}

/** Connects, or raises one `PoolError` with the address and what to try within 6 s. */
export async function connectToTemporal(codecs: PayloadCodec[]): Promise<TemporalConnection> {
  const { connectionOptions, namespace = 'default' } = loadClientConnectConfig();
  const address = addressOf(connectionOptions);
  const retries = new CallRetries();
  let connection: Connection;
  try {
    connection = await Connection.connect({
      ...connectionOptions,
      interceptors: [retries.interceptor],
      channelArgs: largestAnswer,
      connectTimeout: connectDeadlineMs,
    });
  } catch (error) {
    const message =
      `No Temporal server answers at ${address} (${innermostMessage(error)}); ` +
      'start one with ./temporal-dev.sh or set TEMPORAL_ADDRESS';
    throw new PoolError('unreachable', message, error);
  }
  return wrap(connection, { connectionOptions, namespace, retries, codecs });
}

function wrap(
  connection: Connection,
  settings: {
    connectionOptions: { address?: string };
    namespace: string;
    retries: CallRetries;
    codecs: PayloadCodec[];
  },
): TemporalConnection {
  const { connectionOptions, namespace, retries, codecs } = settings;
  // A drained pool's workflow is closed; it could still be asked, but there is no such pool any more.
  const workflow = { queryRejectCondition: 'NOT_OPEN' } as const;
  return {
    client: new Client({
      ...{ connection, namespace, workflow, identity: identity() },
      dataConverter: { payloadCodecs: codecs },
    }),
    address: addressOf(connectionOptions),
    async close() {
      await retries.end();
      await connection.close();
    },
  };
}

/** Who asks, as the history of a pool names it: a person or a service account, where, and with what. */
function identity(): string {
  const [program = 'pilotlight'] = process.argv.slice(1, 2).map((path) => basename(path, '.ts'));
  return `${userAtHost()} (${program === 'main' ? 'pilotlight' : basename(program, '.js')})`;
}

function addressOf({ address = 'localhost:7233' }: { address?: string }): string {
  return address;
}
