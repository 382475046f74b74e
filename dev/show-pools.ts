/** The pools as they fill: a live table on a terminal, a line a change elsewhere. */
import { createLogUpdate } from 'log-update';
import { formatTable } from './format-table.ts';
import type { PoolStatus } from '../src/pool/status.ts';

/** Shows one look at the pools after another. */
export interface PoolView {
  show(statuses: PoolStatus[]): void;
  /** What to say instead while the pools can't be asked. */
  showTrouble(message: string): void;
  /** Leaves the last table standing. */
  end(): void;
}

/** Columns of the reason: longer ones would wrap and make the table jump. */
const maxWhyCharacters = 70;

/** A view for a stream: rewritten in place on a terminal, else only what changed. */
export function createPoolView(stream: NodeJS.WriteStream): PoolView {
  if (stream.isTTY) {
    const update = createLogUpdate(stream);
    return {
      show: (statuses) => update(formatStatuses(statuses)),
      showTrouble: (message) => update(message),
      end: () => update.done(),
    };
  }
  const last = new Map<string, string>();
  const writeIfNew = (key: string, line: string): void => {
    if (last.get(key) === line) return;
    last.set(key, line);
    stream.write(`${line}\n`);
  };
  return {
    show: (statuses) => {
      last.delete('trouble');
      for (const { pool, phase, warm, target, pending } of statuses) {
        writeIfNew(`pool ${pool}`, `${pool} ${phase}: ${warm}/${target} warm, ${pending} pending`);
      }
    },
    showTrouble: (message) => writeIfNew('trouble', message),
    end: () => undefined,
  };
}

/** The table of a live view. */
function formatStatuses(statuses: PoolStatus[]): string {
  if (statuses.length === 0) {
    return 'There are no pools; `npx pilotlight apply -f FILE` makes one.';
  }
  return formatTable(
    ['POOL', 'PHASE', 'WARM', 'PENDING', 'CLAIMED', 'WHY'],
    statuses.map(({ pool, phase, warm, target, pending, claimed, why }) => [
      ...[pool, phase, `${warm}/${target}`, pending, claimed],
      why.length > maxWhyCharacters ? `${why.slice(0, maxWhyCharacters - 1)}…` : why,
    ]),
  );
}
