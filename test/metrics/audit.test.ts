/** The metrics of both programs as a scrape shows them, with a hundred pools and all that they count. */
import assert from 'node:assert/strict';
import type { ClaimEvent } from '../../src/claims/claim-event.ts';
import { ApiMetrics } from '../../src/metrics/api-metrics.ts';
import { WorkerMetrics } from '../../src/metrics/worker-metrics.ts';
import { exampleSummary } from './example-summary.ts';
import { exportedBy, scrapeOf, type Family } from './scrape-of.ts';

const pools = Array.from({ length: 100 }, (_, index) => `pool-${index}`);

/** What the labels of ours may be called; each has few values, or those of pools that exist. */
const allowedLabels = [
  ...['pool', 'state', 'phase', 'outcome', 'reason', 'code', 'unhealthy'],
  ...['method', 'route', 'status', 'lane', 'watch', 'le'],
];

/**
 * Series of one pool: three histograms of 16 series and a dozen counters and gauges with a few values
 * of their labels each. A hundred pools are 15,000 series at most, a small Prometheus' tenth.
 */
const maxSeriesOfPool = 150;

/** A watch that was heard of so long ago. */
const heard = (ms: number) => ({ lagMs: () => ms, receivedBytes: 20_000 });

/** Everything that can be counted of a pool. */
function busyApi(): ApiMetrics {
  const metrics = new ApiMetrics();
  metrics.addPoolGauges(() => pools.map(exampleSummary));
  metrics.addWatches({ pods: heard(2_500), cards: heard(40_000) });
  for (const pool of pools) {
    const events: ClaimEvent[] = [
      { kind: 'claimed', pool, hit: true, elapsedMs: 7, waitedMs: 0 },
      { kind: 'claimed', pool, hit: false, elapsedMs: 700, waitedMs: 600 },
      { kind: 'missed', pool, waitedMs: 900 },
      { kind: 'raceLost', pool },
      { kind: 'failed', pool, code: 'poolMiss' },
      { kind: 'renewed', pool },
      { kind: 'released', pool, reason: 'unhealthy' },
      { kind: 'released', pool, reason: `pod ${pool}-7 is odd` },
      { kind: 'lost', pool, reason: 'Evicted' },
      { kind: 'notDiscarded', pool, message: 'x' },
      { kind: 'demandUnheard', pool, message: 'x' },
    ];
    for (const event of events) metrics.observeClaimEvent(event);
  }
  metrics.observeRequest({ method: 'POST', route: '/v1/pools/:pool/claims', status: 201 });
  metrics.observeCall({ method: 'PATCH', lane: 'claims', status: 200, elapsedMs: 3 });
  return metrics;
}

function busyWorker(): WorkerMetrics {
  const metrics = new WorkerMetrics();
  for (const pool of pools) {
    for (const phase of ['scheduled', 'pulled', 'ready']) metrics.observeStart(pool, phase, 900);
    for (const outcome of ['ready', 'gone', 'nameTaken']) metrics.countSpawn(pool, outcome, '');
    metrics.countSpawn(pool, 'failed', 'ErrImagePull');
    metrics.countRetirement(pool, 'surplus', 'deleted');
  }
  metrics.observeCall({ method: 'POST', lane: 'calls', status: null, elapsedMs: 10_000 });
  metrics.setWatcherLag(1_500);
  metrics.addWatches({ pods: heard(2_500) });
  return metrics;
}

const programs = { api: busyApi, worker: busyWorker };

for (const [program, busy] of Object.entries(programs)) {
  describe(`each metric of the ${program}`, () => {
    let families: Family[];
    before(async () => {
      families = (await scrapeOf(busy())).filter(({ name }) => name.startsWith('pilotlight_'));
      assert.ok(families.length > 5);
    });

    it('is named as Prometheus wants it: counters `_total`, times in seconds, nothing in ms', () => {
      for (const { name, type } of families) {
        assert.match(name, /^pilotlight_[a-z]+(_[a-z]+)*$/);
        assert.equal(name.endsWith('_total'), type === 'counter', name);
        if (type === 'histogram') assert.ok(name.endsWith('_seconds'), name);
        assert.doesNotMatch(name, /_(ms|milliseconds|minutes|count|sum|bucket)$/);
      }
    });

    it('has a sentence of help', () => {
      for (const { name, help } of families) {
        assert.match(help, /^[A-Z0-9].{10,}\.$|^[A-Z0-9].{20,}[^.]$/, name);
      }
    });

    it('has labels of few values, never a pod, a claim or a caller', () => {
      for (const { name, samples } of families) {
        for (const { labels } of samples) {
          for (const [label, value] of Object.entries(labels)) {
            assert.ok(allowedLabels.includes(label), `${name} ${label}`);
            // Pods are called by their pool's name and an ordinal.
            assert.doesNotMatch(value, /^pool-\d+-\w+/, `${name} ${label}=${value}`);
          }
        }
      }
    });

    it(`has few series: at most ${maxSeriesOfPool} a pool`, () => {
      const ofOne = families.flatMap(({ samples }) =>
        samples.filter(({ labels }) => labels['pool'] === 'pool-42'),
      );
      assert.ok(ofOne.length > 5 && ofOne.length <= maxSeriesOfPool, String(ofOne.length));
      const all = families.flatMap(({ samples }) => samples).length;
      assert.ok(all <= pools.length * ofOne.length + 100, String(all));
    });
  });
}

describe('the metrics of both programs', () => {
  it('are the same where they have the same name', async () => {
    const [api, worker] = [await scrapeOf(busyApi()), await scrapeOf(busyWorker())];
    for (const { name, help, type } of api) {
      const same = worker.find((other) => other.name === name);
      if (same !== undefined) assert.deepEqual([same.help, same.type], [help, type]);
    }
  });

  it('tell how old each watch is, in seconds', async () => {
    const ages = async (metrics: ApiMetrics | WorkerMetrics) =>
      (await scrapeOf(metrics))
        .find(({ name }) => name === 'pilotlight_watch_age_seconds')
        ?.samples.map(({ labels, value }) => [labels, value]);
    const pods = [{ watch: 'pods' }, 2.5];
    assert.deepEqual(await ages(busyApi()), [pods, [{ watch: 'cards' }, 40]]);
    assert.deepEqual(await ages(busyWorker()), [pods]);
  });

  it('tell what each watch has brought, however often they are asked', async () => {
    const metrics = busyWorker();
    await metrics.scrape();
    const bytes = (await scrapeOf(metrics)).find(
      ({ name }) => name === 'pilotlight_watch_bytes_total',
    );
    assert.equal(bytes?.type, 'counter');
    assert.deepEqual(
      bytes.samples.map(({ labels, value }) => [labels, value]),
      [[{ watch: 'pods' }, 20_000]],
    );
  });

  // Twelve leases ended between two scrapes, and no alert came: the series began at 12.
  it('have what alerts count in mass from 0, for every pool that is known', async () => {
    const [api, worker] = [new ApiMetrics(), new WorkerMetrics()];
    api.addPoolGauges(() => ['a', 'b'].map(exampleSummary));
    worker.addPools(() => ['a', 'b']);
    const samplesOf = async (metrics: ApiMetrics | WorkerMetrics, name: string) =>
      (await scrapeOf(metrics)).find((family) => family.name === name)?.samples ?? [];
    const [lost, expired] = ['pilotlight_claims_lost_total', 'pilotlight_retirements_total'];
    const labels = { reason: 'expired', outcome: 'deleted' };
    assert.deepEqual(
      (await samplesOf(api, lost)).map((one) => [one.labels, one.value]),
      ['a', 'b'].map((pool) => [{ pool }, 0]),
    );
    assert.deepEqual(
      (await samplesOf(worker, expired)).map((one) => [one.labels, one.value]),
      ['a', 'b'].map((pool) => [{ pool, ...labels }, 0]),
    );
    api.observeClaimEvent({ kind: 'lost', pool: 'a', reason: 'Evicted' });
    worker.countRetirement('a', 'expired', 'deleted');
    assert.deepEqual(
      (await samplesOf(api, lost)).map(({ value }) => value),
      [1, 0],
    );
    assert.deepEqual(
      (await samplesOf(worker, expired)).map(({ value }) => value),
      [1, 0],
    );
  });

  it('hold a program to fifty reasons: a container may end in words of its own', async () => {
    const metrics = new WorkerMetrics();
    for (let index = 0; index < 200; index += 1) metrics.countSpawn('p', 'failed', `Odd${index}`);
    const spawns = (await scrapeOf(metrics)).find(({ name }) => name === 'pilotlight_spawns_total');
    assert.equal(spawns?.samples.length, 51);
    const other = spawns.samples.find(({ labels }) => labels['reason'] === 'other');
    assert.equal(other?.value, 150);
  });

  it('are all there that the issue of a pool that is not full needs', async () => {
    const names = await exportedBy(busyApi(), busyWorker());
    for (const name of [
      ...['pilotlight_pool_pods', 'pilotlight_pool_target_pods', 'pilotlight_claims_waiting'],
      ...['pilotlight_pod_start_duration_seconds_bucket', 'pilotlight_spawns_total'],
      ...['pilotlight_retirements_total', 'pilotlight_watcher_lag_seconds'],
      ...['pilotlight_kubernetes_call_duration_seconds_count'],
    ]) {
      assert.ok(names.has(name), name);
    }
  });
});
