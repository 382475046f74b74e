/** Carries a schedule's faults out on the servers of a run. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { V1PodTemplateSpec } from '@kubernetes/client-node';
import type { ManagedProcess } from '../../dev/managed-process.ts';
import { poolWorkflowId } from '../../src/pool/names.ts';
import { changePool } from '../e2e/change-pool.ts';
import { colocated, exclusive } from '../e2e/pod-templates.ts';
import type { ChaosWorld } from './chaos-world.ts';
import { disturbNetwork } from './disturb-network.ts';
import { harmPod, loseNode } from './harm-pods.ts';
import { hostileMessages } from './hostile-messages.ts';
import { insist } from './insist.ts';
import type { Fault, OurProcess, PoolPlan, Schedule, Server } from './schedule.ts';

/** Plays the whole schedule; resolves when the last fault has passed and everything runs again. */
export async function playFaults(world: ChaosWorld, schedule: Schedule): Promise<void> {
  const startedAtMs = performance.now();
  // Deeds on one pool happen in order, so that the last target set is the last one wanted.
  const lines = new Map<string, Promise<void>>();
  const played = schedule.faults.map(async ({ atMs, fault }) => {
    await sleep(Math.max(0, startedAtMs + atMs - performance.now()));
    const about = 'pool' in fault ? fault.pool : fault.process;
    const isInLine = isDeed(fault);
    const before = isInLine ? (lines.get(about) ?? Promise.resolve()) : Promise.resolve();
    world.note(`${JSON.stringify(fault)} begins`);
    const playing = before.then(() => play(world, fault));
    if (isInLine) lines.set(about, playing);
    await playing;
  });
  await Promise.all(played);
}

function isDeed(fault: Fault): fault is Extract<Fault, { pool: string }> {
  return 'pool' in fault && !['deletePod', 'evictPod', 'failPod', 'loseNode'].includes(fault.kind);
}

async function play(world: ChaosWorld, fault: Fault): Promise<void> {
  try {
    await playOne(world, fault);
  } catch (error) {
    // What a fault does may itself meet another fault; the checker looks at what came of it.
    world.note(`${fault.kind} met ${String(error).slice(0, 200)}`);
  }
}

async function playOne(world: ChaosWorld, fault: Fault): Promise<void> {
  switch (fault.kind) {
    case 'kill':
    case 'terminate':
    case 'freeze':
      return outage(world, fault);
    case 'deletePod':
    case 'evictPod':
    case 'failPod':
      return harmPod(world, fault);
    case 'loseNode':
      return loseNode(world, fault);
    case 'setTarget':
    case 'newTemplate':
    case 'pausePool':
    case 'hostileMessage':
      return deed(world, fault);
    case 'expireWatches':
    case 'truncateWatches':
    case 'refuseWrites':
    case 'refuseCalls':
    case 'timeOutWrites':
    case 'loseWrites':
    case 'delayWrites':
    case 'holdWatches':
    case 'cutCluster':
    case 'stallCluster':
    case 'dripCluster':
    case 'cutTemporal':
    case 'stallTemporal':
    case 'muteTemporal':
    case 'slowTemporal':
      return disturbNetwork(world.running[fault.process], fault);
  }
}

async function outage(
  world: ChaosWorld,
  fault: Extract<Fault, { kind: 'kill' | 'terminate' | 'freeze' }>,
): Promise<void> {
  const victim = processOf(world, fault.process);
  if (fault.kind === 'freeze') {
    victim.signal('SIGSTOP');
    await sleep(fault.seconds * 1_000);
    victim.signal('SIGCONT');
    return;
  }
  if (fault.kind === 'kill') await victim.kill();
  else await victim.stop();
  await sleep(fault.seconds * 1_000);
  await victim.start();
}

function processOf(world: ChaosWorld, name: OurProcess | Server): ManagedProcess {
  const { environment, running } = world;
  if (name in running) return running[name as OurProcess].process;
  const all = [environment.temporal.process, ...environment.cluster.processes];
  const found = all.find((process) => process.name === name);
  if (found === undefined) throw new Error(`Expected a process of the run, got ${name}`);
  return found;
}

async function deed(
  world: ChaosWorld,
  fault: Extract<Fault, { kind: 'setTarget' | 'newTemplate' | 'pausePool' | 'hostileMessage' }>,
): Promise<void> {
  const { environment, targets, raises, uncertain, pools } = world;
  const handle = environment.client.workflow.getHandle(poolWorkflowId(fault.pool));
  switch (fault.kind) {
    case 'setTarget': {
      const { pool, target } = fault;
      const raised = Math.max(0, target - (targets.get(pool) ?? 0));
      raises.set(pool, (raises.get(pool) ?? 0) + raised);
      targets.set(pool, target);
      uncertain.add(pool);
      await insistOn(world, () => handle.signal('setTarget', target));
      uncertain.delete(pool);
      return;
    }
    case 'newTemplate': {
      const plan = pools.find(({ name }) => name === fault.pool);
      const template = templateOf(plan?.shape ?? 'quick', fault.version);
      const templateHash = `v${fault.version}`;
      return insistOn(world, () =>
        changePool({ environment, pool: fault.pool, template, templateHash }),
      );
    }
    case 'pausePool':
      await insistOn(world, () => handle.signal('pause'));
      await sleep(fault.seconds * 1_000);
      return insistOn(world, () => handle.signal('resume'));
    case 'hostileMessage': {
      const { signalName, payload } = hostileMessages[fault.choice % hostileMessages.length]!;
      return insistOn(world, async () => {
        await environment.client.workflowService.signalWorkflowExecution({
          namespace: 'default',
          workflowExecution: { workflowId: handle.workflowId },
          signalName,
          input: { payloads: [payload] },
          identity: 'chaos',
          requestId: randomUUID(),
        });
      });
    }
  }
}

/** Pods leave a lost node after this, so that a run of 20 s sees it. */
const leaveLostNodeSeconds = 3;

/** The template of a shape; versions differ by a label. */
export function templateOf(shape: PoolPlan['shape'], version: number): V1PodTemplateSpec {
  const template =
    shape === 'exclusive'
      ? exclusive({ leaveLostNodeSeconds })
      : colocated(shape === 'slow' ? { readyDelay: '4s' } : {});
  Object.assign(template.metadata?.labels ?? {}, { version: `v${version}` });
  return template;
}

/** The same of Temporal, which has 5 s for each answer. */
function insistOn({ environment }: ChaosWorld, ask: () => Promise<void>): Promise<void> {
  const { client } = environment;
  return insist(() => client.withDeadline(Date.now() + 5_000, ask));
}
