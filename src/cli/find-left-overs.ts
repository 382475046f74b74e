import type { Pools } from '../client/pools.ts';
import type { ClusterConnection } from '../kubernetes/connection.ts';
import { listPodsOfPools, listPoolObjects, type PoolObject } from '../kubernetes/left-overs.ts';

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
  const nowMs = Date.now();
  return (await ofNoPool(options, await listPoolObjects(options))).filter(
    ({ kind, createdAtMs }) => kind === 'pod' || nowMs - createdAtMs > youngestMs,
  );
}

/** The pods alone, which a worker or an API may list where it may not list all else. */
export async function findLeftOverPods(options: LeftOverServers): Promise<PoolObject[]> {
  return ofNoPool(options, await listPodsOfPools(options));
}

async function ofNoPool(
  { pools, namespace }: LeftOverServers,
  objects: PoolObject[],
): Promise<PoolObject[]> {
  const abandoned = new Set<string>();
  for (const pool of new Set(objects.map((object) => object.pool))) {
    if (!(await pools.mayOwn(pool, namespace))) abandoned.add(pool);
  }
  return objects.filter(({ pool }) => abandoned.has(pool));
}
