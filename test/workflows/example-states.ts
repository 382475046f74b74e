/**
 * States as a run carries them into the next, made by the core itself, one for each thing that a
 * pool can be in the middle of. `record-histories.ts` writes them down at each release.
 */
import { begin } from '../../src/pool/begin.ts';
import { observe, observeList } from '../../src/pool/observe.ts';
import type { Observation } from '../../src/pool/observation.ts';
import { plan } from '../../src/pool/plan.ts';
import type { PodView } from '../../src/pool/pod-view.ts';
import { refuse, requestDrain, requestPause, requestTarget } from '../../src/pool/requests.ts';
import { settle } from '../../src/pool/settle.ts';
import { carryState } from '../../src/pool/carry-state.ts';
import { newState, type PoolState } from '../../src/pool/state.ts';
import { examplePod, exampleSpec, exampleState } from '../pool/examples.ts';

const atMs = 1_700_000_000_000;

function listOf(version: string, pods: PodView[]): Observation {
  return { cluster: 'c1', version, pods, gone: [], complete: true };
}

/** A state that has listed these pods. */
function listed(pods: PodView[], state = exampleState()): PoolState {
  const list = listOf('100', pods);
  return observeList({ state, list, launchedAtVersion: '0', nowMs: atMs });
}

/** A pool of three whose spawns have begun. */
function filling(): PoolState {
  const state = listed([]);
  return begin(state, plan({ state, nowMs: atMs }).actions, atMs);
}

function pod(ordinal: number, changes: Partial<PodView> = {}): PodView {
  const version = String(50 + ordinal);
  const name = `p-${ordinal}`;
  return examplePod({ name, uid: `u${ordinal}`, version, createdAtMs: atMs - 9_000, ...changes });
}

const warm: Partial<PodView> = { ready: true, readyChangedAtMs: atMs - 2_000, node: 'n1' };
const unschedulable = { reason: 'Unschedulable', message: '0/3 nodes are available' };

function degraded(): PoolState {
  const failed = { ...pod(0), version: '120', reason: 'ErrImagePull', message: 'not found' };
  const result = { outcome: 'failed', pod: failed, reason: 'ErrImagePull', message: 'x' } as const;
  return settle(filling(), { kind: 'spawn', podName: 'p-0', result }, atMs + 60_000);
}

function ended(): PoolState {
  const state = listed([pod(0, warm), pod(1, warm), pod(2, warm)]);
  const gone = { name: 'p-1', uid: 'u1', version: '140' };
  const message = { ...listOf('140', []), gone: [gone], complete: false };
  return observe(state, message, atMs);
}

/** Every state by a name that says what the pool is in the middle of. */
export function exampleStates(): Record<string, PoolState> {
  const steady = listed([pod(0, warm), pod(1, warm), pod(2, warm)]);
  const lease = { claimed: true, leaseExpiresAtMs: atMs + 3_600_000 };
  const unready = observe(
    steady,
    { ...listOf('130', [pod(1, { ...warm, ready: false, version: '130' })]), complete: false },
    atMs,
  );
  const longPool = newState({
    pool: 'p'.repeat(50),
    namespace: 'n'.repeat(63),
    spec: exampleSpec({ warmTarget: 1 }),
    upsertSearchAttributes: true,
  });
  const longPod = pod(0, { name: `${'p'.repeat(50)}-zzzzzzzz`, version: '9'.repeat(19), ...warm });
  const elsewhere = { ...listOf('300', []), cluster: 'c2' };
  const noVerdict = { outcome: 'noVerdict', message: 'activity Heartbeat timeout' } as const;
  const states = {
    'new-life': exampleState(),
    'pods-being-made': filling(),
    'pods-waiting-for-a-node': observe(
      filling(),
      listOf('110', [pod(0, unschedulable), pod(1, unschedulable), pod(2)]),
      atMs,
    ),
    steady,
    'claimed-with-and-without-lease': listed([
      pod(0, { ...warm, ...lease }),
      pod(1, { ...warm, claimed: true }),
      pod(2, warm),
    ]),
    unready,
    degraded: degraded(),
    paused: requestPause(filling()),
    draining: requestDrain(listed([pod(0, { ...warm, ...lease }), pod(1, warm)]), undefined, atMs),
    'above-its-target': requestTarget(steady, { target: 1, by: 'ann@laptop' }, atMs),
    'a-stale-pod': listed([pod(0, { ...warm, templateHash: 'old' }), pod(1, warm)]),
    'a-pod-being-deleted': listed([pod(0, { ...warm, terminating: true }), pod(1, warm)]),
    'a-name-that-has-ended': ended(),
    'read-from-another-cluster': observe(steady, elsewhere, atMs),
    'a-spawn-timed-out': settle(
      filling(),
      { kind: 'spawn', podName: 'p-0', result: noVerdict },
      atMs,
    ),
    'a-refused-message': refuse(steady, 'setTarget: Expected `target` to be an integer', atMs),
    'names-and-versions-at-their-longest': observeList({
      state: longPool,
      list: { ...listOf('9'.repeat(20), [longPod]) },
      launchedAtVersion: '0',
      nowMs: atMs,
    }),
  };
  return Object.fromEntries(
    Object.entries(states).map(([name, state]) => [name, carryState(state)]),
  );
}
