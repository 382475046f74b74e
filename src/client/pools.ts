/** Pools as their users see them: typed calls to the pool workflows. */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { poolWorkflowId } from '../pool/names.ts';
import type { PoolLabels } from '../pool/pool-labels.ts';
import type { PoolSpec } from '../pool/pool-spec.ts';
import { checkSpecRequest } from '../pool/requests.ts';
import { checkTarget } from '../pool/spec.ts';
import type { PoolStatus } from '../pool/status.ts';
import {
  applySpecSignal,
  applySpecUpdate,
  demandChangedSignal,
  drainSignal,
  pauseSignal,
  resumeSignal,
  retrySignal,
  searchAttributeTypes,
  setTargetSignal,
  statusQuery,
  workflowTypes,
  type ApplySpecInput,
  type PoolWorkflowInput,
} from '../workflows/messages.ts';
import { askUntilAnswered } from './ask-until-answered.ts';
import type { TemporalConnection } from './connect-to-temporal.ts';
import { PoolError } from './pool-error.ts';
import { poolPage } from './pool-page.ts';
import { tellPool } from './tell-pool.ts';
import { toPoolError } from './to-pool-error.ts';
import { withinDeadline } from './within-deadline.ts';

/** One call: a worker that runs answers in milliseconds, one that replays a long history in 4 s. */
const defaultCallDeadlineMs = 8_000;

/** After a call that was not answered: the server itself answers in milliseconds, or is not there. */
const probeDeadlineMs = 500;

/** Pools listed at most, and asked at once: each status costs a worker one workflow task. */
const maxListedPools = 1_000;
const maxQueriesAtOnce = 20;

/** From rules 4 on (docs/adr/0010) a run takes its spec by a signal. */
function takesSpecBySignal({ rules = 0 }: PoolStatus): boolean {
  return rules >= 4;
}

/** How many claims wait for a pool at one replica of the API. */
export interface Demand {
  /** Unique to the process that reports. */
  replica: string;
  waiting: number;
  /** The newest pod version that the replica knows. */
  version: string;
  /** The report counts until then. */
  expiresAtMs: number;
}

/**
 * Calls for pools. Every method raises `PoolError`, within 8 s (or the connection's own deadline for
 * calls) unless it says otherwise.
 */
export class Pools {
  readonly #temporal: TemporalConnection;
  readonly #taskQueue: string;
  readonly #callDeadlineMs: number;
  #by: string | null = null;

  constructor(temporal: TemporalConnection, taskQueue: string) {
    this.#temporal = temporal;
    this.#taskQueue = taskQueue;
    this.#callDeadlineMs = temporal.callDeadlineMs ?? defaultCallDeadlineMs;
  }

  /** The same calls by somebody: pools show the name, cut to 120 characters, beside a changed target. */
  named(by: string): Pools {
    const pools = new Pools(this.#temporal, this.#taskQueue);
    pools.#by = by;
    return pools;
  }

  /** The status of every running pool, by name. A pool that ends meanwhile is left out. */
  async list(): Promise<PoolStatus[]> {
    const names = await this.#names();
    const statuses: PoolStatus[] = [];
    for (let from = 0; from < names.length; from += maxQueriesAtOnce) {
      const asked = names.slice(from, from + maxQueriesAtOnce).map((name) => this.find(name));
      statuses.push(...(await Promise.all(asked)).filter((status) => status !== null));
    }
    return statuses;
  }

  /** A pool's status; null when there is no such pool. */
  async find(pool: string): Promise<PoolStatus | null> {
    return this.#callIfFound(pool, () => this.#askStatus(pool));
  }

  /** A pool's status. */
  async status(pool: string): Promise<PoolStatus> {
    return this.#call(pool, () => this.#askStatus(pool));
  }

  /**
   * Sets a pool's target, within three calls; returns the status after it. A target above maxPods is
   * refused.
   */
  async resize(pool: string, target: number): Promise<PoolStatus> {
    const before = await this.status(pool);
    const checked = checkTarget(target, before.spec);
    if (!checked.ok) throw new PoolError('refused', checked.message);
    const wanted = this.#by === null ? target : { target, by: this.#by };
    return this.#tell(pool, before, { signal: setTargetSignal, value: wanted });
  }

  /**
   * Tells a pool to retire its pods and to end once its claims are over. Claims that are still held
   * after `deadlineSeconds` (the pool's longest lease unless given) are left to their holders.
   */
  async drain(pool: string, options: { deadlineSeconds?: number } = {}): Promise<void> {
    await this.#call(pool, () => this.#handle(pool).signal(drainSignal, { ...options }));
  }

  /** Tells a pool to start and retire nothing until it is resumed; claims and leases go on. */
  async pause(pool: string): Promise<void> {
    await this.#call(pool, () => this.#handle(pool).signal(pauseSignal));
  }

  /** Ends a pause. */
  async resume(pool: string): Promise<void> {
    await this.#call(pool, () => this.#handle(pool).signal(resumeSignal));
  }

  /** Tells a pool to try a template that failed again at once. */
  async retry(pool: string): Promise<void> {
    await this.#call(pool, () => this.#handle(pool).signal(retrySignal));
  }

  /** Tells a pool how many claims wait for it. Repeating it, or sending it late, does no harm. */
  async demandChanged(pool: string, demand: Demand): Promise<void> {
    await this.#call(pool, () => this.#handle(pool).signal(demandChangedSignal, demand));
  }

  /** Waits until a pool has ended, for at most `timeoutMs`: its last status, or null in vain. */
  async waitUntilEnded(pool: string, timeoutMs: number): Promise<PoolStatus | null> {
    const deadline = AbortSignal.timeout(timeoutMs);
    const { client, address } = this.#temporal;
    try {
      return (await client.withAbortSignal(deadline, () =>
        this.#handle(pool).result(),
      )) as PoolStatus;
    } catch (error) {
      if (deadline.aborted) return null;
      throw toPoolError(error, pool, address);
    }
  }

  /**
   * Whether a pool of that name runs that may own pods in a Kubernetes namespace: one that was started
   * by hand says nothing of where it lives, and then it may.
   */
  async mayOwn(pool: string, namespace: string): Promise<boolean> {
    const description = await this.#callIfFound(pool, () => this.#handle(pool).describe());
    if (description?.status.name !== 'RUNNING') return false;
    const home = description.memo?.['namespace'];
    return typeof home !== 'string' || home === namespace;
  }

  /** The Kubernetes namespace that a running pool lives in; null when there is no such pool. */
  async namespaceOf(pool: string): Promise<string | null> {
    const description = await this.#callIfFound(pool, () => this.#handle(pool).describe());
    if (description?.status.name !== 'RUNNING') return null;
    const namespace = description.memo?.namespace;
    return typeof namespace === 'string' ? namespace : null;
  }

  /**
   * Starts a pool, or gives a running one a new spec, within five calls. Its template must be stored
   * already.
   */
  async apply(input: {
    pool: string;
    namespace: string;
    spec: PoolSpec;
    /** The pool's own labels; those of a running pool stay when they are left out. */
    labels?: PoolLabels;
  }): Promise<'created' | 'updated'> {
    const { pool, namespace, spec, labels } = input;
    const upsertSearchAttributes = await this.#areSearchAttributesRegistered();
    if (await this.#start({ ...input, upsertSearchAttributes })) return 'created';
    const request = {
      ...{ namespace, spec, upsertSearchAttributes },
      ...(labels === undefined ? {} : { labels }),
      ...(this.#by === null ? {} : { by: this.#by }),
    };
    await this.#applySpec(pool, request);
    return 'updated';
  }

  async #applySpec(pool: string, request: ApplySpecInput): Promise<void> {
    const before = await this.status(pool);
    if (!takesSpecBySignal(before)) return this.#updateSpec(pool, request);
    const draining = before.phase === 'Draining' || before.phase === 'Drained';
    const checked = checkSpecRequest(request, { ...before, draining });
    if (!checked.ok) throw new PoolError('refused', checked.message);
    const after = await this.#tell(pool, before, { signal: applySpecSignal, value: request });
    // An older worker may have begun a new run meanwhile, which leaves the signal unread.
    if (!takesSpecBySignal(after)) await this.#updateSpec(pool, request);
  }

  #tell(
    pool: string,
    before: PoolStatus,
    { signal, value }: { signal: typeof setTargetSignal; value: unknown },
  ): Promise<PoolStatus> {
    return tellPool({
      ...{ name: signal.name, before },
      send: () => this.#call(pool, () => this.#handle(pool).signal(signal, value)),
      ask: () => this.status(pool),
    });
  }

  async #updateSpec(pool: string, request: ApplySpecInput): Promise<void> {
    const args: [ApplySpecInput] = [request];
    await this.#call(pool, () => this.#handle(pool).executeUpdate(applySpecUpdate, { args }));
  }

  /** Starts the workflow; false when it runs already. */
  async #start(input: PoolWorkflowInput): Promise<boolean> {
    const { pool, namespace } = input;
    return this.#call(pool, async () => {
      try {
        await this.#temporal.client.workflow.start(workflowTypes.pool, {
          workflowId: poolWorkflowId(pool),
          taskQueue: this.#taskQueue,
          args: [input],
          workflowIdConflictPolicy: 'FAIL',
          memo: { namespace, labels: input.labels ?? {} },
          staticSummary: `Keeps pool ${pool} of namespace ${namespace} warm`,
          staticDetails: poolPage(pool),
        });
        return true;
      } catch (error) {
        if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
        throw error;
      }
    });
  }

  /**
   * Whether all our search attributes are registered. An upsert of another would block the workflow
   * for good, so a server that does not tell counts as a no: only the filter in the UI is lost.
   */
  async #areSearchAttributesRegistered(): Promise<boolean> {
    const { client } = this.#temporal;
    try {
      const { customAttributes } = await withinDeadline(client, {
        deadlineMs: this.#callDeadlineMs,
        action: () =>
          client.connection.operatorService.listSearchAttributes({
            namespace: client.options.namespace,
          }),
      });
      return Object.keys(searchAttributeTypes).every((name) => name in customAttributes);
    } catch {
      return false;
    }
  }

  async #names(): Promise<string[]> {
    const query = `WorkflowType = '${workflowTypes.pool}' AND ExecutionStatus = 'Running'`;
    const prefix = poolWorkflowId('');
    return this.#call('*', async () => {
      const names: string[] = [];
      for await (const { workflowId } of this.#temporal.client.workflow.list({ query })) {
        if (workflowId.startsWith(prefix)) names.push(workflowId.slice(prefix.length));
        if (names.length >= maxListedPools) break;
      }
      return names.sort();
    });
  }

  #askStatus(pool: string): Promise<PoolStatus> {
    return askUntilAnswered(() => this.#handle(pool).query(statusQuery));
  }

  #handle(pool: string) {
    return this.#temporal.client.workflow.getHandle(poolWorkflowId(pool));
  }

  async #callIfFound<T>(pool: string, action: () => Promise<T>): Promise<T | null> {
    try {
      return await this.#call(pool, action);
    } catch (error) {
      if (error instanceof PoolError && error.code === 'notFound') return null;
      throw error;
    }
  }

  async #call<T>(pool: string, action: () => Promise<T>): Promise<T> {
    const { client, address } = this.#temporal;
    try {
      return await withinDeadline(client, { deadlineMs: this.#callDeadlineMs, action });
    } catch (raised) {
      const error = toPoolError(raised, pool, address);
      if (error.code !== 'unanswered' || (await this.#isServerThere())) throw error;
      const message = `Temporal at ${address} does not answer; check that it runs`;
      throw new PoolError('unreachable', message, raised);
    }
  }

  /** Tells a pool without a worker from a Temporal that is down: both let a call run out of time. */
  async #isServerThere(): Promise<boolean> {
    const { client } = this.#temporal;
    try {
      await withinDeadline(client, {
        deadlineMs: probeDeadlineMs,
        action: () => client.workflowService.getSystemInfo({}),
      });
      return true;
    } catch {
      return false;
    }
  }
}
