/** The alphabet of source maps: base64, five bits a digit and one that says whether another follows. */
const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Where a stretch of a generated line comes from. All of its numbers but the column are of the whole map. */
interface Origin {
  source: number;
  line: number;
  column: number;
}

/**
 * The mappings of a source map with one segment a line that was written, and not one a word: every
 * position is found in the same line of the same file as before, at the column where that line begins.
 * Names are left out. Raises for text that is no mappings.
 */
export function thinMappings(mappings: string): string {
  const read: Origin = { source: 0, line: 0, column: 0 };
  const written: Origin = { source: 0, line: 0, column: 0 };
  const thinLine = (line: string): string => {
    const kept: string[] = [];
    let [column, keptColumn] = [0, 0];
    let last: string | null = null;
    for (const segment of line.split(',')) {
      if (segment === '') continue;
      const [columns = 0, source, lines = 0, originColumns = 0] = decode(segment);
      column += columns;
      // A segment of one number: what follows is of no source.
      const isMapped = source !== undefined;
      if (isMapped) {
        read.source += source;
        read.line += lines;
        read.column += originColumns;
      }
      const place = isMapped ? `${read.source}:${read.line}` : 'none';
      if (place === last) continue;
      last = place;
      const origin = [
        read.source - written.source,
        read.line - written.line,
        read.column - written.column,
      ];
      kept.push(encode([column - keptColumn, ...(isMapped ? origin : [])]));
      keptColumn = column;
      if (isMapped) Object.assign(written, read);
    }
    return kept.join(',');
  };
  return mappings.split(';').map(thinLine).join(';');
}

function decode(segment: string): number[] {
  const numbers: number[] = [];
  let [value, shift] = [0, 0];
  for (const digit of segment) {
    const bits = digits.indexOf(digit);
    if (bits < 0) throw new Error(`Expected mappings in base64, got ${JSON.stringify(digit)}`);
    value += (bits & 31) << shift;
    shift += 5;
    if (bits & 32) continue;
    numbers.push(value & 1 ? -(value >> 1) : value >> 1);
    [value, shift] = [0, 0];
  }
  return numbers;
}

function encode(numbers: number[]): string {
  let text = '';
  for (const number of numbers) {
    let rest = number < 0 ? (-number << 1) | 1 : number << 1;
    do {
      const bits = rest & 31;
      rest >>= 5;
      text += digits[rest > 0 ? bits | 32 : bits] ?? '';
    } while (rest > 0);
  }
  return text;
}
