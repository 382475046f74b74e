import { Command, InvalidArgumentError } from 'commander';
import { innermostMessage } from '../client/pool-error.ts';
import { registerSearchAttributes } from '../client/register-search-attributes.ts';
import { ensureAdmissionPolicy, type PolicyOutcome } from '../kubernetes/admission-policy.ts';
import type { ClusterConnection } from '../kubernetes/connection.ts';
import { ensureNamespace } from '../kubernetes/namespaces.ts';
import {
  findMissingPermissions,
  type Program,
  type ServiceAccount,
} from '../kubernetes/permissions.ts';
import { isNamespace } from '../pool/names.ts';
import { judgePermissions } from './doctor/check-cluster.ts';
import { finding, formatFindings, type Finding } from './doctor/finding.ts';
import { withCluster, withTemporal } from './servers.ts';

const examples = `
Running it again changes nothing. The admission policy lets nobody but the accounts named here write
labels and annotations under pilotlight.dev/, so name both, as NAMESPACE/NAME; without them the policy
is left alone. The Helm chart brings a policy of its own.

Examples:
  pilotlight setup
  pilotlight setup -n pools --worker-account pools/pilotlight-worker --api-account pools/pilotlight-api`;

interface Options {
  namespace?: string;
  workerAccount?: ServiceAccount;
  apiAccount?: ServiceAccount;
}

/** `pilotlight setup`: makes Temporal and the cluster ready for pools. */
export function setupCommand(): Command {
  return new Command('setup')
    .description('register search attributes, make the namespace and policy, check the accounts')
    .option('-n, --namespace <namespace>', 'Kubernetes namespace of the pools')
    .option('--worker-account <account>', 'service account of the worker', readAccount)
    .option('--api-account <account>', 'service account of the API', readAccount)
    .addHelpText('after', examples)
    .action(async (options: Options) => {
      const namespace = options.namespace ?? process.env['PILOTLIGHT_NAMESPACE'] ?? 'default';
      const steps = [await finding('search attributes', registerAttributes)];
      steps.push(...(await inCluster(namespace, options)));
      console.log(formatFindings(steps));
      if (steps.some(({ state }) => state === 'fail')) process.exitCode = 1;
    });
}

async function registerAttributes(): Promise<string> {
  return withTemporal(async ({ client }) => {
    try {
      const names = await registerSearchAttributes(client.connection, client.options.namespace);
      return names.length === 0 ? 'were registered already' : `registered ${names.join(', ')}`;
    } catch (error) {
      const message = `${innermostMessage(error)}; on Temporal Cloud add PoolName and PoolState (Keyword), PoolTarget and PoolWarm (Int) to the namespace by its web page or tcld`;
      throw new Error(message, { cause: error });
    }
  });
}

async function inCluster(namespace: string, options: Options): Promise<Finding[]> {
  try {
    return await withCluster(async (connection) => {
      const { workerAccount: worker, apiAccount: api } = options;
      return [
        await finding('namespace', async () =>
          (await ensureNamespace(connection, namespace))
            ? `created ${namespace}`
            : `${namespace} was there`,
        ),
        await finding('admission policy', () => reserveKeys(connection, namespace, options)),
        await checkRights({ connection, namespace, program: 'worker', account: worker }),
        await checkRights({ connection, namespace, program: 'api', account: api }),
      ];
    });
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return [{ name: 'Kubernetes', state: 'fail', text }];
  }
}

const outcomes: Record<PolicyOutcome, string> = {
  created: 'created',
  updated: 'updated',
  unchanged: 'was there',
  foreign: "left as it is: the Helm chart's",
  unserved: 'left out: this cluster serves none',
};

async function reserveKeys(
  connection: ClusterConnection,
  namespace: string,
  { workerAccount, apiAccount }: Options,
): Promise<string> {
  if (workerAccount === undefined || apiAccount === undefined) {
    return 'left alone: name --worker-account and --api-account to reserve our keys for them';
  }
  const serviceAccounts = [workerAccount, apiAccount];
  return outcomes[await ensureAdmissionPolicy({ connection, namespace, serviceAccounts })];
}

/** Without an account the one that runs this is asked about, as on a developer's machine. */
function checkRights(options: {
  connection: ClusterConnection;
  namespace: string;
  program: Program;
  account: ServiceAccount | undefined;
}): Promise<Finding> {
  const { connection, namespace, program, account } = options;
  const whose = account === undefined ? 'this account' : `${account.namespace}/${account.name}`;
  return finding(`rights of the ${program}`, async () => {
    const missing = await findMissingPermissions({
      ...{ connection, namespace, program },
      ...(account === undefined ? {} : { serviceAccount: account }),
    });
    const judged = judgePermissions(missing);
    if (typeof judged === 'string') return `${whose}: ${judged}`;
    return { ...judged, text: `${whose} ${judged.text}` };
  });
}

function readAccount(text: string): ServiceAccount {
  const [namespace, name, ...more] = text.split('/');
  // Service accounts may have dots in their names; ours and most have none.
  if (isNamespace(namespace) && isNamespace(name) && more.length === 0) return { namespace, name };
  throw new InvalidArgumentError('Expected NAMESPACE/NAME.');
}
