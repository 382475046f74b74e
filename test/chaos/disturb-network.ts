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
  const whileItLasts = async (
    { seconds }: { seconds: number },
    begin: () => void,
    end: () => void,
  ): Promise<void> => {
    begin();
    await sleep(seconds * 1_000);
    end();
  };
  const heal = (): void => cluster.heal();
  const healTemporal = (): void => temporal.heal();
  switch (fault.kind) {
    case 'expireWatches': {
      cluster.expireWatches();
      return;
    }
    case 'truncateWatches': {
      cluster.truncateWatches();
      return;
    }
    case 'refuseCalls': {
      cluster.answer(fault.status, fault.times);
      return;
    }
    case 'refuseWrites': {
      cluster.refuse(() => true, fault.times);
      return;
    }
    case 'timeOutWrites':
    case 'loseWrites':
    case 'delayWrites': {
      const set = {
        timeOutWrites: cluster.timeOutEvery,
        loseWrites: cluster.loseEvery,
        delayWrites: cluster.delayEvery,
      }[fault.kind];
      return whileItLasts(
        fault,
        () => set(fault.every),
        () => set(0),
      );
    }
    case 'holdWatches':
      return whileItLasts(
        fault,
        () => cluster.holdWatches(),
        () => cluster.releaseWatches(),
      );
    case 'cutCluster':
      return whileItLasts(fault, () => cluster.cut(), heal);
    case 'stallCluster':
      return whileItLasts(fault, () => cluster.stall(), heal);
    case 'dripCluster':
      return whileItLasts(fault, () => cluster.drip(), heal);
    case 'cutTemporal':
      return whileItLasts(fault, () => temporal.cut(), healTemporal);
    case 'stallTemporal':
      return whileItLasts(fault, () => temporal.stall(), healTemporal);
    case 'muteTemporal':
      return whileItLasts(fault, () => temporal.mute(), healTemporal);
    case 'slowTemporal':
      return whileItLasts(fault, () => temporal.slow(fault.delayMs), healTemporal);
  }
}
