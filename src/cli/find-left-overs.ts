import type { Pools } from '../client/pools.ts';
import type { ClusterConnection } from '../kubernetes/connection.ts';
import { listPoolObjects, type PoolObject } from '../kubernetes/left-overs.ts';

/** Younger ones may belong to a pool that is being created: its template is stored before it runs. */
const youngestMs = 3_600_000;

/** Where to look, and whom to ask. */
export interface LeftOverServers {
  pools: Pools;
  connection: ClusterConnection;
  namespace: string;
}

/** What belongs to no running pool of the namespace. Each pool is asked for by itself, since a list of
 * running workflows may lag behind a pool that was just started. */
export async function findLeftOvers(options: LeftOverServers): Promise<PoolObject[]> {
  const { pools, connection, namespace } = options;
  const objects = await listPoolObjects({ connection, namespace });
  const abandoned = new Set<string>();
  for (const pool of new Set(objects.map((object) => object.pool))) {
    if (!(await pools.mayOwn(pool, namespace))) abandoned.add(pool);
  }
  const nowMs = Date.now();
  return objects.filter(
    ({ pool, kind, createdAtMs }) =>
      abandoned.has(pool) && (kind === 'pod' || nowMs - createdAtMs > youngestMs),
  );
}
