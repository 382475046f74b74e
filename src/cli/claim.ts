import { Command, Option } from 'commander';
import type { HeldClaim } from '../client/held-claim.ts';
import type { ClaimOptions, PilotlightClient, WantedShape } from '../client/pilotlight-client.ts';
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
  pilotlight claim --shape large --image db:2   of the one pool that has both
  pilotlight claim small --claim-id job-17      the same pod, however often it is run
  pilotlight claim small --exec sh -c 'curl http://$PILOTLIGHT_POD_IP:8080/'`;

interface Options {
  wait?: number;
  lease?: number;
  claimId?: string;
  holder?: string;
  shape?: string;
  image?: string;
  hold: boolean;
  exec: boolean;
  output?: 'json';
}

/**
 * `pilotlight claim POOL`, or `--shape` and `--image` instead of a pool: takes a pod; alone it keeps it
 * for a lease. `command` is what `separateCommand` found behind `--exec`.
 */
export function claimCommand(command: string[]): Command {
  return new Command('claim')
    .description('take a warm pod of a pool, or of the one pool of a shape and image')
    .argument('[pool]', 'name of the pool')
    .argument('[command...]', 'what --exec runs')
    .option('--shape <shape>', 'instead of the pool: its label pilotlight.dev/shape')
    .option('--image <image>', 'instead of the pool: the image of its pods')
    .option('--wait <seconds>', 'how long to wait when none is warm (0)', readSeconds)
    .option('--lease <seconds>', "lease (the pool's own)", readSeconds)
    .option('--claim-id <id>', 'name of the claim: the same name gets the same pod')
    .option('--holder <text>', 'who holds it, for people')
    .option('--hold', 'keep it until Ctrl-C, then release it', false)
    .option('--exec', 'run the rest of the line while it is held', false)
    .addOption(new Option('-o, --output <format>', 'output format').choices(['json']))
    .addHelpText('after', examples)
    .action((pool: string | undefined, strays: string[], options: Options) =>
      run({ pool, strays, command, options }),
    );
}

/**
 * The arguments of ours, and the command that stands behind `claim`'s `--exec`: options there are the
 * command's, and its first word is not the name of a pool.
 */
export function separateCommand(args: string[]): { own: string[]; command: string[] } {
  const index = args.indexOf('--exec');
  if (args[0] !== 'claim' || index < 0) return { own: args, command: [] };
  const [first, ...others] = args.slice(index + 1);
  const isMarked = first === undefined || first === '--';
  return { own: args.slice(0, index + 1), command: isMarked ? others : [first, ...others] };
}

async function run(given: {
  pool: string | undefined;
  strays: string[];
  command: string[];
  options: Options;
}): Promise<void> {
  const { strays, command, options } = given;
  const { wait, lease, claimId, holder, hold, exec, output } = options;
  const claimOf = readWanted(given);
  if (exec && hold) throw new Error('Expected `--hold` or `--exec`, got both');
  if (exec !== command.length > 0 || strays.length > 0) {
    const got = strays.length > 0 ? `\`${strays.join(' ')}\` without --exec` : 'nothing';
    throw new Error(`Expected a command behind \`--exec\`, got ${got}`);
  }
  const stop = stopSignal();
  const claim = await claimOf(apiClient(), {
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

/** What is claimed of: a pool, or the one pool of a shape and image. Raises unless it is one of them. */
function readWanted({ pool, options }: { pool: string | undefined; options: Options }) {
  const wanted = readShape(options);
  const expected = 'Expected the name of a pool, or `--shape`, `--image` or both instead';
  if (pool !== undefined) {
    if (wanted !== null) throw new Error(`${expected}; got both, with pool ${pool}`);
    return (api: PilotlightClient, claim: ClaimOptions) => api.claim(pool, claim);
  }
  if (wanted === null) throw new Error(`${expected}; got neither`);
  return (api: PilotlightClient, claim: ClaimOptions) => api.claimByShape(wanted, claim);
}

function readShape({ shape, image }: Options): WantedShape | null {
  if (shape !== undefined) return { shape, ...(image === undefined ? {} : { image }) };
  return image === undefined ? null : { image };
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
