import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import type { Pools } from '../client/pools.ts';
import { readTemplate } from '../kubernetes/templates.ts';
import type { PoolStatus } from '../pool/status.ts';
import { readDuration } from './read-duration.ts';
import { withCluster, withPools } from './servers.ts';

/** A rollout of a few pods takes minutes when their nodes do. */
const defaultTimeoutSeconds = 600;

/** Between looks at the pool: each is a query that a worker answers. */
const lookEveryMs = 1_000;

const examples = `
A changed template replaces unclaimed pods one by one (rollout.maxSurge, rollout.maxUnavailable);
claimed ones stay until they are released. When new pods do not start, the rollout stops by itself.

Examples:
  pilotlight rollout status small --wait    exit code 1 when it stops
  pilotlight rollout undo small             back to the template before`;

/** `pilotlight rollout status|undo NAME`. */
export function rolloutCommand(): Command {
  const status = new Command('status')
    .description('tell how far the current template has replaced older ones')
    .argument('<name>', 'name of the pool')
    .option('--wait', 'wait until it is done or has stopped', false)
    .option('--timeout <time>', 'longest wait', readDuration, defaultTimeoutSeconds)
    .action(async (name: string, { wait, timeout }: { wait: boolean; timeout: number }) => {
      await withPools((pools) => follow({ pools, name, timeoutSeconds: wait ? timeout : 0 }));
    });
  const undo = new Command('undo')
    .description('go back to the template before the current one')
    .argument('<name>', 'name of the pool')
    .action((name: string) => withPools((pools) => goBack(pools, name)));
  return new Command('rollout')
    .description('follow or undo the replacement of pods by a new template')
    .addCommand(status)
    .addCommand(undo)
    .addHelpText('after', examples);
}

async function follow(options: {
  pools: Pools;
  name: string;
  timeoutSeconds: number;
}): Promise<void> {
  const { pools, name, timeoutSeconds } = options;
  const deadlineMs = Date.now() + timeoutSeconds * 1000;
  for (let said = ''; ;) {
    const status = await pools.status(name);
    const { isDone, hasStopped, text } = rolloutOf(status);
    if (text !== said) console.log(text);
    said = text;
    if (hasStopped) {
      process.exitCode = 1;
      return;
    }
    if (isDone || timeoutSeconds === 0) return;
    if (Date.now() >= deadlineMs) {
      throw new Error(`The rollout of pool ${name} is not done after ${timeoutSeconds} s`);
    }
    await sleep(lookEveryMs);
  }
}

/** What a status tells of a rollout. */
export function rolloutOf(status: PoolStatus): {
  isDone: boolean;
  /** New pods do not start, so nothing more is replaced. */
  hasStopped: boolean;
  text: string;
} {
  const { pool, templateHash, stale, warm, target, failures } = status;
  if (stale === 0 && warm >= target) {
    const text = `pool ${pool}: all ${warm} warm pods are of template ${templateHash}`;
    return { isDone: true, hasStopped: false, text };
  }
  const left = `${stale} unclaimed pods of older templates are left, ${warm} of ${target} are warm`;
  if (failures.consecutive > 0) {
    const why = `${failures.lastReason ?? ''}: ${failures.lastMessage ?? ''}`;
    const text = `pool ${pool}: the rollout of ${templateHash} has stopped, ${left}: ${why}`;
    return { isDone: false, hasStopped: true, text };
  }
  const text = `pool ${pool}: ${templateHash} is being rolled out, ${left}`;
  return { isDone: false, hasStopped: false, text };
}

async function goBack(pools: Pools, name: string): Promise<void> {
  const { namespace, spec, previousTemplateHash } = await pools.status(name);
  if (previousTemplateHash === null) {
    throw new Error(`Pool ${name} has had no other template than ${spec.templateHash}`);
  }
  const templateHash = previousTemplateHash;
  const template = await withCluster((connection) =>
    readTemplate({ connection, namespace, pool: name, templateHash }),
  );
  if (template === null) {
    throw new Error(`PodTemplate ${name}-${templateHash} is missing: apply its document again`);
  }
  await pools.apply({ pool: name, namespace, spec: { ...spec, templateHash } });
  console.log(`pool ${name} goes back from template ${spec.templateHash} to ${templateHash}`);
}
