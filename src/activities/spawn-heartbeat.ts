/** What a waiting spawn tells Temporal: readable in the UI, and where the next attempt goes on. */
import { Context } from '@temporalio/activity';
import { heartbeatTimeoutMs } from '../pool/deadlines.ts';
import type { PodView } from '../pool/pod-view.ts';
import { beatEveryMs } from './beat-every.ts';

/** Heartbeat details of a spawn. People read them in the UI, so times are written out. */
interface SpawnHeartbeat {
  podName: string;
  phase: 'creating' | 'waiting';
  /** What the pod says of itself, else what is waited for. */
  message: string;
  /** Since when: RFC 3339. */
  since: string;
  uid: string | null;
  startedAtMs: number;
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
  const { podName } = options;
  let details: SpawnHeartbeat = {
    podName,
    phase: 'creating',
    message: 'The API server is asked to create the pod.',
    ...startOf(Date.now()),
    uid: options.uid,
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
        podName,
        phase: 'waiting',
        message: message === '' ? 'The pod exists and is waited for to be Ready.' : message,
        ...startOf(pod.createdAtMs),
        uid: pod.uid,
      };
    },
    stop() {
      inFlight -= 1;
      clearTimeout(timer);
    },
  };
}

/** An instant for people and for programs. */
function startOf(startedAtMs: number): Pick<SpawnHeartbeat, 'since' | 'startedAtMs'> {
  return { since: new Date(startedAtMs).toISOString(), startedAtMs };
}

/** The uid of the pod that an earlier attempt has read; null when its details tell of none. */
export function uidOfHeartbeat(details: unknown): string | null {
  const { uid } = (details ?? {}) as Partial<Record<keyof SpawnHeartbeat, unknown>>;
  return typeof uid === 'string' && uid !== '' ? uid : null;
}
