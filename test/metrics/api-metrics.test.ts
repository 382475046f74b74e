import assert from 'node:assert/strict';
import type { ClaimEvent } from '../../src/claims/claim-event.ts';
import { ApiMetrics } from '../../src/metrics/api-metrics.ts';
import { exampleSummary } from './example-summary.ts';

const pool = 'small';

async function sampleOf(metrics: ApiMetrics, name: string): Promise<string[]> {
  const { text } = await metrics.scrape();
  return text.split('\n').filter((line) => line.startsWith(name));
}

describe('the metrics of an API process', () => {
  const cases: [ClaimEvent, string][] = [
    [
      { kind: 'claimed', pool, hit: true, elapsedMs: 7, waitedMs: 0 },
      'pilotlight_claim_duration_seconds_bucket{le="0.01",pool="small",outcome="hit"} 1',
    ],
    [
      { kind: 'claimed', pool, hit: false, elapsedMs: 3_000, waitedMs: 2_900 },
      'pilotlight_claim_duration_seconds_count{pool="small",outcome="miss"} 1',
    ],
    [
      { kind: 'missed', pool, waitedMs: 900 },
      'pilotlight_claim_wait_seconds_sum{pool="small",outcome="missed"} 0.9',
    ],
    [{ kind: 'raceLost', pool }, 'pilotlight_claim_races_lost_total{pool="small"} 1'],
    [
      { kind: 'failed', pool, code: 'poolMiss' },
      'pilotlight_claims_failed_total{pool="small",code="poolMiss"} 1',
    ],
    [{ kind: 'renewed', pool }, 'pilotlight_claim_renewals_total{pool="small"} 1'],
    [
      { kind: 'released', pool, reason: 'unhealthy' },
      'pilotlight_claim_releases_total{pool="small",unhealthy="true"} 1',
    ],
    // A reason is the caller's text, of which there is no end.
    [
      { kind: 'released', pool, reason: 'tired of it' },
      'pilotlight_claim_releases_total{pool="small",unhealthy="false"} 1',
    ],
    [{ kind: 'lost', pool, reason: 'Evicted' }, 'pilotlight_claims_lost_total{pool="small"} 1'],
    [
      { kind: 'notDiscarded', pool, message: 'x' },
      'pilotlight_claims_not_discarded_total{pool="small"} 1',
    ],
    [
      { kind: 'demandUnheard', pool, message: 'x' },
      'pilotlight_demand_unheard_total{pool="small"} 1',
    ],
  ];
  for (const [event, expected] of cases) {
    it(`counts ${JSON.stringify(event)}`, async () => {
      const metrics = new ApiMetrics();
      metrics.observeClaimEvent(event);
      assert.ok((await metrics.scrape()).text.includes(`\n${expected}\n`), expected);
    });
  }

  it('counts requests and calls, and asks gauges at each scrape', async () => {
    const metrics = new ApiMetrics();
    metrics.observeRequest({ method: 'GET', route: '/v1/pools', status: 200 });
    metrics.observeCall({ method: 'PATCH', lane: 'claims', status: null, elapsedMs: 30 });
    let pools = [{ ...exampleSummary('small'), waiting: 3 }];
    metrics.addPoolGauges(() => pools);
    assert.deepEqual(await sampleOf(metrics, 'pilotlight_http_requests_total'), [
      'pilotlight_http_requests_total{method="GET",route="/v1/pools",status="200"} 1',
    ]);
    assert.deepEqual(await sampleOf(metrics, 'pilotlight_kubernetes_calls_total'), [
      'pilotlight_kubernetes_calls_total{method="PATCH",lane="claims",status="0"} 1',
    ]);
    const waiting = 'pilotlight_claims_waiting';
    assert.deepEqual(await sampleOf(metrics, waiting), [`${waiting}{pool="small"} 3`]);
    pools = [];
    assert.deepEqual(await sampleOf(metrics, waiting), []);
  });
});
