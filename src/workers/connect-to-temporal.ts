/** The worker's connections to Temporal: one that polls, and one for signals and questions. */
import { Client, Connection } from '@temporalio/client';
import type { PayloadCodec } from '@temporalio/common';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { NativeConnection, type NativeConnectionOptions } from '@temporalio/worker';
import { CallRetries } from '../client/call-retries.ts';

/** Both connections, open. */
export interface TemporalConnections {
  polling: NativeConnection;
  client: Client;
  /** Temporal's own namespace, which is not the pods'. */
  namespace: string;
  /** Closes both; waits up to 1.05 s for a retry that is due, since that one could not be caught. */
  close(): Promise<void>;
}

/** Connects by TEMPORAL_ADDRESS and the rest of the envconfig. Raises when no server answers in 10 s. */
export async function connectToTemporal(codecs: PayloadCodec[]): Promise<TemporalConnections> {
  const { connectionOptions, namespace = 'default' } = loadClientConnectConfig();
  // First the one that says at once, and why, when nobody listens.
  const polling = await NativeConnection.connect({
    ...connectionOptions,
    ...compression(connectionOptions),
  });
  const retries = new CallRetries();
  let calling: Connection;
  try {
    calling = await Connection.connect({
      ...connectionOptions,
      interceptors: [retries.interceptor],
    });
  } catch (error) {
    await polling.close();
    throw error;
  }
  return {
    polling,
    client: new Client({
      ...{ connection: calling, namespace },
      dataConverter: { payloadCodecs: codecs },
    }),
    namespace,
    async close() {
      await retries.end();
      await Promise.all([calling.close(), polling.close()]);
    },
  };
}

/**
 * Without TLS the server is near, and compressing each of our messages of a few hundred bytes costs both
 * sides more than sending it: the SDK does it unless told otherwise, with 300 KB of tables a message.
 */
function compression({ tls }: Pick<NativeConnectionOptions, 'tls'>): NativeConnectionOptions {
  return tls === undefined || tls === null || tls === false
    ? { grpcCompression: { codec: 'none' } }
    : {};
}
