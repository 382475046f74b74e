/**
 * What a chaos run does, and when: data that follows from the seed, so that a run can be repeated, read
 * and cut in halves.
 */
import { playedStatuses, type PlayedStatus } from '../e2e/proxy-faults.ts';
import { choicesOf, type Choices } from './random-choices.ts';

/** Processes of ours: each has a proxy of its own to the cluster and another one to Temporal. */
export const ourProcesses = ['worker-one', 'worker-two', 'api-one', 'api-two'] as const;
export type OurProcess = (typeof ourProcesses)[number];

/** Servers that a cluster of each kind consists of, as they are named in it. */
export const servers = {
  simulated: ['temporal', 'simulated-cluster'],
  'control-plane': [
    ...(['temporal', 'apiserver', 'etcd', 'kube-scheduler', 'kwok'] as const),
    'kube-controller-manager',
  ],
} as const satisfies Record<string, readonly string[]>;

export type ChaosCluster = keyof typeof servers;
export type Server = (typeof servers)[ChaosCluster][number];

/** A pool to begin with. */
export interface PoolPlan {
  name: string;
  warmTarget: number;
  maxPods: number;
  /** `quick` pods are Ready at once, `slow` ones after 4 s, `exclusive` ones wait for a node. */
  shape: 'quick' | 'slow' | 'exclusive';
}

/** One thing that goes wrong, or that somebody does. */
export type Fault =
  /** kill -9, SIGTERM or SIGSTOP; the process runs again after so many seconds. */
  | { kind: 'kill' | 'terminate' | 'freeze'; process: OurProcess | Server; seconds: number }
  /** Every so many-th write to the cluster loses its answer, or arrives after its sender gave up. */
  | { kind: 'loseWrites' | 'delayWrites'; process: OurProcess; every: number; seconds: number }
  | { kind: 'holdWatches'; process: OurProcess; seconds: number }
  | { kind: 'expireWatches'; process: OurProcess }
  /** Watches end in the midst of a line. */
  | { kind: 'truncateWatches'; process: OurProcess }
  /** The next writes are answered with 500, or the next requests of any kind with the status. */
  | { kind: 'refuseWrites'; process: OurProcess; times: number }
  | { kind: 'refuseCalls'; process: OurProcess; status: PlayedStatus; times: number }
  /** Every so many-th write is carried out and answered with 504. */
  | { kind: 'timeOutWrites'; process: OurProcess; every: number; seconds: number }
  /** Connections to the cluster are reset and refused, carry nothing, or drip. */
  | { kind: 'cutCluster' | 'stallCluster' | 'dripCluster'; process: OurProcess; seconds: number }
  /** Connections to Temporal are reset and refused, carry nothing, or no answers. */
  | {
      kind: 'cutTemporal' | 'stallTemporal' | 'muteTemporal';
      process: OurProcess;
      seconds: number;
    }
  | { kind: 'slowTemporal'; process: OurProcess; delayMs: number; seconds: number }
  /** A pod, claimed ones aside, is deleted by hand or evicted, or its container ends. */
  | { kind: 'deletePod' | 'evictPod' | 'failPod'; pool: string; choice: number }
  /** The kubelet of a node of exclusive pods dies, and the node's object goes after so many seconds. */
  | { kind: 'loseNode'; pool: string; choice: number; seconds: number }
  | { kind: 'setTarget'; pool: string; target: number }
  | { kind: 'newTemplate'; pool: string; version: number }
  | { kind: 'pausePool'; pool: string; seconds: number }
  /** A message that makes no sense; the number says which. */
  | { kind: 'hostileMessage'; pool: string; choice: number };

/** When a fault begins, from the start of the run. */
export interface TimedFault {
  atMs: number;
  fault: Fault;
}

/** A whole run. */
export interface Schedule {
  seed: number;
  seconds: number;
  cluster: ChaosCluster;
  pools: PoolPlan[];
  faults: TimedFault[];
  /** Clients that claim, all the time. */
  clients: number;
  /** By how much each process's clock is off. */
  clockOffsetsMs: Record<OurProcess, number>;
  /** Events after which Temporal suggests to continue as new: few, so that it happens in the midst. */
  historyEvents: number;
}

/** On average one fault a second: the pool is still busy with the one when the next comes. */
const faultsPerSecond = 1;

/** A process that was killed or frozen runs again after this long at most. */
const maxOutageSeconds = 6;

/** From the end of an outage on a process is left alone, or it would never get to work. */
const startsWithinMs = 4_000;

/** No pool has more pods than this, so that runs stay within what two cores can play. */
const maxTarget = 6;

/** Makes the schedule of a seed. Equal arguments give equal schedules. */
export function makeSchedule(options: {
  seed: number;
  seconds: number;
  cluster: ChaosCluster;
}): Schedule {
  const { seed, seconds, cluster } = options;
  const choices = choicesOf(seed);
  const pools = Array.from({ length: choices.whole(2, 4) }, (_, index) => {
    const warmTarget = choices.whole(1, 4);
    return {
      name: `chaos-${index}`,
      warmTarget,
      // Tight for some, so that claims meet the limit.
      maxPods: warmTarget + choices.of([2, 6, 30]),
      shape: choices.of(['quick', 'quick', 'slow', 'exclusive'] as const),
    };
  });
  const isFree = outages();
  const faults: TimedFault[] = [];
  for (let made = 0; made < seconds * faultsPerSecond; made += 1) {
    const atMs = choices.whole(0, seconds * 1_000);
    const fault = makeFault({ choices, pools, cluster });
    if (isFree(atMs, fault)) faults.push({ atMs, fault });
  }
  faults.sort((one, other) => one.atMs - other.atMs);
  return {
    ...{ seed, seconds, cluster, pools, faults },
    clients: choices.whole(3, 8),
    clockOffsetsMs: {
      'worker-one': offset(choices),
      'worker-two': offset(choices),
      'api-one': offset(choices),
      'api-two': offset(choices),
    },
    historyEvents: choices.of([120, 400, 4_096]),
  };
}

/** A clock that is right, or wrong by up to two minutes. */
function offset(choices: Choices): number {
  return choices.percent(60) ? 0 : choices.whole(-120_000, 120_000);
}

function makeFault(options: { choices: Choices; pools: PoolPlan[]; cluster: ChaosCluster }): Fault {
  const { choices, pools, cluster } = options;
  const process = choices.of(ourProcesses);
  const pool = choices.of(pools);
  const seconds = choices.whole(1, maxOutageSeconds);
  const kinds = ['outage', 'outage', 'outage', 'network', 'network', 'network'] as const;
  switch (choices.of([...kinds, 'pod', 'pod', 'people', 'people', 'people'] as const)) {
    case 'outage': {
      const victim = choices.percent(65) ? process : choices.of(servers[cluster]);
      const kind = choices.of(['kill', 'kill', 'terminate', 'freeze'] as const);
      return { kind, process: victim, seconds };
    }
    case 'network':
      return networkFault(choices, process, seconds);
    case 'pod': {
      const about = { pool: pool.name, choice: choices.whole(0, 99) };
      const kind = choices.of(['deletePod', 'evictPod', 'failPod', 'loseNode'] as const);
      return kind === 'loseNode' ? { kind, ...about, seconds } : { kind, ...about };
    }
    case 'people':
      return deedOfPeople(choices, pool, seconds);
  }
}

function networkFault(choices: Choices, process: OurProcess, seconds: number): Fault {
  const every = choices.whole(2, 5);
  const longer = seconds * 2;
  return choices.of<Fault>([
    { kind: 'loseWrites', process, every, seconds: longer },
    { kind: 'delayWrites', process, every, seconds: longer },
    { kind: 'holdWatches', process, seconds: longer },
    { kind: 'expireWatches', process },
    { kind: 'truncateWatches', process },
    { kind: 'refuseWrites', process, times: every },
    { kind: 'refuseCalls', process, status: choices.of(playedStatuses), times: every },
    { kind: 'timeOutWrites', process, every, seconds: longer },
    { kind: 'cutCluster', process, seconds },
    { kind: 'stallCluster', process, seconds: longer },
    { kind: 'dripCluster', process, seconds: longer },
    { kind: 'cutTemporal', process, seconds },
    { kind: 'stallTemporal', process, seconds: longer },
    { kind: 'muteTemporal', process, seconds },
    { kind: 'slowTemporal', process, delayMs: choices.of([100, 400, 1_500]), seconds: longer },
  ]);
}

function deedOfPeople(choices: Choices, { name, maxPods }: PoolPlan, seconds: number): Fault {
  const choice = choices.whole(0, 99);
  const target = choices.whole(0, Math.min(maxTarget, maxPods));
  return choices.of<Fault>([
    { kind: 'setTarget', pool: name, target },
    { kind: 'setTarget', pool: name, target },
    { kind: 'newTemplate', pool: name, version: choice },
    { kind: 'pausePool', pool: name, seconds },
    { kind: 'hostileMessage', pool: name, choice },
    { kind: 'hostileMessage', pool: name, choice },
  ]);
}

/** Says whether a fault may happen then: those that outlast a moment do not overlap on one process. */
function outages(): (atMs: number, fault: Fault) => boolean {
  const taken: { about: string; fromMs: number; toMs: number }[] = [];
  return (atMs, fault) => {
    if (!('seconds' in fault)) return true;
    const about = 'process' in fault ? fault.process : fault.pool;
    const toMs = atMs + fault.seconds * 1_000 + startsWithinMs;
    const overlaps = taken.some(
      (other) => other.about === about && atMs < other.toMs && other.fromMs < toMs,
    );
    if (!overlaps) taken.push({ about, fromMs: atMs, toMs });
    return !overlaps;
  };
}
