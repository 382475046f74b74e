import { Command } from 'commander';
import { deletePoolObject, type PoolObject } from '../kubernetes/left-overs.ts';
import { retirePod } from '../kubernetes/pods.ts';
import { findLeftOvers, type LeftOverServers } from './find-left-overs.ts';
import { formatTable } from './format-table.ts';
import { withCluster, withPools } from './servers.ts';

const examples = `
Nothing deletes the pods of a pool whose workflow is gone, as when Temporal lost its data: applying
the pool again takes them in. Those of a pool that shall not come back are listed here, and deleted
with --yes. What is younger than an hour, other than pods, is left alone.

Examples:
  pilotlight gc                    lists what no running pool owns
  pilotlight gc --yes              deletes it, claimed pods excepted
  pilotlight gc --yes --claimed    claimed pods as well`;

interface Options {
  namespace?: string;
  yes: boolean;
  claimed: boolean;
}

/** `pilotlight gc`: reports, and on demand deletes, what no running pool owns. */
export function gcCommand(): Command {
  return new Command('gc')
    .description('list what is left of pools that do not run, and delete it when asked')
    .option('-n, --namespace <namespace>', 'Kubernetes namespace to look through')
    .option('--dry-run', 'only list, which is the default')
    .option('--yes', 'delete what is listed', false)
    .option('--claimed', 'claimed pods as well', false)
    .addHelpText('after', examples)
    .action(async ({ namespace, yes, claimed }: Options) => {
      const where = namespace ?? process.env['PILOTLIGHT_NAMESPACE'] ?? 'default';
      await withPools((pools) =>
        withCluster(async (connection) => {
          const found = await findLeftOvers({ pools, connection, namespace: where });
          if (found.length === 0) {
            console.log(`Every object of a pool in namespace ${where} belongs to a running one.`);
            return;
          }
          if (!yes) {
            console.log(format(found));
            console.log('\nNothing was deleted; `gc --yes` deletes them.');
            return;
          }
          for (const object of found) {
            const what = `${object.kind} ${object.name}`;
            const became = await collect({
              ...{ pools, connection, namespace: where, object },
              withClaimed: claimed,
            });
            console.log(`${what} ${became}`);
          }
        }),
      );
    });
}

async function collect(
  options: LeftOverServers & { object: PoolObject; withClaimed: boolean },
): Promise<string> {
  const { pools, connection, namespace, object, withClaimed } = options;
  const { kind, name, uid, pool, pod } = object;
  if (await pools.mayOwn(pool, namespace)) return `kept: pool ${pool} runs again`;
  if (kind === 'pod' && !(pod?.claimed === true && withClaimed)) {
    const retired = await retirePod({
      ...{ connection, namespace, name, uid, pool, onlyIfNotReady: false },
    });
    if (retired.outcome === 'claimedMeanwhile') return 'kept: it is claimed (--claimed deletes it)';
    return retired.outcome === 'deleted' ? 'deleted' : 'was gone';
  }
  return (await deletePoolObject({ connection, namespace, object })) ? 'deleted' : 'was gone';
}

function format(found: PoolObject[]): string {
  const rows = found.map(({ kind, name, pool, pod, createdAtMs }) => [
    ...[kind, name, pool, pod?.claimed === true ? 'yes' : '', new Date(createdAtMs).toISOString()],
  ]);
  return formatTable(['KIND', 'NAME', 'POOL', 'CLAIMED', 'CREATED'], rows);
}
