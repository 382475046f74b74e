/** A pool as the command line shows it, whoever has told of it. */
import type { PoolCard } from '../pool/actions.ts';
import type { PodView } from '../pool/pod-view.ts';
import { phaseOf } from '../pool/state.ts';
import type { PoolStatus } from '../pool/status.ts';

/** What a card and the cluster's pods tell as well as the pool's workflow does. */
type Seen =
  | ('pool' | 'namespace' | 'why' | 'target' | 'templateHash' | 'stale' | 'pods')
  | ('warm' | 'pending' | 'claimed' | 'retiring');

/** A pool's status. From its card it is without what only the workflow remembers. */
export type ShownPool = Pick<PoolStatus, Seen> &
  Partial<Omit<PoolStatus, Seen | 'phase'>> & { phase: string };

/** What a card and the pods of the cluster tell of a pool, at an instant by this machine's clock. */
export function poolOfCard(options: { card: PoolCard; pods: PodView[]; nowMs: number }): ShownPool {
  const { card, pods, nowMs } = options;
  const shown = pods
    .toSorted((a, b) => a.createdAtMs - b.createdAtMs || (a.name < b.name ? -1 : 1))
    .map((pod) => ({
      name: pod.name,
      uid: pod.uid,
      phase: phaseOf(recordOf(pod)),
      node: pod.node ?? null,
      ageMs: Math.max(0, nowMs - pod.createdAtMs),
      reason: [pod.reason, pod.message].filter((text) => text !== undefined).join(': ') || null,
    }));
  const count = (phase: string): number => shown.filter((pod) => pod.phase === phase).length;
  const warm = count('warm');
  return {
    pool: card.pool,
    namespace: card.namespace,
    phase: card.phase,
    // A card says why only where something is wrong, so that it is not written at every change.
    why: card.why || `${warm} of ${card.target} pods are warm.`,
    target: card.target,
    warm,
    pending: count('pending'),
    claimed: count('claimed'),
    retiring: count('retiring'),
    stale: pods.filter((pod) => pod.templateHash !== card.templateHash && !pod.claimed).length,
    templateHash: card.templateHash,
    pods: shown,
  };
}

/** The record that a pool would have of a pod it sees for the first time. */
function recordOf(pod: PodView): Parameters<typeof phaseOf>[0] {
  const { name, templateHash, createdAtMs: sinceMs } = pod;
  const nothing = { unreadySinceMs: null, tasks: [], retiring: null, retryAtMs: 0 };
  return { name, templateHash, sinceMs, pod, ...nothing };
}
