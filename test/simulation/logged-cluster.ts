/** A faulty cluster whose every change is kept, so that any number of watches can follow at their own pace. */
import type { PodView } from '../../src/pool/pod-view.ts';
import { takeDemand, type DemandReport } from '../../src/pool/demand.ts';
import { passTime } from '../../src/pool/pass-time.ts';
import { FaultyCluster } from '../pool/faulty-cluster.ts';

/** One change of one pod, as a watch tells it. */
export interface LoggedChange {
  version: number;
  pod: PodView;
  isGone: boolean;
}

/** A cluster, its pool and the log of its pods. */
export class LoggedCluster extends FaultyCluster {
  readonly log: LoggedChange[] = [];
  /** uids of pods whose claims were answered: nobody else can give one back. */
  readonly answered = new Set<string>();
  /** Claims that came and went between two looks of the pool. */
  goneUnseen = 0;

  /** Writes a claim if the pod is still as it was read; the claimed pod, or null when the race is lost. */
  claim({ name, version }: PodView): PodView | null {
    const pod = this.pods.get(name);
    return pod?.version === version ? this.write({ ...pod, claimed: true }) : null;
  }

  /**
   * The holder gives its pod back, which ends the pod. What the pool has not seen of a claim by then it
   * may count once more as waiting, until that replica's next report.
   */
  release(choice: number, isReportOnItsWay: boolean): void {
    const held = [...this.pods.values()].filter(({ uid }) => this.answered.has(uid));
    const pod = held[choice % Math.max(1, held.length)];
    if (pod === undefined) return;
    const isSeen = this.state.records[pod.name]?.pod?.claimed === true;
    if (!isSeen || isReportOnItsWay) this.goneUnseen += 1;
    this.remove(pod);
  }

  takeReport(report: DemandReport): void {
    this.state = takeDemand(this.state, report, this.nowMs);
  }

  passTime(ms: number): void {
    this.nowMs += ms;
    this.state = passTime(this.state, this.nowMs);
  }

  protected override write(pod: PodView): PodView {
    const written = super.write(pod);
    this.log.push({ version: this.version, pod: written, isGone: false });
    return written;
  }

  protected override remove(pod: PodView): void {
    super.remove(pod);
    this.log.push({ version: this.version, pod, isGone: true });
  }
}
