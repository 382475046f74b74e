/** Memory as a sum: what a process has of itself, what each pool adds, and what each pod. Pure. */
import { round } from './statistics.ts';

/** One reading. */
export interface MemoryPoint {
  pools: number;
  pods: number;
  megabytes: number;
}

/** What memory is made up of, by least squares. */
export interface MemoryFit {
  emptyMb: number;
  perPoolKb: number;
  perPodKb: number;
  /** The reading that is farthest from the sum: how far to trust it. */
  worstMb: number;
}

const kbPerMb = 1_000;

/**
 * Fits `empty + pools × perPool + pods × perPod` to readings. Raises of fewer than three, and of readings
 * in which pools and pods grow together, which can't be told apart.
 */
export function fitMemory(points: MemoryPoint[]): MemoryFit {
  const rows = points.map(({ pools, pods }) => [1, pools, pods]);
  const sums = [0, 1, 2].map((row) => [
    ...[0, 1, 2].map((column) => sumOf(rows.map((r) => (r[row] ?? 0) * (r[column] ?? 0)))),
    sumOf(points.map(({ megabytes }, index) => (rows[index]?.[row] ?? 0) * megabytes)),
  ]);
  const [empty = NaN, perPool = NaN, perPod = NaN] = solve(sums);
  const errors = points.map(({ pools, pods, megabytes }) =>
    Math.abs(megabytes - empty - perPool * pools - perPod * pods),
  );
  return {
    emptyMb: round(empty),
    perPoolKb: round(perPool * kbPerMb),
    perPodKb: round(perPod * kbPerMb),
    worstMb: round(Math.max(...errors)),
  };
}

/** Below this, relative to the largest, a pivot is what rounding left of 0. */
const smallestPivot = 1e-9;

/** Solves linear equations, given as rows with their right side last, by elimination. */
function solve(equations: number[][]): number[] {
  const rows = equations.map((row) => [...row]);
  const largest = Math.max(...rows.flat().map(Math.abs));
  for (let column = 0; column < rows.length; column += 1) {
    const at = (row: number[]): number => row[column] ?? 0;
    const pivot = rows.slice(column).toSorted((a, b) => Math.abs(at(b)) - Math.abs(at(a)))[0];
    if (pivot === undefined || Math.abs(at(pivot)) <= smallestPivot * largest) {
      throw new Error('Expected readings in which pools and pods grow apart');
    }
    rows.splice(rows.indexOf(pivot), 1);
    rows.splice(column, 0, pivot);
    for (const row of rows) {
      if (row === pivot) continue;
      const factor = at(row) / at(pivot);
      for (const [index, value] of pivot.entries()) row[index] = (row[index] ?? 0) - factor * value;
    }
  }
  return rows.map((row, index) => (row.at(-1) ?? 0) / (row[index] ?? 1));
}

function sumOf(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
