/** One load spread over several pools. */
import { WorkflowNotFoundError } from '@temporalio/client';
import { countReadyPods } from './ready-pods.ts';
import { namespace, type Stage } from './stage.ts';

/** A pool of a load and how many pods it holds. */
export interface Share {
  pool: string;
  pods: number;
  /** Pods that it holds already; none unless given. */
  had?: number;
}

/** Pools at once that are started or ended together: more would only queue at Temporal. */
const poolsAtOnce = 10;

/** Spreads pods evenly; the first pools take what is left over. With one pool it has the name itself. */
export function sharesOf(options: { name: string; pools: number; pods: number }): Share[] {
  const { name, pools, pods } = options;
  return Array.from({ length: pools }, (_, index) => ({
    pool: pools === 1 ? name : `${name}-${index}`,
    pods: Math.floor(pods / pools) + (index < pods % pools ? 1 : 0),
  }));
}

/** Selects the pods of all of them. */
export function selectorOf(shares: Share[]): string {
  return `pilotlight.dev/pool in (${shares.map(({ pool }) => pool).join(',')})`;
}

/** Starts each pool's workflow with its share as the target. */
export async function createPools(stage: Stage, shares: Share[]): Promise<void> {
  await inTurns(shares, ({ pool, pods }) =>
    stage.createPool(pool, { warmTarget: pods, maxPods: pods, maxPending: Math.min(pods, 1_000) }),
  );
}

/**
 * Pods at once that are filled together. 1,000 in ten pools, on a machine that others kept busy, lost their
 * heartbeats faster than they became Ready.
 */
const podsAtOnce = 500;

/** Turns of at most ten pools and 500 pods that are to come; a larger pool has one of its own. */
export function turnsOf(shares: Share[]): Share[][] {
  const turns: Share[][] = [];
  let pods = 0;
  for (const share of shares) {
    const more = share.pods - (share.had ?? 0);
    const turn = turns.at(-1);
    if (turn === undefined || turn.length === poolsAtOnce || pods + more > podsAtOnce) {
      turns.push([share]);
      pods = more;
    } else {
      turn.push(share);
      pods += more;
    }
  }
  return turns;
}

/**
 * Starts them some at a time and waits until all their pods are Ready: the state that is measured, and
 * not the storm of 2,000 waits that all beat at once. The time it took in milliseconds.
 */
export async function fillInTurns(stage: Stage, shares: Share[]): Promise<number> {
  const startedAt = performance.now();
  for (const some of turnsOf(shares)) {
    const pods = some.reduce((sum, share) => sum + share.pods - (share.had ?? 0), 0);
    const selector = selectorOf(some);
    const ready = await countReadyPods({ bare: stage.bare, namespace, selector, pods });
    try {
      await Promise.all([ready.all(), createPools(stage, some)]);
    } finally {
      ready.stop();
    }
  }
  return performance.now() - startedAt;
}

/**
 * Ends the workflows first, so that no pool replaces what is deleted. A pool that never started is none to
 * end: what kept it from starting is what the benchmark failed of, and must not be hidden.
 */
export async function removePools(stage: Stage, shares: Share[]): Promise<void> {
  await inTurns(shares, ({ pool }) =>
    stage.endPool(pool).catch((error: unknown) => {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }),
  );
  await stage.bare.deletePods(namespace, selectorOf(shares));
}

async function inTurns<T>(items: T[], call: (item: T) => Promise<unknown>): Promise<void> {
  for (let from = 0; from < items.length; from += poolsAtOnce) {
    await Promise.all(items.slice(from, from + poolsAtOnce).map(call));
  }
}
