/** What a waiting spawn tells Temporal: readable in the UI, and where the next attempt goes on. */
import { Context } from '@temporalio/activity';
import type { PodView } from '../pool/pod-view.ts';

/** Heartbeat details of a spawn. */
interface SpawnHeartbeat {
  podName: string;
  uid: string | null;
  phase: 'creating' | 'waiting';
  startedAtMs: number;
  message: string;
}

/** A beat every 2 s notices a lost attempt early and leaves four lost beats within the timeout. */
const beatMs = 2_000;

/** With many in flight a beat every 4 s halves the writes to Temporal's database. */
const slowBeatMs = 4_000;
const manySpawns = 100;

let inFlight = 0;

function nextBeatMs(): number {
  return inFlight > manySpawns ? slowBeatMs : beatMs;
}

/** Spawns of this process that are under way, the caller's included. */
export function spawnsInFlight(): number {
  return inFlight;
}

/** Beats until stopped; `saw` changes what the next beat says. */
export function startHeartbeat(options: { podName: string; uid: string | null }): {
  saw: (pod: PodView) => void;
  stop: () => void;
} {
  const context = Context.current();
  inFlight += 1;
  let details: SpawnHeartbeat = {
    ...options,
    phase: 'creating',
    startedAtMs: Date.now(),
    message: '',
  };
  let timer = setTimeout(beat, nextBeatMs());
  function beat(): void {
    context.heartbeat(details);
    timer = setTimeout(beat, nextBeatMs());
  }
  return {
    saw(pod) {
      const message = [pod.reason, pod.message].filter((text) => text !== undefined).join(': ');
      details = {
        ...details,
        uid: pod.uid,
        phase: 'waiting',
        startedAtMs: pod.createdAtMs,
        message,
      };
    },
    stop() {
      inFlight -= 1;
      clearTimeout(timer);
    },
  };
}

/** The uid of the pod that an earlier attempt has read; null when its details tell of none. */
export function uidOfHeartbeat(details: unknown): string | null {
  const { uid } = (details ?? {}) as Partial<Record<keyof SpawnHeartbeat, unknown>>;
  return typeof uid === 'string' && uid !== '' ? uid : null;
}
