/**
 * Reads what activities answer. Another release may run them, and an answer may not be readable at
 * all: what is no known answer is no verdict, so the activity is launched again and no pod is judged.
 */
import type { NoVerdict, Outcome, RetireResult, SpawnResult } from './actions.ts';
import { maxObservedPods, readObservation } from './observation.ts';
import { readPodView, type PodView } from './pod-view.ts';
import { show } from './show.ts';

/** Pods of a list at most; more do not fit into one result of 2 MiB. */
const maxListedPods = 5 * maxObservedPods;

/** What each answer comes with. A new one must be named here, or it would be no verdict. */
type Content = 'nothing' | 'pod';

/** A failed or refused spawn is raised as an error, so these are all that a spawn can answer. */
const spawnContents: Record<Exclude<SpawnResult['outcome'], Raised>, Content> = {
  ready: 'pod',
  gone: 'nothing',
  nameTaken: 'nothing',
};

const retireContents: Record<Exclude<RetireResult['outcome'], Raised>, Content> = {
  deleted: 'pod',
  gone: 'nothing',
  claimedMeanwhile: 'pod',
  readyMeanwhile: 'pod',
  renewedMeanwhile: 'pod',
  notOurs: 'nothing',
};

type Raised = 'failed' | 'refused' | 'noVerdict';

/** The answer of a spawn. Never throws. */
export function readSpawnResult(value: unknown): SpawnResult {
  return read(value, spawnContents) as SpawnResult;
}

/** The answer of a retirement. Never throws. */
export function readRetireResult(value: unknown): RetireResult {
  return read(value, retireContents) as RetireResult;
}

/** The answer of a list. Never throws. */
export function readListResult(value: unknown): Extract<Outcome, { kind: 'observe' }>['result'] {
  const list = readObservation(value, maxListedPods);
  return 'refusal' in list ? unreadable(list.refusal) : { outcome: 'listed', list };
}

/** The answer with what belongs to it and nothing else. */
function read(
  value: unknown,
  contents: Record<string, Content>,
): { outcome: string; pod?: PodView } {
  const { outcome, pod } = (value ?? {}) as { outcome?: unknown; pod?: unknown };
  if (typeof outcome !== 'string' || !Object.hasOwn(contents, outcome)) {
    return unreadable(`Expected a known outcome, got ${show(value)}`);
  }
  if (contents[outcome] === 'nothing') return { outcome };
  const view = readPodView(pod);
  if (view !== null) return { outcome, pod: view };
  return unreadable(`Expected \`${outcome}\` to come with a pod, got ${show(pod)}`);
}

function unreadable(message: string): NoVerdict {
  return { outcome: 'noVerdict', message: `an activity's answer can't be read: ${message}` };
}
