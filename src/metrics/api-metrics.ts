/**
 * What an API process counts. Labels are bounded: pools that exist, outcomes and codes; never
 * the name of a pod, a claim or a caller.
 */
import type { ClaimEvent } from '../claims/claim-event.ts';
import { Counter, Gauge, Histogram } from 'prom-client';
import type { PoolSummary } from '../claims/claim.ts';
import { ProcessMetrics } from './process-metrics.ts';

/** From a claim on an idle machine to the longest wait in line. */
const claimBuckets = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300];

/** The metrics of an API process. */
export class ApiMetrics extends ProcessMetrics {
  readonly #claims = new Histogram({
    name: 'pilotlight_claim_duration_seconds',
    help: 'Time from a claim to its pod: hits found it warm, misses waited for it.',
    labelNames: ['pool', 'outcome'],
    buckets: claimBuckets,
    registers: [this.registry],
  });
  readonly #waits = new Histogram({
    name: 'pilotlight_claim_wait_seconds',
    help: 'Time in line, of claims that were granted and of those whose time ran out.',
    labelNames: ['pool', 'outcome'],
    buckets: claimBuckets,
    registers: [this.registry],
  });
  readonly #racesLost = this.#counter(
    'claim_races_lost_total',
    'Pods that turned out to be taken, unready or on their way out when they were to be claimed.',
  );
  readonly #failed = this.#counter('claims_failed_total', 'Claims refused or failed.', {
    labels: ['code'],
  });
  readonly #renewed = this.#counter('claim_renewals_total', 'Leases renewed.');
  readonly #released = this.#counter('claim_releases_total', 'Claims released.', {
    labels: ['unhealthy'],
  });
  #pools: () => string[] = () => [];
  readonly #lost = this.#counter('claims_lost_total', 'Claims whose pod failed or vanished.', {
    // Prometheus sees no increase in a series' first sample, and claims are lost several at once.
    known: () => this.#pools().map((pool) => ({ pool })),
  });
  readonly #notDiscarded = this.#counter(
    'claims_not_discarded_total',
    'Claims whose callers had gone and whose pods could not be released: their leases end them.',
  );
  readonly #demandUnheard = this.#counter(
    'demand_unheard_total',
    'Reports of waiting claims that Temporal did not take.',
  );
  readonly #requests = new Counter({
    name: 'pilotlight_http_requests_total',
    help: 'Requests answered, by route and status.',
    labelNames: ['method', 'route', 'status'],
    registers: [this.registry],
  });
  /** Counts what happened to a claim. Its pool must be one that exists, or empty. */
  observeClaimEvent(event: ClaimEvent): void {
    const { pool } = event;
    switch (event.kind) {
      case 'claimed': {
        const outcome = event.hit ? 'hit' : 'miss';
        this.#claims.observe({ pool, outcome }, event.elapsedMs / 1000);
        this.#waits.observe({ pool, outcome: 'granted' }, event.waitedMs / 1000);
        return;
      }
      case 'missed':
        this.#waits.observe({ pool, outcome: 'missed' }, event.waitedMs / 1000);
        return;
      case 'raceLost':
        this.#racesLost.inc({ pool });
        return;
      case 'failed':
        this.#failed.inc({ pool, code: event.code });
        return;
      case 'renewed':
        this.#renewed.inc({ pool });
        return;
      case 'released':
        this.#released.inc({ pool, unhealthy: String(event.reason === 'unhealthy') });
        return;
      case 'lost':
        this.#lost.inc({ pool });
        return;
      case 'notDiscarded':
        this.#notDiscarded.inc({ pool });
        return;
      case 'demandUnheard':
        this.#demandUnheard.inc({ pool });
    }
  }

  /** Counts one request; `route` is a pattern of ours. */
  observeRequest(request: { method: string; route: string; status: number }): void {
    const { method, route, status } = request;
    this.#requests.inc({ method, route, status });
  }

  /** Shows each pool's pods by state, its target, phase and whether it is served, at each scrape. */
  addPoolGauges(read: () => PoolSummary[]): void {
    const registers = [this.registry];
    this.#pools = () => read().map(({ pool }) => pool);
    new Gauge({
      name: 'pilotlight_pool_pods',
      help: 'Pods of a pool by state, as this replica sees them; stale: unclaimed ones of an older template, counted in their state as well.',
      labelNames: ['pool', 'state'],
      registers,
      collect() {
        this.reset();
        for (const { pool, warm, pending, claimed, terminating, stale } of read()) {
          for (const [state, count] of Object.entries({
            warm,
            pending,
            claimed,
            terminating,
            stale,
          }))
            this.set({ pool, state }, count);
        }
      },
    });
    this.addGauge({
      name: 'pilotlight_pool_target_pods',
      help: 'Warm pods wanted.',
      label: 'pool',
      read: () => read().map(({ pool, target }) => [pool, target]),
    });
    this.addGauge({
      name: 'pilotlight_claims_waiting',
      help: 'Claims in line at this replica: the demand beyond the target.',
      label: 'pool',
      read: () => read().map(({ pool, waiting }) => [pool, waiting]),
    });
    new Gauge({
      name: 'pilotlight_pool_phase',
      help: '1 for the phase that a pool is in, by its card.',
      labelNames: ['pool', 'phase'],
      registers,
      collect() {
        this.reset();
        for (const { pool, phase } of read()) this.set({ pool, phase }, 1);
      },
    });
  }

  /** A counter by pool and other labels; series that are `known` are there from 0. */
  #counter(
    name: string,
    help: string,
    { labels = [], known = () => [] }: { labels?: string[]; known?: () => { pool: string }[] } = {},
  ): Counter {
    return new Counter({
      name: `pilotlight_${name}`,
      help,
      labelNames: ['pool', ...labels],
      registers: [this.registry],
      collect() {
        for (const series of known()) this.inc(series, 0);
      },
    });
  }
}
