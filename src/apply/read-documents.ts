/** Reads pool documents from YAML (or JSON, which is YAML). */
import { LineCounter, parseAllDocuments } from 'yaml';
import { parsePoolDocument, type PoolDocument } from '../pool/document.ts';

/** Larger than any pool document: a pod may have 1.5 MB in etcd. */
const maxTextLength = 4_000_000;

/** A document that can't be read or is wrong. The message names file, line, field and value. */
export class DocumentError extends Error {
  override readonly name = 'DocumentError';
}

/**
 * Reads every document of a text, checked; empty ones are passed over. `source` names the text in
 * errors, like the path of its file. Raises `DocumentError` with one line for each thing wrong.
 */
export function readDocuments(text: string, source: string): PoolDocument[] {
  if (text.length > maxTextLength) {
    const given = `got ${text.length}`;
    throw new DocumentError(`${source}: Expected at most ${maxTextLength} characters, ${given}`);
  }
  const lines = new LineCounter();
  const wrong: string[] = [];
  const read: PoolDocument[] = [];
  for (const parsed of parseAllDocuments(text, { lineCounter: lines, prettyErrors: false })) {
    const syntaxError = parsed.errors[0];
    if (syntaxError !== undefined) {
      const { line, col } = lines.linePos(syntaxError.pos[0]);
      wrong.push(`${source}:${line}:${col}: ${syntaxError.message}`);
      continue;
    }
    const where = `${source}:${lines.linePos(parsed.contents?.range[0] ?? parsed.range[0]).line}`;
    const value = toValue(() => parsed.toJS() as unknown, where);
    if (value === null) continue;
    const checked = parsePoolDocument(value);
    if (checked.ok) read.push(checked.document);
    else {
      for (const { field, expected, given } of checked.errors) {
        wrong.push(`${where}: Expected \`${field}\` to be ${expected}, got ${given}`);
      }
    }
  }
  if (wrong.length > 0) throw new DocumentError(wrong.join('\n'));
  if (read.length === 0) throw new DocumentError(`${source}: Expected a pool document, got none`);
  return read;
}

/** Aliases are resolved here: an unknown one, or a bomb of them, is refused by the library. */
function toValue(resolve: () => unknown, where: string): unknown {
  try {
    return resolve();
  } catch (error) {
    throw new DocumentError(`${where}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
