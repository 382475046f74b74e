/**
 * The pools as Temporal knows them, for what is not a claim. Temporal's client takes 40 MB and 0.12 s of
 * CPU to load, which no claim needs, so it is loaded when it is first asked for.
 */
import type { TemporalConnection } from '../client/connect-to-temporal.ts';
import type { Pools } from '../client/pools.ts';
import type { Keyring } from '../codec/keyring.ts';
import { temporalDeadlineMs } from './limits.ts';

interface Opened {
  temporal: TemporalConnection;
  pools: Pools;
}

interface LatePoolsOptions {
  taskQueue: string;
  /** null: payloads are not encrypted. */
  keyring: Keyring | null;
}

/** Opens Temporal's client once. Nothing is sent before a call for a pool is made. */
export class LatePools {
  readonly #options: LatePoolsOptions;
  #opened: Promise<Opened> | null = null;

  constructor(options: LatePoolsOptions) {
    this.#options = options;
  }

  /** The pools. Rejects when the settings of Temporal's envconfig can't be used. */
  async get(): Promise<Pools> {
    this.#opened ??= open(this.#options);
    return (await this.#opened).pools;
  }

  /** Closes the connection, if there is one. */
  async close(): Promise<void> {
    // Those who asked have been told why it could not be opened.
    const opened = await this.#opened?.catch(() => null);
    await opened?.temporal.close();
  }
}

async function open({ taskQueue, keyring }: LatePoolsOptions): Promise<Opened> {
  const [{ EncryptionCodec, noKeys }, { openTemporal }, { Pools }] = await Promise.all([
    import('../codec/encryption-codec.ts'),
    import('../client/connect-to-temporal.ts'),
    import('../client/pools.ts'),
  ]);
  const temporal = openTemporal({
    callDeadlineMs: temporalDeadlineMs,
    codecs: [new EncryptionCodec(keyring ?? noKeys)],
  });
  return { temporal, pools: new Pools(temporal, taskQueue) };
}
