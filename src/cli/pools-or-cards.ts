/**
 * Pools as their workflows tell of them, or, when nobody answers for those, as their cards and the
 * pods of the cluster do: with Temporal down people still see what is warm.
 */
import { PoolError } from '../client/pool-error.ts';
import type { Pools } from '../client/pools.ts';
import type { ClusterConnection } from '../kubernetes/connection.ts';
import { KubernetesError } from '../kubernetes/kubernetes-error.ts';
import { listPods } from '../kubernetes/pods.ts';
import { listPoolCards } from '../kubernetes/pool-cards.ts';
import type { PoolCard } from '../pool/actions.ts';
import { withCluster, withPools } from './servers.ts';
import { poolOfCard, type ShownPool } from './shown-pool.ts';

/** Pools whose pods are listed at once. */
const maxListsAtOnce = 8;

/** Every pool by name. Raises one error when neither Temporal nor the cluster answers. */
export async function listPools(): Promise<ShownPool[]> {
  return poolsOrCards({ ask: (pools) => pools.list(), pool: null });
}

/** One pool. Raises one error when there is none, or nobody answers. */
export async function findPool(name: string): Promise<ShownPool> {
  const ask = async (pools: Pools): Promise<ShownPool[]> => [await pools.status(name)];
  const [found] = await poolsOrCards({ ask, pool: name });
  if (found !== undefined) return found;
  throw new Error(`There is no card of a pool ${name} in namespace ${namespaceOfCards()}`);
}

async function poolsOrCards(options: {
  ask: (pools: Pools) => Promise<ShownPool[]>;
  /** The one pool that is meant; null for all. */
  pool: string | null;
}): Promise<ShownPool[]> {
  try {
    return await withPools(options.ask);
  } catch (error) {
    if (!(error instanceof PoolError)) throw error;
    if (error.code !== 'unreachable' && error.code !== 'unanswered') throw error;
    const known = await readCards(options.pool, error);
    const namespace = namespaceOfCards();
    console.error(`warning: ${error.message}. Shown from the cards of namespace ${namespace}.`);
    return known;
  }
}

/** What the cards tell. `trouble` is why the pools themselves can't be asked. */
async function readCards(pool: string | null, trouble: PoolError): Promise<ShownPool[]> {
  try {
    return await withCluster(async (connection) => {
      const cards = await listPoolCards({ connection, namespace: namespaceOfCards() });
      const meant = cards.filter((card) => pool === null || card.pool === pool);
      const shown: ShownPool[] = [];
      for (let from = 0; from < meant.length; from += maxListsAtOnce) {
        const some = meant.slice(from, from + maxListsAtOnce);
        shown.push(...(await Promise.all(some.map((card) => readPods(connection, card)))));
      }
      return shown;
    });
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    const cluster = error instanceof KubernetesError ? `the cluster answers: ${said}` : said;
    throw new Error(`${trouble.message}. The pools' cards can't be read either: ${cluster}`, {
      cause: error,
    });
  }
}

async function readPods(connection: ClusterConnection, card: PoolCard): Promise<ShownPool> {
  const { namespace, pool } = card;
  const { pods } = await listPods({ connection, namespace, pool });
  return poolOfCard({ card, pods, nowMs: Date.now() });
}

function namespaceOfCards(): string {
  return process.env['PILOTLIGHT_NAMESPACE'] ?? 'default';
}
