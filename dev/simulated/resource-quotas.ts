/**
 * Quotas of pods: `pods` counts those that have not ended, `count/pods` all there are. Quotas of
 * anything else are refused when they are made, since not to enforce one would be kinder than a real
 * cluster.
 */
import { isDeepStrictEqual } from 'node:util';
import { isFields, type ApiObject, type Fields } from './api-object.ts';
import type { ObjectStore } from './object-store.ts';
import { isTerminal, type Pod } from './pod.ts';
import { parseQuantity } from './quantity.ts';
import { pods, resourceQuotas } from './resources.ts';
import { forbidden, type Cause } from './status-error.ts';

const counts: Record<string, (pod: Pod) => boolean> = {
  pods: (pod) => !isTerminal(pod),
  'count/pods': () => true,
};

/** What is wrong with a quota, beyond what is wrong with any object. */
export function checkQuota(spec: unknown): Cause[] {
  const { hard, ...others } = isFields(spec) ? spec : {};
  const unknown = [
    ...Object.keys(others),
    ...Object.keys(hardOf(hard))
      .filter((name) => !(name in counts))
      .map((name) => `hard[${name}]`),
  ];
  return unknown.map((path) => ({
    reason: 'FieldValueForbidden',
    field: `spec.${path}`,
    message: `Forbidden: the simulated cluster knows quotas of ${Object.keys(counts).join(' and ')} only`,
  }));
}

/**
 * Raises 403 for one pod more than a quota of its namespace allows, dry runs included, and while a
 * quota has not been counted yet.
 */
export function refuseOverQuota(
  store: ObjectStore,
  { namespace, name }: { namespace: string; name: string },
): void {
  const quotas = store
    .all(resourceQuotas)
    .filter(({ metadata }) => metadata.namespace === namespace)
    .toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  for (const quota of quotas) {
    const of = `quota: ${quota.metadata.name}`;
    const hard = limitsOf(quota);
    if (!isDeepStrictEqual(statusOf(quota)['hard'], hard)) {
      const resources = `resources: ${Object.keys(hard).toSorted().join(',')}`;
      throw forbidden(pods, name, `status unknown for ${of}, ${resources}`);
    }
    const used = usedOf(store, quota);
    const full = Object.keys(hard)
      .filter((key) => (used[key] ?? 0) + 1 > (parseQuantity(hard[key]) ?? 0))
      .toSorted();
    if (full.length === 0) continue;
    const list = (value: (key: string) => unknown): string =>
      full.map((key) => `${key}=${String(value(key))}`).join(',');
    const requested = `requested: ${list(() => 1)}, used: ${list((key) => used[key])}`;
    throw forbidden(
      pods,
      name,
      `exceeded ${of}, ${requested}, limited: ${list((key) => hard[key])}`,
    );
  }
}

/** Writes into the status of each quota what it allows and what is used, where that has changed. */
export function countQuotas(store: ObjectStore): void {
  for (const quota of store.all(resourceQuotas)) {
    const entries = Object.entries(usedOf(store, quota));
    const used = Object.fromEntries(entries.map(([key, count]) => [key, String(count)]));
    const status = { hard: limitsOf(quota), used };
    if (!isDeepStrictEqual(quota.status, status)) store.put(resourceQuotas, { ...quota, status });
  }
}

function usedOf(store: ObjectStore, quota: ApiObject): Record<string, number> {
  const { namespace } = quota.metadata;
  const inside = (store.all(pods) as Pod[]).filter((pod) => pod.metadata.namespace === namespace);
  return Object.fromEntries(
    Object.keys(limitsOf(quota)).map((key) => [
      key,
      inside.filter((pod) => counts[key]?.(pod) === true).length,
    ]),
  );
}

function limitsOf({ spec }: ApiObject): Fields {
  return hardOf(isFields(spec) ? spec['hard'] : undefined);
}

function hardOf(hard: unknown): Fields {
  return isFields(hard) ? hard : {};
}

function statusOf({ status }: ApiObject): Fields {
  return isFields(status) ? status : {};
}
