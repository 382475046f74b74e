/** What a replica of the API has on offer, which follows the pool by a watch of its own. */
import { until, type ApiReplica } from './environment.ts';

/** Warm pods of a pool as a replica sees them; null while it does not know the pool. */
export async function offered(api: ApiReplica, pool: string): Promise<number | null> {
  const known = (await api.client.pools()).find((one) => one.pool === pool);
  return known?.warm ?? null;
}

/** Waits until a replica knows a pool and offers so many pods of it, within a minute unless given. */
export async function untilOffered(options: {
  api: ApiReplica;
  pool: string;
  count: number;
  timeoutMs?: number;
}): Promise<void> {
  const { api, pool, count, timeoutMs = 60_000 } = options;
  await until({
    what: `${count} pods of ${pool} at the API`,
    timeoutMs,
    ask: () => offered(api, pool),
    holds: (warm) => warm === count,
  });
}
