/** What Pilotlight costs, put together from all measurements: Temporal's actions and their price. Pure. */
import { heartbeatKind, sumOfActions } from './actions.ts';
import type { QuietHour } from './quiet.ts';
import type { Report } from './results.ts';
import { round } from './statistics.ts';

/** Temporal Cloud's public price of the first 5 million actions a month; storage and the plan come on top. */
const dollarsPerAction = 50 / 1_000_000;

const hoursPerMonth = 730;

/** What something costs Temporal. */
export interface Cost {
  what: string;
  /** By the server's metric. */
  actions: number;
  /** Of these, heartbeats; null where they are not told apart. */
  heartbeats: number | null;
  /** By the events of histories, which have no heartbeats; null where they were not read. */
  byHistory: number | null;
  /** Of a million claims or spawns, or of a month. */
  dollars: number;
  per: 'million' | 'month';
}

/** One line for each thing that the reports tell the cost of. */
export function costsOf(reports: Report[]): Cost[] {
  return reports.flatMap((report) => {
    switch (report.benchmark) {
      case 'claims':
      case 'burst':
        return [costOfClaim(report)];
      case 'fill':
        return [costOfSpawn(report)];
      case 'quiet':
        return [costOfCloudSpawn(report), ...costsOfHour(report, report)];
      case 'growth':
        return costsOfHour(report, report.quiet);
      case 'restart':
        return [];
    }
  });
}

type Of<B extends Report['benchmark']> = Extract<Report, { benchmark: B }>;

function costOfClaim(report: Of<'claims' | 'burst'>): Cost {
  const { ratePerSecond, claimIds, actionsPerClaim, actionKinds, historyActionsPerClaim } = report;
  const pace = ratePerSecond === null ? 'of a burst' : `at ${ratePerSecond}/s`;
  return eachMillion({
    what: `a claim ${pace}${claimIds ? ', named' : ''}, its new pod included`,
    actions: actionsPerClaim,
    heartbeats: actionKinds[heartbeatKind] ?? 0,
    byHistory: historyActionsPerClaim,
  });
}

function costOfSpawn(report: Of<'fill'>): Cost {
  const { pods, pools, actionsPerPod, actionKinds, historyActionsPerPod } = report;
  return eachMillion({
    what: `a pod of a fill of ${pods} in ${pools === 1 ? 'one pool' : `${pools} pools`}`,
    actions: actionsPerPod,
    heartbeats: actionKinds[heartbeatKind] ?? 0,
    byHistory: historyActionsPerPod,
  });
}

function costOfCloudSpawn({ pods, pools, heartbeats, fillActionsPerPod }: Of<'quiet'>): Cost {
  return eachMillion({
    what: `a pod of a fill of ${pods} in ${pools} pools, ${heartbeats}`,
    actions: round(sumOfActions(fillActionsPerPod)),
    heartbeats: fillActionsPerPod[heartbeatKind] ?? 0,
    byHistory: null,
  });
}

function costsOfHour(
  { pools, heartbeats }: Pick<Of<'quiet'>, 'pools' | 'heartbeats'>,
  hour: QuietHour,
): Cost[] {
  const each = (what: string, actions: number, beats: number): Cost => ({
    ...{ what: `${what}, an hour`, actions, heartbeats: beats, byHistory: null },
    ...{ dollars: round(actions * hoursPerMonth * dollarsPerAction), per: 'month' },
  });
  const { perPoolAndHour, perWatcherAndHour, perHour } = hour;
  return [
    each(`a quiet pool, ${heartbeats}`, perPoolAndHour, 0),
    each(`the watcher, ${heartbeats}`, perWatcherAndHour, perWatcherAndHour),
    each(`${pools} quiet pools and the watcher, ${heartbeats}`, perHour, perWatcherAndHour),
  ];
}

function eachMillion(cost: Omit<Cost, 'dollars' | 'per'>): Cost {
  return { ...cost, dollars: round(cost.actions * dollarsPerAction * 1_000_000), per: 'million' };
}
