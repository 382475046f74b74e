/** Tables in Markdown. */

/** What a cell shows; null shows nothing. */
export type Cell = string | number | null;

/** Lines of a table, with an empty one behind it. */
export function table(head: string[], rows: Cell[][]): string[] {
  const line = (cells: Cell[]): string => `| ${cells.map((cell) => cell ?? '').join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line), ''];
}
