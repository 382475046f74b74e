/**
 * What a run hands to the next one by continue-as-new.
 *
 * K1. No activity survives continue-as-new, so none is under way in what is carried: the first plan of
 *     the new run launches them again under the same ids, and the activities adopt their pods.
 * K2. It always fits. Temporal refuses an input above 2 MiB, and the pool would then be stuck for good;
 *     so what can be read again is left out, step by step, until the rest is small enough.
 */
import type { PodRecord, PoolState } from './state.ts';

/**
 * Bytes of JSON above which the pods' own words are left out. 2,000 pods with messages are 1.4 MB, and
 * 2.1 MB with the longest names and messages of two bytes a letter; without them 0.9 and 1.3 MB.
 */
const maxBytesWithTexts = 1_048_576;

/** Bytes above which the pods are left out too: what is left of 2 MiB is for the rest of the input. */
const maxBytesWithReadings = 1_572_864;

/** The state to carry into a new run, of at most 1.5 MiB of JSON. */
export function carryState(state: PoolState): PoolState {
  const whole = mapRecords(state, (record) => ({ ...record, tasks: [], retryAtMs: 0 }));
  const carried = {
    ...whole,
    observe: { ...state.observe, launchedAtVersion: null },
    publish: { ...state.publish, underWay: null },
  };
  if (bytesOf(carried) <= maxBytesWithTexts) return carried;
  const shorter = withoutTexts(carried);
  return bytesOf(shorter) <= maxBytesWithReadings ? shorter : withoutReadings(carried);
}

function bytesOf(state: PoolState): number {
  return new TextEncoder().encode(JSON.stringify(state)).length;
}

/**
 * Without what pods say of themselves: it is only shown, and comes back with their next reading. And
 * without whom claims have served: it matters until that replica's next report.
 */
function withoutTexts(state: PoolState): PoolState {
  return mapRecords(state, (whole) => {
    const record = { ...whole };
    delete record.claim;
    if (record.pod === null) return record;
    const pod = { ...record.pod };
    delete pod.message;
    delete pod.reason;
    return { ...record, pod };
  });
}

/**
 * Without the pods that can be listed: the new run lists them before it plans. Those that were never
 * read stay, because their spawns may be creating them (O2).
 */
function withoutReadings(state: PoolState): PoolState {
  const unread = Object.entries(state.records).filter(([, { pod }]) => pod === null);
  return {
    ...state,
    records: Object.fromEntries(unread),
    endedNames: {},
    cordoned: { ...state.cordoned, nodes: [] },
    observed: false,
    observe: { ...state.observe, dueAtMs: 0 },
  };
}

function mapRecords(state: PoolState, change: (record: PodRecord) => PodRecord): PoolState {
  const records: Record<string, PodRecord> = {};
  for (const [name, record] of Object.entries(state.records)) records[name] = change(record);
  return { ...state, records };
}
