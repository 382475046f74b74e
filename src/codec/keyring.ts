/** The keys that payloads are encrypted with, from a file. */
import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import { keysFileVariable } from './keys-file-variable.ts';

/** One key. */
export interface PayloadKey {
  id: string;
  /** Tells two keys of the same id apart, and says nothing of either. */
  fingerprint: string;
  secret: Buffer;
}

/** The keys in force: one that encrypts, or none, and all those that decrypt. */
export interface Keyring {
  encryptWith: PayloadKey | null;
  keys: readonly PayloadKey[];
}

/** AES-256. */
const keyBytes = 32;

/** A key a month for eight years; each is looked through for every payload. */
const maxKeys = 100;

/** 100 keys with their names stay far below. */
const maxFileCharacters = 64_000;

const keySchema = z.strictObject(
  {
    id: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/, {
      error: 'Expected 1 to 40 letters, digits, dots, dashes and underscores',
    }),
    // Whatever is wrong with a key, it is not shown.
    key: z.string({ error: ({ input }) => expected(typeof input) }).refine(isKey, {
      error: ({ input }) => expected(`${String(input).length} characters`),
    }),
  },
  { error: 'Expected a mapping with `id` and `key`, and nothing else' },
);

const fileSchema = z.strictObject(
  { encryptWith: z.string().optional(), keys: z.array(keySchema).min(1).max(maxKeys) },
  { error: 'Expected a mapping with `keys`, and with `encryptWith` if one of them encrypts' },
);

function expected(given: string): string {
  return `Expected ${keyBytes} bytes in base64, got ${given}`;
}

/** Buffers skip what is no base64, so the text is compared with what was read from it. */
function isKey(text: string): boolean {
  const bytes = Buffer.from(text, 'base64');
  return bytes.length === keyBytes && bytes.toString('base64') === text;
}

/** Reads and checks a file of keys. Raises one error that names the variable, and no key. */
export async function readKeyring(path: string): Promise<Keyring> {
  try {
    return toKeyring(await readFile(path, 'utf8'));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(
      `Expected ${keysFileVariable} to name a YAML file of keys, got ${JSON.stringify(path)}: ${why}`,
    );
  }
}

/** The keys of a file's text. Raises an error that says what is wrong with it, without the text. */
export function toKeyring(text: string): Keyring {
  if (text.length > maxFileCharacters) throw new Error(`more than ${maxFileCharacters} characters`);
  // Without the source in its errors: it holds the keys.
  const checked = fileSchema.safeParse(parse(text, { prettyErrors: false }) as unknown);
  if (!checked.success) {
    const wrong = checked.error.issues.map(({ path, message }) => {
      const [first, index, ...field] = path;
      const where = typeof index === 'number' ? [`key ${index + 1}`, ...field] : [first ?? ''];
      return [...where, message].filter((part) => part !== '').join(': ');
    });
    throw new Error(wrong.slice(0, 5).join('. '));
  }
  const { encryptWith, keys: given } = checked.data;
  const keys = given.map(({ id, key }) => toKey(id, Buffer.from(key, 'base64')));
  for (const what of ['id', 'fingerprint'] as const) {
    if (new Set(keys.map((key) => key[what])).size < keys.length) {
      throw new Error(`Expected each ${what === 'id' ? 'id' : 'key'} once, got one twice`);
    }
  }
  const named = keys.find(({ id }) => id === encryptWith) ?? null;
  if (named === null && encryptWith !== undefined) {
    const ids = keys.map(({ id }) => id).join(', ');
    throw new Error(
      `Expected \`encryptWith\` to be one of ${ids}, got ${encryptWith.slice(0, 40)}`,
    );
  }
  return { encryptWith: named, keys };
}

/** The first 64 bits of a keyed hash of something public: enough to tell keys apart. */
function toKey(id: string, secret: Buffer): PayloadKey {
  const hash = createHmac('sha256', secret).update('fingerprint of a Pilotlight payload key');
  return { id, secret, fingerprint: hash.digest('hex').slice(0, 16) };
}
