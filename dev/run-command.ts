/** Runs a command to its end, with its output quoted when it fails. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** Characters of output quoted in an error: the last lines, where compilers say what is wrong. */
const quotedCharacters = 2_000;

/**
 * Resolves to what the command printed to stdout. Its children end with it when it is cut short.
 *
 * @throws with the end of its output when it fails or takes too long, that it is not there, or with
 *   the signal's reason
 */
export async function runCommand(options: {
  command: string;
  args: string[];
  cwd?: string;
  env?: Record<string, string>;
  timeoutMs: number;
  signal?: AbortSignal;
  /** Told of each line that it prints, on either stream. */
  onLine?: (line: string) => void;
}): Promise<string> {
  const { command, args, cwd, env, timeoutMs, signal, onLine } = options;
  signal?.throwIfAborted();
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
    // A group of its own, so that a compiler's children are ended with it.
    detached: true,
    ...(cwd === undefined ? {} : { cwd }),
  });
  const time = { isOver: false };
  const end = (): void => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
  };
  const timer = setTimeout(() => {
    time.isOver = true;
    end();
  }, timeoutMs);
  signal?.addEventListener('abort', end);
  let printed = '';
  let all = '';
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => (all += chunk.toString()));
    if (onLine !== undefined) createInterface({ input: stream }).on('line', onLine);
  }
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    if (code === 0) return printed;
    signal?.throwIfAborted();
    const how = time.isOver
      ? `took longer than ${timeoutMs / 1_000} s`
      : `ended with ${String(code)}`;
    const said = all.slice(-quotedCharacters).trim();
    throw new Error(`\`${[command, ...args].join(' ')}\` ${how}: ${said}`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new Error(`Expected ${command} to be there, got none`, { cause: error });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', end);
  }
}
