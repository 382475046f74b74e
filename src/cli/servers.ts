/** Connections of one command, closed when it ends. */
import { connectToTemporal, type TemporalConnection } from '../client/connect-to-temporal.ts';
import { Pools } from '../client/pools.ts';
import { userAtHost } from '../client/user-at-host.ts';
import type { EncryptionCodec } from '../codec/encryption-codec.ts';
import { keysFileVariable } from '../codec/keys-file-variable.ts';
import { openCodec } from '../codec/open-codec.ts';
import { connectToCluster, type ClusterConnection } from '../kubernetes/connection.ts';
import { defaultTaskQueue } from '../workflows/task-queue.ts';

/**
 * Runs an action with a connection to Temporal, in the name of who runs the command;
 * PILOTLIGHT_TASK_QUEUE names the queue of new pools.
 */
export async function withPools<T>(action: (pools: Pools) => Promise<T>): Promise<T> {
  const taskQueue = process.env['PILOTLIGHT_TASK_QUEUE'] ?? defaultTaskQueue;
  return withTemporal((temporal) => action(new Pools(temporal, taskQueue).named(userAtHost())));
}

/** Runs an action with a connection to Temporal itself, and with the codecs of its payloads. */
export async function withTemporal<T>(
  action: (temporal: TemporalConnection, codecs: EncryptionCodec[]) => Promise<T>,
): Promise<T> {
  const codecs = [await openCodec(process.env[keysFileVariable] ?? null)];
  const temporal: TemporalConnection = await connectToTemporal(codecs);
  try {
    return await action(temporal, codecs);
  } finally {
    await temporal.close();
  }
}

/** Runs an action with a connection to the cluster of KUBECONFIG. */
export async function withCluster<T>(
  action: (connection: ClusterConnection) => Promise<T>,
): Promise<T> {
  const connection = await openCluster();
  try {
    return await action(connection);
  } finally {
    await connection.close();
  }
}

async function openCluster(): Promise<ClusterConnection> {
  try {
    return await connectToCluster();
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    const file = process.env['KUBECONFIG'] ?? 'not set';
    throw new Error(`The kubeconfig can't be used (KUBECONFIG is ${file}): ${said}`, {
      cause: error,
    });
  }
}
