/** What is left of a pool that has ended, and what its successor of the same name finds. */
import assert from 'node:assert/strict';
import { poolWorkflowId } from '../../src/pool/names.ts';
import { poolSelector } from '../../src/kubernetes/pods.ts';
import { checkInvariants } from './check-invariants.ts';
import { startEnvironment, until, type Environment } from './environment.ts';
import { colocated } from './pod-templates.ts';

describe('a pool that is deleted', function () {
  this.timeout(120_000);
  let environment: Environment;

  before(async () => {
    environment = await startEnvironment({ nodeDelaySeconds: 20 });
    await environment.startWorker('worker');
  });
  after(() => environment.stop());

  /** Everything that carries the pool's label, by kind and name. */
  async function remains(pool: string): Promise<string[]> {
    const { core } = environment;
    const filter = { namespace: 'default', labelSelector: poolSelector(pool) };
    const kinds = {
      pod: core.listNamespacedPod(filter),
      template: core.listNamespacedPodTemplate(filter),
      card: core.listNamespacedConfigMap(filter),
    };
    const lists = await Promise.all(
      Object.entries(kinds).map(async ([kind, list]) =>
        (await list).items.map(({ metadata }) => `${kind} ${metadata?.name ?? ''}`),
      ),
    );
    return lists.flat();
  }

  // Templates of a pool that had ended stayed for good, since only the lists of a running pool swept.
  it('leaves neither pods nor card nor templates, and can be created again', async () => {
    const pool = 'brief';
    for (const round of [1, 2]) {
      await environment.createPool({ pool, warmTarget: 2, template: colocated() });
      await until({
        what: `2 warm pods in round ${round}`,
        timeoutMs: 30_000,
        ask: () => environment.status(pool),
        holds: ({ warm }) => warm === 2,
      });
      const found = (await remains(pool)).map((object) => object.split(' ')[0]);
      assert.deepEqual(found.toSorted(), ['card', 'pod', 'pod', 'template']);
      const handle = environment.client.workflow.getHandle(poolWorkflowId(pool));
      await handle.signal('drain');
      await handle.result();
      assert.deepEqual(await remains(pool), []);
      await checkInvariants({ environment, pools: [pool], lives: round });
    }
  });
});
