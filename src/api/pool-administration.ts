/** What admins do to pools: the part of the API that needs Temporal. */
import { applyPools, type AppliedPool } from '../apply/apply-pools.ts';
import { readDocuments } from '../apply/read-documents.ts';
import { PoolError } from '../client/pool-error.ts';
import type { Pools } from '../client/pools.ts';
import type { ClusterConnection } from '../kubernetes/connection.ts';
import { ApiError } from './problems.ts';

/** Changes pools; raises what `toApiError` reads. */
export interface PoolAdministration {
  /** Applies the one document in a text, which must be of that pool; `by` is who asked for it. */
  apply(change: { pool: string; text: string; by: string }): Promise<AppliedPool>;
  /** Sets a target and returns the one in force; `by` is who asked for it. */
  setTarget(change: { pool: string; target: number; by: string }): Promise<number>;
  /** Ends a pool. */
  drain(pool: string): Promise<void>;
}

/** Administration over Temporal and the cluster; `namespace` is the only one it touches. */
export function createPoolAdministration(dependencies: {
  /** Rejects when Temporal's settings can't be used. */
  pools: () => Promise<Pools>;
  connection: ClusterConnection;
  namespace: string;
}): PoolAdministration {
  const { pools, connection, namespace } = dependencies;
  return {
    async apply({ pool, text, by }) {
      const documents = readDocuments(text, 'body');
      const [document] = documents;
      if (document === undefined || documents.length > 1) {
        throw new ApiError(
          'badRequest',
          `Expected \`body\` to be one pool document, got ${documents.length}.`,
        );
      }
      expectSame('metadata.name', pool, document.pool);
      expectSame('metadata.namespace', namespace, document.namespace ?? namespace);
      const [applied] = await applyPools({
        ...{ documents, connection, namespace },
        pools: (await pools()).named(by),
      });
      if (applied === undefined) throw new PoolError('unanswered', `Pool ${pool} was not applied`);
      return applied;
    },
    async setTarget({ pool, target, by }) {
      const named = (await pools()).named(by);
      return (await named.resize(pool, target)).target;
    },
    async drain(pool) {
      await (await pools()).drain(pool);
    },
  };
}

function expectSame(field: string, expected: string, given: string): void {
  if (given === expected) return;
  const wrong = { field, expected, given };
  const message = `Expected \`${field}\` to be ${expected}, got ${given}.`;
  throw new ApiError('badRequest', message, { wrong });
}
