import Table from 'cli-table3';

/** What a table draws around its cells; all left out here. */
const borders = [
  ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left'],
  ...['bottom-right', 'left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'],
];
const chars: Record<string, string> = { middle: '  ' };
for (const border of borders) chars[border] = '';

/** A table without borders, so that it can be cut and searched by other tools. */
export function formatTable(head: string[], rows: (string | number)[][]): string {
  const table = new Table({
    head,
    chars,
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
  });
  table.push(...rows);
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}
