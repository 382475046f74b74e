import { Command, Option } from 'commander';
import { Pools } from '../client/pools.ts';
import { readTemporalFacts } from '../client/temporal-facts.ts';
import type { ClusterConnection } from '../kubernetes/connection.ts';
import type { Program } from '../kubernetes/permissions.ts';
import { defaultTaskQueue } from '../workflows/task-queue.ts';
import { apiUrls } from './api-client.ts';
import { checkApi } from './doctor/check-api.ts';
import { checkCluster } from './doctor/check-cluster.ts';
import { finding, formatFindings, type Finding } from './doctor/finding.ts';
import { judgeTemporal } from './doctor/judge-temporal.ts';
import { findLeftOverPods } from './find-left-overs.ts';
import { withCluster, withTemporal } from './servers.ts';

/** Left-over pods that are named; `gc` lists all. */
const maxNamed = 5;

const examples = `
Each line is OK, or says what is wrong and what to do. WARN: pools and claims work all the same.
Exit code 1 when a line says FAIL.

Examples:
  pilotlight doctor
  pilotlight doctor --for worker          asks only for the rights of a worker
  pilotlight doctor -o json | jq '.[] | select(.state != "ok")'`;

interface Options {
  namespace?: string;
  for?: Program;
  output?: 'json';
}

/** `pilotlight doctor`: looks at everything that pools and claims need. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description('check connections, rights, versions, clocks, worker, watcher and left-overs')
    .option('-n, --namespace <namespace>', 'Kubernetes namespace of the pools')
    .addOption(
      new Option('--for <program>', 'whose rights to ask for (both)').choices(['worker', 'api']),
    )
    .addOption(new Option('-o, --output <format>', 'output format').choices(['json']))
    .addHelpText('after', examples)
    .action(async (options: Options) => {
      const findings = await examine({
        namespace: options.namespace ?? process.env['PILOTLIGHT_NAMESPACE'] ?? 'default',
        taskQueue: process.env['PILOTLIGHT_TASK_QUEUE'] ?? defaultTaskQueue,
        programs: options.for === undefined ? ['worker', 'api'] : [options.for],
      });
      if (options.output === 'json') console.log(JSON.stringify(findings, null, 2));
      else console.log(formatFindings(findings));
      if (findings.some(({ state }) => state === 'fail')) process.exitCode = 1;
    });
}

interface Place {
  namespace: string;
  taskQueue: string;
  programs: Program[];
}

/** All findings; the parts do not wait for each other, and one that is away fails alone. */
async function examine(place: Place): Promise<Finding[]> {
  const program = { name: 'pilotlight', state: 'ok' as const, text: `Node ${process.version}` };
  const parts = await Promise.all([
    examineTemporal(place),
    orFinding('Kubernetes', () =>
      withCluster((connection) => checkCluster({ ...place, connection })),
    ),
    checkApi(apiUrls()),
    orFinding('left-overs', async () => [
      await withCluster((connection) => examineLeftOvers(place, connection)),
    ]),
  ]);
  return [program, ...parts.flat()];
}

async function orFinding(name: string, check: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await check();
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return [{ name, state: 'fail', text }];
  }
}

async function examineTemporal({ namespace, taskQueue }: Place): Promise<Finding[]> {
  return orFinding('Temporal', () =>
    withTemporal(async ({ client, address }) => {
      const about = { taskQueue, kubernetesNamespace: namespace };
      const facts = await readTemporalFacts({ client, ...about });
      const where = `${address}, namespace ${client.options.namespace}`;
      return [{ name: 'Temporal', state: 'ok', text: where }, ...judgeTemporal(facts, about)];
    }),
  );
}

async function examineLeftOvers(
  { namespace, taskQueue }: Place,
  connection: ClusterConnection,
): Promise<Finding> {
  return finding('pods without a pool', () =>
    withTemporal(async (temporal) => {
      const pools = new Pools(temporal, taskQueue);
      const found = await findLeftOverPods({ pools, connection, namespace });
      const pods = found.map(({ name }) => name);
      if (pods.length === 0) return 'none';
      const named = pods.slice(0, maxNamed).join(', ');
      const more = pods.length > maxNamed ? `, and ${pods.length - maxNamed} more` : '';
      const text = `${named}${more}; apply their pools again to take them in, or see \`pilotlight gc\``;
      return { state: 'warn', text };
    }),
  );
}
