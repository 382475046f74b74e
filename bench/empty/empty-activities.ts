/** How long Temporal takes for as many activities as a fill has, when they do nothing. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Client, WorkflowStartOptions } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { startSignal } from './start-signal.ts';

const taskQueue = 'bench-empty';

/** 2,000 took 5 s; one that takes longer than this has stopped. */
const deadline = '120s';

/** As many as one task of the workflow starts, as our worker does. */
const eagerStarts = 100;

/** A worker of its own in this process, with nothing to do. */
export class EmptyActivities {
  readonly #client: Client;
  readonly #worker: Worker;
  readonly #connection: NativeConnection;
  readonly #running: Promise<void>;

  private constructor(client: Client, connection: NativeConnection, worker: Worker) {
    this.#client = client;
    this.#connection = connection;
    this.#worker = worker;
    this.#running = worker.run();
  }

  /** Starts the worker at a Temporal. */
  static async start(client: Client, address: string): Promise<EmptyActivities> {
    Runtime.install({ logger: new DefaultLogger('WARN'), shutdownSignals: [] });
    const connection = await NativeConnection.connect({ address });
    const worker = await Worker.create({
      ...{ connection, taskQueue, workflowsPath: join(import.meta.dirname, 'workflow.ts') },
      activities: { nothing: () => Promise.resolve() },
      maxEagerActivityReservationsPerWorkflowTask: eagerStarts,
    });
    return new EmptyActivities(client, connection, worker);
  }

  /** Runs so many in one workflow; the time in milliseconds until it has ended. */
  async run(count: number): Promise<number> {
    const startedAt = performance.now();
    await this.#client.workflow.execute('emptyActivities', this.#options(count));
    return performance.now() - startedAt;
  }

  /** Starts a workflow that runs so many, as it is told to. */
  async startSignalled(
    count: number,
  ): Promise<{ more: (count: number) => Promise<void>; ended: () => Promise<unknown> }> {
    const handle = await this.#client.workflow.start('signalledActivities', this.#options(count));
    return {
      more: (count) => handle.signal(startSignal, count),
      ended: () => handle.result(),
    };
  }

  /** Ends the worker and its connection. */
  async stop(): Promise<void> {
    this.#worker.shutdown();
    await this.#running;
    await this.#connection.close();
  }

  #options(count: number): WorkflowStartOptions<(count: number) => Promise<void>> {
    return {
      ...{ taskQueue, workflowId: `empty-${randomUUID()}`, args: [count] },
      workflowExecutionTimeout: deadline,
    };
  }
}
