import { formatTable } from '../dev/format-table.ts';

/** One row a process, one column a measurement, the largest spender first. */
export function formatCpu(columns: Record<string, Record<string, number>>): string {
  const measurements = Object.entries(columns);
  const names = [...new Set(measurements.flatMap(([, used]) => Object.keys(used)))];
  const largest = (name: string): number =>
    Math.max(...measurements.map(([, used]) => used[name] ?? 0));
  return formatTable(
    ['PROCESS', ...measurements.map(([name]) => name.toUpperCase())],
    names
      .toSorted((a, b) => largest(b) - largest(a))
      .map((name) => [name, ...measurements.map(([, used]) => used[name]?.toFixed(2) ?? '')]),
  );
}
