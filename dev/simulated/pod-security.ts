/**
 * Pod Security admission, as far as the simulated cluster plays it: a namespace labelled
 * `pod-security.kubernetes.io/enforce: baseline` takes no pod with host namespaces, hostPath volumes
 * or privileged containers. The words are the real server's, of which the contract is a witness.
 */
import { isFields, type Fields } from './api-object.ts';
import { keyOf, type ObjectStore } from './object-store.ts';
import { namespaces, pods } from './resources.ts';
import { forbidden } from './status-error.ts';

const enforceLabel = 'pod-security.kubernetes.io/enforce';
const knownLevels = ['privileged', 'baseline'];

/** Raises 403 for a pod that the level of its namespace forbids, dry runs included. */
export function refuseInsecurePod(
  store: ObjectStore,
  pod: { namespace: string; name: string; spec: Fields },
): void {
  const { namespace, name, spec } = pod;
  const { labels } = store.get(namespaces, keyOf({ name: namespace }))?.metadata ?? {};
  const level = labels?.[enforceLabel] ?? 'privileged';
  if (!knownLevels.includes(level)) {
    // To let it pass would be kinder than a real cluster.
    const why = `the simulated cluster knows the levels ${knownLevels.join(' and ')}, got ${level}`;
    throw forbidden(pods, name, why);
  }
  const violations = level === 'baseline' ? violationsOf(spec) : [];
  if (violations.length === 0) return;
  throw forbidden(pods, name, `violates PodSecurity "${level}:latest": ${violations.join(', ')}`);
}

function violationsOf(spec: Fields): string[] {
  const hosts = ['hostNetwork', 'hostPID', 'hostIPC'].filter((key) => spec[key] === true);
  const volumes = namesOf(spec['volumes'], (volume) => isFields(volume['hostPath']));
  const privileged = namesOf(spec['containers'], ({ securityContext }) =>
    isFields(securityContext) ? securityContext['privileged'] === true : false,
  );
  const settings = hosts.map((key) => `${key}=true`).join(', ');
  return [
    ...(hosts.length === 0 ? [] : [`host namespaces (${settings})`]),
    ...(volumes.length === 0 ? [] : [`hostPath volumes (${counted('volume', volumes)})`]),
    ...(privileged.length === 0
      ? []
      : [
          `privileged (${counted('container', privileged)} must not set securityContext.privileged=true)`,
        ]),
  ];
}

function namesOf(list: unknown, fits: (item: Fields) => boolean): string[] {
  const items: unknown[] = Array.isArray(list) ? list : [];
  return items
    .filter((item): item is Fields => isFields(item) && fits(item))
    .map(({ name }) => JSON.stringify(name));
}

function counted(noun: string, names: string[]): string {
  return `${noun}${names.length === 1 ? '' : 's'} ${names.join(', ')}`;
}
