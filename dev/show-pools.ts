/** The pools as they fill: a live table on a terminal, a line a change elsewhere. */
import { createLogUpdate } from 'log-update';
import type { PoolStatus } from '../src/pool/status.ts';
import { formatTable } from './format-table.ts';

/** Shows one look at the pools after another. */
export interface PoolView {
  show(statuses: PoolStatus[]): void;
  /** What to say instead while the pools can't be asked. */
  showTrouble(message: string): void;
  /** Leaves the last table standing. */
  end(): void;
}

/** A view for a stream: rewritten in place on a terminal, else only what changed. */
export function createPoolView(stream: NodeJS.WriteStream): PoolView {
  if (stream.isTTY) {
    const update = createLogUpdate(stream);
    const ages = new PodAges();
    // The last table stays above the trouble: it is what was true when it began.
    let table = '';
    return {
      show: (statuses) => {
        table = formatStatuses(statuses, { columns: stream.columns, ages, nowMs: Date.now() });
        update(table);
      },
      showTrouble: (message) => update(`${table}\n\n${message}`),
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

/**
 * How long pods have been there. A status says what its workflow knew when it last woke, which for a
 * pool that waits is a while ago, so the earliest beginning that any look tells is kept.
 */
export class PodAges {
  #beganAtMs = new Map<string, number>();

  /** Takes in what a look at all pools tells; pods that are gone are forgotten. */
  look(statuses: PoolStatus[], nowMs: number): void {
    const before = this.#beganAtMs;
    this.#beganAtMs = new Map(
      statuses.flatMap(({ pods }) =>
        pods.map(({ name, ageMs }) => {
          return [name, Math.min(nowMs - ageMs, before.get(name) ?? Infinity)] as const;
        }),
      ),
    );
  }

  of(podName: string, nowMs: number): number {
    return nowMs - (this.#beganAtMs.get(podName) ?? nowMs);
  }
}

/** The table of a live view, each line cut to the columns: a wrapped one would make the table jump. */
export function formatStatuses(
  statuses: PoolStatus[],
  { columns, ages, nowMs }: { columns: number; ages: PodAges; nowMs: number },
): string {
  ages.look(statuses, nowMs);
  if (statuses.length === 0) {
    return 'There are no pools; `npx pilotlight apply -f FILE` makes one.';
  }
  const table = formatTable(
    ['POOL', 'PHASE', 'TARGET', 'WARM', 'PENDING', 'OLDEST', 'CLAIMED', 'WHY'],
    statuses.map((status) => {
      const { pool, phase, target, warm, pending, claimed, why } = status;
      const oldest = oldestPending(status);
      const age = oldest === undefined ? '-' : formatAge(ages.of(oldest.name, nowMs));
      const reason = phase === 'Filling' ? oldest?.reason : undefined;
      return [pool, phase, target, warm, pending, age, claimed, reason ?? why];
    }),
  );
  return table
    .split('\n')
    .map((line) => (line.length > columns ? `${line.slice(0, columns - 1)}…` : line))
    .join('\n');
}

/** The pod that has been starting for longest: what a person waits for. */
function oldestPending({ pods }: PoolStatus): PoolStatus['pods'][number] | undefined {
  const pending = pods.filter(({ phase }) => phase === 'pending' || phase === 'unready');
  return pending.sort((a, b) => b.ageMs - a.ageMs)[0];
}

/** Like `42s` or `3m20s`. */
function formatAge(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}
