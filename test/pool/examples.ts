/** Small specs, states and pods to test with. */
import { observeList } from '../../src/pool/observe.ts';
import type { Observation } from '../../src/pool/observation.ts';
import type { PodView } from '../../src/pool/pod-view.ts';
import type { PoolSpec } from '../../src/pool/pool-spec.ts';
import { newState, type PoolState } from '../../src/pool/state.ts';

export function exampleSpec(changes: Partial<PoolSpec> = {}): PoolSpec {
  return {
    warmTarget: 3,
    maxPods: 20,
    maxPending: 10,
    podReadySeconds: 300,
    unreadySeconds: 60,
    maxAgeSeconds: 0,
    maxIdleSeconds: 0,
    claim: { leaseSeconds: 3600, maxLeaseSeconds: 86_400 },
    rollout: { maxSurge: 1, maxUnavailable: 0 },
    failure: { backOffSeconds: 10, probeSeconds: 60, maxProbeSeconds: 600 },
    templateHash: 'abc',
    ...changes,
  };
}

export function exampleState(changes: Partial<PoolSpec> = {}): PoolState {
  return newState({
    pool: 'p',
    namespace: 'default',
    spec: exampleSpec(changes),
    upsertSearchAttributes: false,
  });
}

export function examplePod(changes: Partial<PodView> = {}): PodView {
  return {
    name: 'p-0',
    uid: 'u0',
    version: '10',
    templateHash: 'abc',
    createdAtMs: 0,
    ready: false,
    claimed: false,
    terminating: false,
    ended: false,
    ...changes,
  };
}

/** A pool that has listed these pods at second 0, in a cluster at version 50. */
export function poolOf(pods: PodView[], changes: Partial<PoolSpec> = {}): PoolState {
  const list = { cluster: 'c1', version: '50', pods, gone: [], complete: true };
  const state = { ...exampleState(changes), rules: 2 };
  return observeList({ state, list, launchedAtVersion: '0', nowMs: 0 });
}

/** What a watcher tells of some pods. */
export function seen(pods: PodView[], changes: Partial<Observation> = {}): Observation {
  const version = pods.at(-1)?.version ?? '60';
  return { cluster: 'c1', version, pods, gone: [], complete: false, ...changes };
}
