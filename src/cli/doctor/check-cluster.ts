/** The checks of a Kubernetes cluster. */
import { hasAdmissionPolicy } from '../../kubernetes/admission-policy.ts';
import type { ClusterConnection } from '../../kubernetes/connection.ts';
import { KubernetesError } from '../../kubernetes/kubernetes-error.ts';
import {
  hasNamespace,
  listQuotaUse,
  readClusterVersion,
  type QuotaUse,
} from '../../kubernetes/namespaces.ts';
import {
  findMissingPermissions,
  type MissingPermission,
  type Program,
} from '../../kubernetes/permissions.ts';
import { normaliseQuantity } from '../../apply/quantity.ts';
import { finding, type Finding } from './finding.ts';
import { isAtLeast } from './judge-temporal.ts';

/** Admission policies are served from here on; older ones run pools, but can't reserve our keys. */
const oldestCluster = '1.30.0';

/** Leases are judged by the API server's clock and renewed by the holders' own. */
const toleratedSkewMs = 5_000;

/** A quota this full stops a pool soon. */
const fullRatio = 0.9;

/** Version, clock, namespace, permissions, admission policy and quota. */
export async function checkCluster(options: {
  connection: ClusterConnection;
  namespace: string;
  programs: Program[];
}): Promise<Finding[]> {
  const { connection, namespace, programs } = options;
  const version = await finding('Kubernetes version', async () => {
    const given = await readClusterVersion(connection);
    if (isAtLeast(given, oldestCluster)) return given;
    const text = `Expected ${oldestCluster} or newer, got ${given}; upgrade the cluster`;
    return { state: 'warn', text };
  });
  // Without an answer there is no more to find out; the one message is enough.
  if (version.state === 'fail') {
    const text = `${version.text}; check KUBECONFIG and that ${connection.server} answers`;
    return [{ name: 'Kubernetes', state: 'fail', text }];
  }
  const rest = await Promise.all([
    finding('namespace', () => checkNamespace(connection, namespace)),
    ...programs.map((program) =>
      finding(`rights of the ${program}`, async () =>
        judgePermissions(await findMissingPermissions({ connection, namespace, program })),
      ),
    ),
    finding('admission policy', () => checkPolicy(connection, namespace)),
    finding('quota', () => checkQuota(connection, namespace)),
  ]);
  const clock = judgeClock(connection.serverNowMs() - Date.now());
  return [{ name: 'Kubernetes', state: 'ok', text: connection.server }, version, clock, ...rest];
}

/** The finding for the distance of the API server's clock from this machine's. */
export function judgeClock(skewMs: number): Finding {
  const name = 'clock';
  // Its answers carry whole seconds, so it may be a second further ahead than they say.
  const seconds = `${Math.abs(Math.round(skewMs / 1000))} s`;
  if (skewMs > -toleratedSkewMs && skewMs < toleratedSkewMs) {
    return { name, state: 'ok', text: "within 5 s of the API server's" };
  }
  const side = skewMs > 0 ? 'behind' : 'ahead of';
  const text = `this machine's is ${seconds} ${side} the API server's, by which leases end; set up NTP`;
  return { name, state: 'fail', text };
}

/** The finding's content for what an account may not do. */
export function judgePermissions(missing: MissingPermission[]): Omit<Finding, 'name'> | string {
  if (missing.length === 0) return 'all granted';
  const vital = missing.filter(({ without }) => without === null);
  const list = (some: MissingPermission[]): string => some.map(({ what }) => what).join(', ');
  const advice = "grant them, as the Helm chart's roles do";
  if (vital.length > 0) return { state: 'fail', text: `lacks ${list(missing)}; ${advice}` };
  const [{ without } = { without: '' }] = missing;
  return { state: 'warn', text: `lacks ${list(missing)}: ${without ?? ''}; ${advice}` };
}

/** The finding's content for a namespace's quotas. */
export function judgeQuota(uses: QuotaUse[]): Omit<Finding, 'name'> | string {
  const said = uses.map(({ quota, resource, used, hard }) => {
    const [has, may] = [billionths(used), billionths(hard)];
    return { isFull: has >= may * fullRatio, text: `${resource} ${used} of ${hard} (${quota})` };
  });
  const full = said.filter(({ isFull }) => isFull).map(({ text }) => text);
  if (full.length === 0)
    return said.length === 0 ? 'none' : said.map(({ text }) => text).join(', ');
  return { state: 'warn', text: `nearly used up: ${full.join(', ')}; raise it or lower targets` };
}

function billionths(quantity: string): number {
  return Number.parseInt(String(normaliseQuantity(quantity)), 10);
}

async function checkNamespace(
  connection: ClusterConnection,
  namespace: string,
): Promise<Omit<Finding, 'name'> | string> {
  try {
    if (await hasNamespace(connection, namespace)) return `${namespace} is there`;
  } catch (error) {
    if (!isForbidden(error)) throw error;
    return { state: 'ok', text: `${namespace}, which this account may not read` };
  }
  const text = `${namespace} is missing; run \`pilotlight setup\`, or set PILOTLIGHT_NAMESPACE`;
  return { state: 'fail', text };
}

async function checkPolicy(
  connection: ClusterConnection,
  namespace: string,
): Promise<Omit<Finding, 'name'> | string> {
  try {
    if (await hasAdmissionPolicy(connection, namespace)) return 'our keys are reserved';
  } catch (error) {
    if (!isForbidden(error)) throw error;
    return 'not known: this account may not read it';
  }
  const text =
    'none: whoever may write pods can take one without a claim; install the Helm chart, or name accounts to `pilotlight setup`';
  return { state: 'warn', text };
}

async function checkQuota(
  connection: ClusterConnection,
  namespace: string,
): Promise<Omit<Finding, 'name'> | string> {
  try {
    return judgeQuota(await listQuotaUse(connection, namespace));
  } catch (error) {
    if (!isForbidden(error)) throw error;
    return 'not known: this account may not list resourcequotas';
  }
}

function isForbidden(error: unknown): boolean {
  return error instanceof KubernetesError && error.kind === 'forbidden';
}
