import { Command, Option } from 'commander';
import type { HeldClaim } from '../client/held-claim.ts';
import { apiClient, readSeconds } from './api-client.ts';
import { holdUntil, runCommand } from './run-held.ts';

/** A person, or a script with its own loop, waits no longer for an API that is down. */
const retryForMs = 10_000;

const examples = `
With --exec the rest of the line is a command. It finds PILOTLIGHT_CLAIM_ID, PILOTLIGHT_POD_NAME,
PILOTLIGHT_POD_NAMESPACE, PILOTLIGHT_POD_IP and PILOTLIGHT_LEASE_EXPIRES_AT in its environment, its
exit code is ours, and the claim is renewed while it runs and released when it ends.

Examples:
  pilotlight claim small                        take a warm pod until its lease ends
  pilotlight claim small --wait 60 --hold       wait for one if need be; release it at Ctrl-C
  pilotlight claim small --claim-id job-17      the same pod, however often it is run
  pilotlight claim small --exec sh -c 'curl http://$PILOTLIGHT_POD_IP:8080/'`;

interface Options {
  wait?: number;
  lease?: number;
  claimId?: string;
  holder?: string;
  hold: boolean;
  exec: boolean;
  output?: 'json';
}

/** `pilotlight claim POOL`: takes a pod; alone it keeps it for a lease. */
export function claimCommand(): Command {
  return new Command('claim')
    .description('take a warm pod of a pool')
    .argument('<pool>', 'name of the pool')
    .argument('[command...]', 'what --exec runs')
    .option('--wait <seconds>', 'how long to wait when none is warm (0)', readSeconds)
    .option('--lease <seconds>', "lease (the pool's own)", readSeconds)
    .option('--claim-id <id>', 'name of the claim: the same name gets the same pod')
    .option('--holder <text>', 'who holds it, for people')
    .option('--hold', 'keep it until Ctrl-C, then release it', false)
    .option('--exec', 'run the rest of the line while it is held', false)
    .addOption(new Option('-o, --output <format>', 'output format').choices(['json']))
    .addHelpText('after', examples)
    .action(run);
}

/**
 * The arguments with `--` behind `claim`'s `--exec`, so that options of the command that it runs are
 * the command's.
 */
export function separateCommand(args: string[]): string[] {
  const index = args.indexOf('--exec');
  if (args[0] !== 'claim' || index < 0 || args[index + 1] === '--') return args;
  return [...args.slice(0, index + 1), '--', ...args.slice(index + 1)];
}

async function run(pool: string, command: string[], options: Options): Promise<void> {
  const { wait, lease, claimId, holder, hold, exec, output } = options;
  if (exec && hold) throw new Error('Expected `--hold` or `--exec`, got both');
  if (exec !== command.length > 0) {
    const given = exec ? 'nothing' : `\`${command.join(' ')}\` without --exec`;
    throw new Error(`Expected a command behind \`--exec\`, got ${given}`);
  }
  const stop = stopSignal();
  const claim = await apiClient().claim(pool, {
    ...(wait === undefined ? {} : { waitSeconds: wait }),
    ...(lease === undefined ? {} : { leaseSeconds: lease }),
    ...(claimId === undefined ? {} : { claimId }),
    ...(holder === undefined ? {} : { holder }),
    renews: hold || exec,
    signal: stop.signal,
    retryForMs,
  });
  if (!exec) show(claim, output, hold);
  if (!hold && !exec) return;
  try {
    if (hold) await holdUntil(claim, stop.signal);
    stop.end();
    if (exec) process.exitCode = await runCommand(claim, command);
  } finally {
    await claim.release();
  }
}

/** Aborts by Ctrl-C and SIGTERM until it is ended; then they do again what they usually do. */
function stopSignal(): { signal: AbortSignal; end: () => void } {
  const controller = new AbortController();
  const abort = (): void => controller.abort(new Error('Interrupted'));
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.on(signal, abort);
  return {
    signal: controller.signal,
    end: () => {
      for (const signal of signals) process.off(signal, abort);
    },
  };
}

function show(claim: HeldClaim, output: 'json' | undefined, hold: boolean): void {
  const { claimId, pool, hit, waitedMs, pod, lease } = claim;
  if (output === 'json') {
    console.log(JSON.stringify({ claimId, pool, hit, waitedMs, pod, lease }, null, 2));
    return;
  }
  const until = lease === null ? 'without a lease' : `until ${lease.expiresAt}`;
  const end = hold ? 'renewed until Ctrl-C' : `end it with \`pilotlight release ${claimId}\``;
  console.log(`claim ${claimId} holds pod ${pod.name} (${pod.ip ?? 'no IP'}) ${until}; ${end}`);
}
