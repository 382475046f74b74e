/**
 * The tokens of a file, read again when it changes. A new file that is broken changes nothing: the
 * tokens of the last good one stay in force, and the log says what is wrong.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import { isPoolName } from '../pool/names.ts';

/** Who may do what. An admin may claim too. */
export interface Caller {
  name: string;
  role: 'claim' | 'admin';
  /** The only pools it may see and use; null: all. */
  pools: ReadonlySet<string> | null;
}

/** Looks at the file's time and identity; a mounted Secret is swapped whole, which changes both. */
const defaultLookEveryMs = 1_000;

/** Each request is compared with every token: 1,000 take 0.2 ms. */
const maxTokens = 1_000;

/** Longer than any token: a file of 1,000 with lists of pools stays below. */
const maxFileBytes = 1_000_000;

const entrySchema = z
  .strictObject({
    name: z.string().min(1).max(100),
    /** Shorter ones can be guessed. */
    token: z.string().min(8).max(1_000).optional(),
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/i, 'Expected 64 hexadecimal digits')
      .optional(),
    role: z.enum(['claim', 'admin']),
    pools: z.array(z.string().refine(isPoolName, 'Expected the name of a pool')).min(1).optional(),
  })
  .refine((entry) => (entry.token === undefined) !== (entry.sha256 === undefined), {
    message: 'Expected either `token` or `sha256`',
  });

const fileSchema = z.array(entrySchema).min(1).max(maxTokens);

interface Entry {
  digest: Buffer;
  caller: Caller;
}

interface TokensOptions {
  path: string;
  /** Told why a changed file is not taken. */
  onTrouble: (message: string) => void;
  /** Time between looks at the file; a second unless given. */
  lookEveryMs?: number;
}

/** The tokens in force. */
export class Tokens {
  readonly #path: string;
  readonly #onTrouble: (message: string) => void;
  readonly #lookEveryMs: number;
  #entries: Entry[] = [];
  #seen = '';
  #timer: NodeJS.Timeout | null = null;

  private constructor(options: TokensOptions) {
    this.#path = options.path;
    this.#onTrouble = options.onTrouble;
    this.#lookEveryMs = options.lookEveryMs ?? defaultLookEveryMs;
  }

  /** Reads a file; raises when it is missing or wrong, naming the entry but no token. */
  static async open(options: TokensOptions): Promise<Tokens> {
    const tokens = new Tokens(options);
    // A file that is missing is told of by the reading, in words.
    tokens.#seen = await fingerprint(options.path).catch(() => '');
    tokens.#entries = await readEntries(options.path);
    tokens.#lookLater();
    return tokens;
  }

  /** The caller of a token; null when it is unknown. Takes as long whichever entry matches. */
  find(token: string): Caller | null {
    const digest = sha256(token);
    let found: Caller | null = null;
    for (const entry of this.#entries) {
      if (timingSafeEqual(entry.digest, digest)) found = entry.caller;
    }
    return found;
  }

  /** Stops looking at the file. */
  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #lookLater(): void {
    this.#timer = setTimeout(() => {
      void this.#look().finally(() => {
        if (this.#timer !== null) this.#lookLater();
      });
    }, this.#lookEveryMs).unref();
  }

  async #look(): Promise<void> {
    const seen = await fingerprint(this.#path).catch((error: unknown) => String(error));
    if (seen === this.#seen) return;
    this.#seen = seen;
    try {
      this.#entries = await readEntries(this.#path);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#onTrouble(`The tokens stay as they were: ${why}`);
    }
  }
}

async function fingerprint(path: string): Promise<string> {
  const { mtimeMs, size, ino } = await stat(path);
  return `${mtimeMs} ${size} ${ino}`;
}

async function readEntries(path: string): Promise<Entry[]> {
  let value: unknown;
  try {
    const text = await readFile(path, 'utf8');
    if (text.length > maxFileBytes) throw new Error(`more than ${maxFileBytes} bytes`);
    // Without the source in its errors: it holds the tokens.
    value = parse(text, { prettyErrors: false });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`Expected ${path} to be a readable YAML list of tokens: ${why}`, {
      cause: error,
    });
  }
  const checked = fileSchema.safeParse(value);
  if (!checked.success) {
    const wrong = checked.error.issues.map(({ path: [index, ...field], message }) => {
      const where = typeof index === 'number' ? `entry ${index + 1}` : 'the file';
      return `${[where, ...field.map(String)].join(', ')}: ${message}`;
    });
    throw new Error(`Expected ${path} to be a list of tokens. ${wrong.slice(0, 5).join('. ')}`);
  }
  const entries = checked.data.map(({ name, token, sha256: hex, role, pools }) => ({
    digest: token === undefined ? Buffer.from(hex ?? '', 'hex') : sha256(token),
    caller: { name, role, pools: pools === undefined ? null : new Set(pools) },
  }));
  if (new Set(entries.map(({ digest }) => digest.toString('hex'))).size < entries.length) {
    throw new Error(`Expected the tokens of ${path} to differ, got one twice`);
  }
  return entries;
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
