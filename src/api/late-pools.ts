/**
 * The pools as Temporal knows them, for what is not a claim. Temporal's client takes 40 MB and 0.12 s of
 * CPU to load, which no claim needs, so it is loaded when it is first asked for.
 */
import type { TemporalConnection } from '../client/connect-to-temporal.ts';
import type { Pools } from '../client/pools.ts';
import { temporalDeadlineMs } from './limits.ts';

interface Opened {
  temporal: TemporalConnection;
  pools: Pools;
}

/** Opens Temporal's client once. Nothing is sent before a call for a pool is made. */
export class LatePools {
  readonly #taskQueue: string;
  #opened: Promise<Opened> | null = null;

  constructor(options: { taskQueue: string }) {
    this.#taskQueue = options.taskQueue;
  }

  /** The pools. Rejects when the settings of Temporal's envconfig can't be used. */
  async get(): Promise<Pools> {
    this.#opened ??= open(this.#taskQueue);
    return (await this.#opened).pools;
  }

  /** Closes the connection, if there is one. */
  async close(): Promise<void> {
    // Those who asked have been told why it could not be opened.
    const opened = await this.#opened?.catch(() => null);
    await opened?.temporal.close();
  }
}

async function open(taskQueue: string): Promise<Opened> {
  const [{ openTemporal }, { Pools }] = await Promise.all([
    import('../client/connect-to-temporal.ts'),
    import('../client/pools.ts'),
  ]);
  const temporal = openTemporal({ callDeadlineMs: temporalDeadlineMs });
  return { temporal, pools: new Pools(temporal, taskQueue) };
}
