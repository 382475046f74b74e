/**
 * What people see of a pool in trouble: eight troubles are staged on the real control plane, and each
 * is read on the page of the pool's workflow in the real Temporal UI, by `describe` and by `top`.
 */
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import type { ManagedProcess } from '../../dev/managed-process.ts';
import { poolWorkflowId } from '../../src/pool/names.ts';
import { setTargetSignal } from '../../src/workflows/messages.ts';
import { startEnvironment, type Environment } from '../e2e/environment.ts';
import { runCli } from '../e2e/run-cli.ts';
import { startBrowser } from './browser.ts';
import { stageTroubles } from './stage-troubles.ts';
import { readPage } from './workflow-page.ts';

/** A trouble, and the words that tell a person its phase, its reason and what to do. */
interface Trouble {
  pool: string;
  what: string;
  words: RegExp[];
  /** The reason as a row of `top` has room for it. */
  inTop: RegExp;
}

const troubles: Trouble[] = [
  {
    pool: 'bad-image',
    what: 'an image that can not be pulled',
    words: [/Degraded/, /ImagePullBackOff/, /Check the name and tag of the image/, /Breaker: open/],
    inTop: /Degraded .*ImagePullBackOff: not Ready after 5 s/,
  },
  {
    pool: 'no-node',
    what: 'pods that no node fits',
    words: [/Filling/, /Unschedulable: 0\/\d+ nodes are available/, /No node fits these pods/],
    inTop: /Filling .*0 of 3 pods are warm, 3 are starting; the oldest waits/,
  },
  {
    pool: 'quota',
    what: 'a quota that is used up',
    words: [/Degraded/, /exceeded quota: tight/, /Raise the quota, or lower the target/],
    inTop: /Degraded .*exceeded quota/,
  },
  {
    pool: 'refused',
    what: 'pods that an admission policy refuses',
    words: [/Degraded/, /poison is forbidden/, /change in the template what the message names/],
    inTop: /Degraded .*forbidden: /,
  },
  {
    pool: 'paused',
    what: 'a pause',
    words: [/Paused/, /until the pool is resumed/, /pilotlight resume paused/],
    inTop: /Paused .*Nothing is started or retired/,
  },
  {
    pool: 'in-use',
    what: 'more claims than its target, up to its maximum',
    words: [/Degraded/, /All 4 pods that maxPods allows are in use/, /Raise `?maxPods/],
    inTop: /Degraded .*All 4 pods that maxPods allows are in use/,
  },
];

/** What only `describe` and the page of a pool write differently: code and bold text. */
function plain(text: string): string {
  return text.replaceAll(/\s+/g, ' ');
}

describe('a person who looks at a pool', function () {
  this.timeout(120_000);
  let environment: Environment;
  let worker: ManagedProcess;
  let page: Page;
  let closeBrowser = (): Promise<void> => Promise.resolve();

  before(async () => {
    environment = await startEnvironment({ nodeDelaySeconds: 1, withUi: true });
    const [started, api, browser] = await Promise.all([
      environment.startWorker('worker'),
      environment.startApi('api'),
      startBrowser(),
    ]);
    worker = started;
    closeBrowser = browser.close;
    page = await browser.context.newPage();
    await stageTroubles(environment, api);
  });
  after(async () => {
    await closeBrowser();
    await environment.stop();
  });

  const read = (pool: string, words: RegExp[]): Promise<void> =>
    readPage({ environment, page, pool, tab: 'user-metadata', words, picture: pool });
  const readPending = (pool: string, words: RegExp[], picture: string | null): Promise<void> =>
    readPage({ environment, page, pool, tab: 'pending-activities', words, picture });
  const cli = async (...args: string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await runCli({ environment, args });
    assert.equal(exitCode, 0, stderr);
    return `${stderr}${stdout}`;
  };

  for (const { pool, what, words } of troubles) {
    it(`finds ${what}, why and what to do on the page of its workflow`, () => read(pool, words));
  }

  it('finds who changed the target of a pool, and when', () =>
    readPage({
      ...{ environment, page, pool: 'paused', tab: 'user-metadata', picture: null },
      words: [/Target 1 → 3 at \d{4}-\d\d-\d\d [\d:]+ UTC, by ann@laptop/],
    }));

  it('finds each of them by describe', async () => {
    for (const { pool, words } of troubles) {
      const said = plain(await cli('describe', 'pool', pool));
      for (const word of words.filter((one) => !one.source.startsWith('Breaker'))) {
        assert.match(said, word);
      }
    }
  });

  it('finds each of them by top', async () => {
    const rows = (await cli('top')).split('\n');
    for (const { pool, inTop } of troubles) {
      assert.match(rows.find((row) => row.startsWith(`${pool} `)) ?? '', inTop);
    }
  });

  it('finds on the pending activities what each pod waits for', () =>
    readPending('no-node', [/no-node-0/, /Unschedulable: 0\/\d+ nodes/, /since/], 'pending-pods'));

  it('finds that the API server is down by the pods that it does not confirm, and its error', async () => {
    const pool = 'api-server-down';
    await environment.untilWarm(pool, 1, 30_000);
    await environment.cluster.apiServer?.kill();
    const handle = environment.client.workflow.getHandle(poolWorkflowId(pool));
    await handle.signal(setTargetSignal, 3);
    await read(pool, [
      ...[/Filling/, /1 of 3 pods are warm, 2 are starting/],
      ...[/the cluster has not confirmed it yet/, /the Kubernetes API server does not answer/],
    ]);
    // Without a picture: stack traces name the folders of the machine.
    await readPending(pool, [/no answer from the API server/], null);
    const said = plain(await cli('describe', 'pool', pool));
    assert.match(said, /the Kubernetes API server does not answer/);
    assert.match(await cli('top'), /api-server-down +Filling .*1 of 3 pods are warm/);
    await environment.cluster.apiServer?.start();
    await environment.untilWarm(pool, 3, 60_000);
  });

  it('finds that no worker runs by the banner of the UI, and pools by their cards', async () => {
    await environment.untilWarm('no-worker', 2, 30_000);
    await worker.stop();
    // Temporal shows who has polled within five minutes, but keeps that in memory only.
    await environment.temporal.process.stop();
    await environment.temporal.process.start();
    await read('no-worker', [/No Workers/i]);
    assert.match(await cli('describe', 'pool', 'no-worker'), /warning: .*[^]*2 of 2 pods are warm/);
    assert.match(await cli('top'), /warning: .*[^]*no-worker/);
  });
});
