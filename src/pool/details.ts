/**
 * A pool as a Markdown page for the Temporal UI: whoever sees only this page can say what is wrong and
 * what to do. It is rebuilt at every change, and only then, so it gives times and no ages.
 */
import { demandOf } from './demand.ts';
import { breakerOf } from './failures.ts';
import { conditionOf, staleCount } from './status.ts';
import { countPhases, phaseOf, type PodRecord, type PoolState } from './state.ts';
import type { TargetChange } from './target-changes.ts';
import { dateAndTime, timeOfDay } from './time-of.ts';

/** Pending pods listed at most: the page is read at a glance and rebuilt at every change. */
const maxListedPods = 20;

/** The page: phase and reason, what to do, counts, what holds the pool back, the oldest pending pods. */
export function detailsOf(state: PoolState): string {
  const { phase, why, toDo } = conditionOf(state);
  const { warm, pending, unready, claimed, retiring } = countPhases(state);
  const counts = [
    `**${warm} of ${state.spec.warmTarget} warm**`,
    ...[`${pending + unready} pending`, `${claimed} claimed`, `${retiring} retiring`],
    `${demandOf(state)} claims wait`,
  ];
  const blocks = [
    // The headline is short: a scheduler's message of three lines would be all that one sees.
    `### ${phase}`,
    escape(why),
    ...(toDo === null ? [] : [`**What to do:** ${toDo}`]),
    `${counts.join(' · ')} (at most ${state.spec.maxPods} pods)`,
    ...[holdUps(state, pending), pendingPods(state), notes(state)].filter((text) => text !== ''),
  ];
  return blocks.join('\n\n');
}

/** What keeps the pool from starting pods, with the time of the next attempt. */
function holdUps(state: PoolState, pending: number): string {
  const { failures, quota, trouble } = state;
  const lines: string[] = [];
  if (failures.consecutive > 0) {
    const { consecutive, sinceMs, lastAtMs, lastPod, lastReason } = failures;
    const last = `last ${lastPod ?? ''} (${escape(lastReason ?? '')}) at ${timeOr(lastAtMs)}`;
    lines.push(
      `- **Failures:** ${consecutive} since ${timeOr(sinceMs)}, ${last}.`,
      `- **Breaker:** ${breakerSentence(state, pending)}`,
    );
  }
  if (quota.rounds > 0) {
    lines.push(
      `- **Quota:** refused ${quota.rounds} times; next attempt at ${timeOfDay(quota.untilMs)}.`,
    );
  }
  if (trouble !== null) {
    lines.push(`- **Held up** at ${timeOfDay(trouble.atMs)}: ${escape(trouble.message)}`);
  }
  return lines.join('\n');
}

function breakerSentence({ failures }: PoolState, pending: number): string {
  const next = `next attempt at ${timeOr(failures.nextAttemptAtMs)}`;
  switch (breakerOf(failures, pending)) {
    case 'closed':
      return `closed; ${next}.`;
    case 'open':
      return `open: one pod is tried now and then until it starts; ${next}.`;
    case 'halfOpen':
      return 'half-open: one pod is being tried.';
  }
}

/** The oldest pending pods; one that was never read is one that the cluster has not confirmed. */
function pendingPods(state: PoolState): string {
  const pending = Object.values(state.records)
    .filter((record) => phaseOf(record) === 'pending')
    .sort((a, b) => a.sinceMs - b.sinceMs);
  if (pending.length === 0) return '';
  const rows = pending.slice(0, maxListedPods).map(({ name, sinceMs, pod }) => {
    const said = [pod?.reason, pod?.message].filter((text) => text !== undefined).join(': ');
    const message = pod === null ? 'asked for; the cluster has not confirmed it yet' : escape(said);
    return `| ${name} | ${timeOfDay(sinceMs)} | ${pod?.node ?? ''} | ${message} |`;
  });
  const more = pending.length - rows.length;
  return [
    '| pending pod | since | node | last message |',
    '|---|---|---|---|',
    ...rows,
    ...(more > 0 ? [`| and ${more} more | | | |`] : []),
  ].join('\n');
}

/** What changed and what others did. */
function notes(state: PoolState): string {
  const { targetChanges, disturbances, releases, lastRefusal, previousTemplateHash, spec } = state;
  const lines = [...targetChanges.toReversed().map(changeOfTarget), ...rolloutOf(state)];
  if (previousTemplateHash !== null) {
    lines.push(`- **Template** ${spec.templateHash}, before it ${previousTemplateHash}.`);
  }
  if (disturbances.count > 0) {
    const { count, lastPod, lastReason, lastAtMs } = disturbances;
    const reason = lastReason === null ? '' : ` (${escape(lastReason)})`;
    lines.push(
      `- **Taken away** by others: ${count}, last ${lastPod ?? ''}${reason} at ${timeOr(lastAtMs)}.`,
    );
  }
  if (releases.count > 0) {
    const { count, lastPod, lastReason } = releases;
    lines.push(
      `- **Given up** by holders: ${count}, last ${lastPod ?? ''} (${escape(lastReason ?? '')}).`,
    );
  }
  if (lastRefusal !== null) {
    lines.push(`- **Refused** at ${timeOfDay(lastRefusal.atMs)}: ${escape(lastRefusal.message)}`);
  }
  return lines.join('\n');
}

/** How far a new template has come, while pods of older ones are left. */
function rolloutOf(state: PoolState): string[] {
  const stale = staleCount(state);
  if (stale === 0) return [];
  const { templateHash } = state.spec;
  const isReady = (record: PodRecord): boolean =>
    record.templateHash === templateHash && record.pod?.ready === true;
  const ready = Object.values(state.records).filter(isReady).length;
  return [
    `- **Rollout** of template ${templateHash}: ${ready} of its pods are Ready, ${stale} unclaimed of older templates are left.`,
  ];
}

function changeOfTarget({ atMs, from, to, by }: TargetChange): string {
  const who =
    by === null ? 'without a name: the event of that time tells its sender' : `by ${code(by)}`;
  return `- **Target** ${from} → ${to} at ${dateAndTime(atMs)}, ${who}.`;
}

function timeOr(atMs: number | null): string {
  return atMs === null ? 'once' : timeOfDay(atMs);
}

/** A name that stands as it is: in a span of code nothing becomes a link, not even a plain address. */
function code(text: string): string {
  return `\`${text.replaceAll(/[|<>`\r\n]/g, ' ')}\``;
}

/** Messages come from pods and people: none may break out of a table cell or become a link or an image. */
function escape(text: string): string {
  return text.replaceAll(/[|<>\r\n]/g, ' ').replaceAll(/[\\`*_[\]]/g, '\\$&');
}
