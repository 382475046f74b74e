import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startApiReplica, type ApiReplica } from './api-replica.ts';
import { checkClaims } from './check-claims.ts';
import { checkInvariants } from './check-invariants.ts';
import { attackClaims } from './claim-attack.ts';
import { startEnvironment, until, type Environment } from './environment.ts';
import { colocated } from './pod-templates.ts';

const pool = 'attacked';
const warmTarget = 30;

/** Claims in all; more with PILOTLIGHT_ATTACK_CLAIMS. */
const claims = Number(process.env['PILOTLIGHT_ATTACK_CLAIMS'] ?? 2_000);
const attackTimeoutMs = 300_000;

describe('claims at three replicas under attack', function () {
  this.timeout(attackTimeoutMs + 300_000);
  let environment: Environment;
  let folder: string;
  const replicas: ApiReplica[] = [];

  before(async () => {
    environment = await startEnvironment({ nodeDelaySeconds: 1 });
    folder = await mkdtemp(join(tmpdir(), 'pilotlight-attack-'));
    await environment.startWorker('worker');
    await environment.createPool({ pool, warmTarget, template: colocated() });
    await environment.untilWarm(pool, warmTarget, 60_000);
    for (const name of ['api-one', 'api-two', 'api-three']) {
      const { kubeconfigPath } = environment.cluster;
      const temporalAddress = environment.temporal.address;
      const place = { kubeconfigPath, temporalAddress, logFolder: folder };
      replicas.push(await startApiReplica({ name, ...place }));
    }
  });

  after(async () => {
    for (const replica of replicas) await replica.stop();
    await environment.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** Kills a replica after the other with -9 and starts it again, until told to stop. */
  async function killReplicas(isOver: () => boolean): Promise<number> {
    let kills = 0;
    while (!isOver()) {
      await sleep(4_000);
      const victim = replicas[kills % replicas.length];
      if (victim === undefined || isOver()) break;
      await victim.process.kill();
      kills += 1;
      await sleep(500);
      await victim.process.start();
    }
    return kills;
  }

  it('give no claimId two pods, no pod two claims, and end none that is held (P2, P3)', async () => {
    for (const { proxy } of replicas) {
      proxy.loseEvery(15);
      proxy.delayEvery(40);
    }
    let isOver = false;
    const killing = killReplicas(() => isOver);
    const [, behind] = replicas;
    behind?.proxy.holdWatches();
    const held = setTimeout(() => behind?.proxy.releaseWatches(), 30_000);
    const attack = await attackClaims({
      urls: replicas.map(({ url }) => url),
      pool,
      clients: 16,
      claims,
      timeoutMs: attackTimeoutMs,
    });
    isOver = true;
    clearTimeout(held);
    behind?.proxy.releaseWatches();
    const kills = await killing;
    for (const { proxy } of replicas) {
      proxy.loseEvery(0);
      proxy.delayEvery(0);
    }
    const seen = `${attack.claims} claims, ${attack.repeats} repeats, ${kills} kills, ${replicas
      .map(({ proxy: { faults } }) => `${faults.lost} lost and ${faults.delayed} late`)
      .join(', ')}, failures ${JSON.stringify([...attack.failures])}`;
    console.log(`      ${seen}`);

    // What nobody knows of ends with its lease of a minute; then the pool is as before.
    const status = await until({
      what: 'the pool at rest',
      timeoutMs: 150_000,
      ask: () => environment.status(pool),
      holds: ({ warm, claimed, pending, retiring }) =>
        warm === warmTarget && claimed + pending + retiring === 0,
    });
    assert.equal(status.demand, 0);
    await environment.recorder.caughtUp();
    const moments = environment.recorder.moments(pool);
    const { claimIds } = checkClaims(moments);
    assert.deepEqual(attack.contradictions, []);
    assert.ok(attack.claims >= claims, seen);
    assert.ok(claimIds.size >= attack.claims, seen);
    assert.ok(kills >= 3 && replicas.every(({ proxy: { faults } }) => faults.lost > 0), seen);
    // A claim without a claimId whose caller got no answer is released by the replica itself.
    const unnamed = moments.filter(({ claimId }) => claimId?.startsWith('auto-'));
    const released = new Set([...attack.released, ...unnamed.map(({ uid }) => uid)]);
    await checkInvariants({ environment, pools: [pool], released });
  });
});
