/** What a waiting spawn tells Temporal: readable in the UI, and where the next attempt goes on. */
import { Context } from '@temporalio/activity';
import { heartbeatTimeoutMs } from '../pool/deadlines.ts';
import type { PodView } from '../pool/pod-view.ts';
import { beatEveryMs } from './beat-every.ts';

/** Heartbeat details of a spawn. */
interface SpawnHeartbeat {
  podName: string;
  uid: string | null;
  phase: 'creating' | 'waiting';
  startedAtMs: number;
  message: string;
}

/** With more in flight in this process each beats half as often. */
const manySpawns = 100;

/** How far the first beats of spawns that begin together are spread over their interval. */
const spread = 0.75;

let inFlight = 0;

/** The pool asks for slower beats, by a longer timeout, when it waits for hundreds of pods at once. */
function nextBeatMs(): number {
  const timeoutMs = Context.current().info.heartbeatTimeoutMs ?? heartbeatTimeoutMs;
  return beatEveryMs(timeoutMs, inFlight > manySpawns);
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
  // A thousand that began within a second would beat within one, and keep Temporal busy for three.
  let timer = setTimeout(beat, nextBeatMs() * (1 - Math.random() * spread));
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
