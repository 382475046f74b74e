/** Runs a command to its end, with its output in a log that is quoted when it fails. */
import { spawn } from 'node:child_process';

/** Characters of output quoted in an error: the last lines, where compilers say what is wrong. */
const quotedCharacters = 2_000;

/** Resolves to what the command printed; raises with the end of it when it fails or takes too long. */
export async function runCommand(options: {
  command: string;
  args: string[];
  cwd?: string;
  env?: Record<string, string>;
  timeoutMs: number;
}): Promise<string> {
  const { command, args, cwd, env, timeoutMs } = options;
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
    timeout: timeoutMs,
    ...(cwd === undefined ? {} : { cwd }),
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code === 0) return output;
  throw new Error(
    `${command} ${args.join(' ')} ended with ${String(code)}: ${output.slice(-quotedCharacters)}`,
  );
}
