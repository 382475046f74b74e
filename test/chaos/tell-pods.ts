import type { PodMoment } from '../e2e/pod-recorder.ts';

/** What became of pods, an instant and a line each, in order: what an audit of the cluster would tell. */
export function tellPods(moments: PodMoment[]): { atMs: number; line: string }[] {
  const before = new Map<string, PodMoment>();
  const told: { atMs: number; line: string }[] = [];
  for (const moment of moments) {
    const known = before.get(moment.uid);
    before.set(moment.uid, moment);
    const changes = [
      known === undefined && `is created from ${moment.templateHash ?? 'nothing'}`,
      moment.isReady && known?.isReady !== true && 'is Ready',
      known?.isReady === true && !moment.isReady && 'is not Ready any more',
      moment.isClaimed && known?.isClaimed !== true && `is claimed: ${moment.claimId ?? ''}`,
      moment.isTerminating && known?.isTerminating !== true && 'is told to end',
      moment.isDeleted && 'is gone',
    ].filter((change) => change !== false);
    for (const change of changes) {
      told.push({
        atMs: moment.atMs,
        line: `${moment.name} (${moment.uid.slice(0, 8)}) ${change}`,
      });
    }
  }
  return told;
}
