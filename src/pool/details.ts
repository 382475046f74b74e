/** A pool as a Markdown page for the Temporal UI. */
import { conditionOf } from './status.ts';
import { countPhases, phaseOf, type PoolState } from './state.ts';

/** Pending pods listed at most: the page is read at a glance and rebuilt at every change. */
const maxListedPods = 20;

/** The page: one sentence of phase and reason, counts, and the oldest pending pods. */
export function detailsOf(state: PoolState): string {
  const { phase, why } = conditionOf(state);
  const { warm, pending, unready, claimed, retiring } = countPhases(state);
  const lines = [
    `### ${phase}: ${escape(why)}`,
    '',
    '| target | warm | pending | claimed | retiring |',
    '|---|---|---|---|---|',
    `| ${state.spec.warmTarget} | ${warm} | ${pending + unready} | ${claimed} | ${retiring} |`,
  ];
  const waiting = Object.values(state.records)
    .filter((record) => phaseOf(record) === 'pending')
    .sort((a, b) => a.sinceMs - b.sinceMs)
    .slice(0, maxListedPods);
  if (waiting.length > 0) {
    lines.push('', '| pending pod | since (UTC) | node | last message |', '|---|---|---|---|');
    for (const { name, sinceMs, pod } of waiting) {
      const said = [pod?.reason, pod?.message].filter((text) => text !== undefined).join(': ');
      lines.push(`| ${name} | ${timeOfDay(sinceMs)} | ${pod?.node ?? ''} | ${escape(said)} |`);
    }
  }
  if (state.lastRefusal !== null) {
    const { atMs, message } = state.lastRefusal;
    lines.push('', `Refused at ${timeOfDay(atMs)} UTC: ${escape(message)}`);
  }
  return lines.join('\n');
}

/** `HH:MM:SS` of an instant, in UTC. */
function timeOfDay(atMs: number): string {
  const seconds = Math.floor(atMs / 1000) % 86_400;
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return parts.map((part) => part.toString().padStart(2, '0')).join(':');
}

/** Messages come from pods and people: a table cell must not be broken out of. */
function escape(text: string): string {
  return text.replaceAll(/[|<>\r\n]/g, ' ');
}
