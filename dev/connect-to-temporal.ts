/** Connections to Temporal of development, benchmarks and tests. */
import { Connection } from '@temporalio/client';
import { CallRetries } from '../src/client/call-retries.ts';

/** A connection, and how to close it. */
export interface TrackedConnection {
  connection: Connection;
  /**
   * Closes it also while calls are under way, as an interrupted run leaves them. The SDK's own close lets
   * a try that is due afterwards be raised out of a timer, which ends the process. Takes 1.05 s at most.
   */
  close: () => Promise<void>;
}

/** Connects to `host:port`; raises when no server answers in 10 s. */
export async function connectToTemporal(
  address: string,
  options: { largestAnswerBytes?: number } = {},
): Promise<TrackedConnection> {
  const { largestAnswerBytes } = options;
  const retries = new CallRetries();
  const connection = await Connection.connect({
    ...{ address, interceptors: [retries.interceptor] },
    ...(largestAnswerBytes !== undefined && {
      channelArgs: { 'grpc.max_receive_message_length': largestAnswerBytes },
    }),
  });
  return {
    connection,
    async close() {
      await retries.end();
      await connection.close();
    },
  };
}
