/** Faults between one process of ours and its servers. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from './schedule.ts';
import type { OurRunning } from './start-processes.ts';

/** What happens on the way, not to a process itself. */
export type NetworkFault = Exclude<
  Fault,
  { pool: string } | { kind: 'kill' | 'terminate' | 'freeze' }
>;

/** Plays one; resolves when it has passed. */
export async function disturbNetwork(
  { cluster, temporal }: OurRunning,
  fault: NetworkFault,
): Promise<void> {
  switch (fault.kind) {
    case 'expireWatches':
      cluster.expireWatches();
      return;
    case 'truncateWatches':
      cluster.truncateWatches();
      return;
    case 'refuseCalls':
      cluster.answer(fault.status, fault.times);
      return;
    case 'timeOutWrites':
      cluster.timeOutEvery(fault.every);
      await sleep(fault.seconds * 1_000);
      cluster.timeOutEvery(0);
      return;
    case 'cutCluster':
    case 'stallCluster':
    case 'dripCluster':
      if (fault.kind === 'cutCluster') cluster.cut();
      else if (fault.kind === 'stallCluster') cluster.stall();
      else cluster.drip();
      await sleep(fault.seconds * 1_000);
      cluster.heal();
      return;
    case 'refuseWrites':
      cluster.refuse(() => true, fault.times);
      return;
    case 'loseWrites':
      cluster.loseEvery(fault.every);
      await sleep(fault.seconds * 1_000);
      cluster.loseEvery(0);
      return;
    case 'delayWrites':
      cluster.delayEvery(fault.every);
      await sleep(fault.seconds * 1_000);
      cluster.delayEvery(0);
      return;
    case 'holdWatches':
      cluster.holdWatches();
      await sleep(fault.seconds * 1_000);
      cluster.releaseWatches();
      return;
    case 'cutTemporal':
    case 'stallTemporal':
    case 'muteTemporal':
    case 'slowTemporal':
      if (fault.kind === 'slowTemporal') temporal.slow(fault.delayMs);
      else if (fault.kind === 'cutTemporal') temporal.cut();
      else if (fault.kind === 'stallTemporal') temporal.stall();
      else temporal.mute();
      await sleep(fault.seconds * 1_000);
      temporal.heal();
      return;
  }
}
