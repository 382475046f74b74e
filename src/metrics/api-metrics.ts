/**
 * What an API process counts. Labels are bounded: pools that exist, outcomes and codes; never
 * the name of a pod, a claim or a caller.
 */
import type { ClaimEvent } from '../claims/claim-event.ts';
import type { EndedCall } from '../kubernetes/connection.ts';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** From a claim on an idle machine to the longest wait in line. */
const claimBuckets = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300];

/** The metrics of one process. */
export class ApiMetrics {
  readonly #registry = new Registry();
  readonly #claims = new Histogram({
    name: 'pilotlight_claim_duration_seconds',
    help: 'Time from a claim to its pod: hits found it warm, misses waited for it.',
    labelNames: ['pool', 'outcome'],
    buckets: claimBuckets,
    registers: [this.#registry],
  });
  readonly #waits = new Histogram({
    name: 'pilotlight_claim_wait_seconds',
    help: 'Time in line, of claims that were granted and of those whose time ran out.',
    labelNames: ['pool', 'outcome'],
    buckets: claimBuckets,
    registers: [this.#registry],
  });
  readonly #racesLost = this.#counter(
    'claim_races_lost_total',
    'Pods that turned out to be taken, unready or on their way out when they were to be claimed.',
  );
  readonly #failed = this.#counter('claims_failed_total', 'Claims refused or failed.', ['code']);
  readonly #renewed = this.#counter('claim_renewals_total', 'Leases renewed.');
  readonly #released = this.#counter('claim_releases_total', 'Claims released.', ['unhealthy']);
  readonly #lost = this.#counter('claims_lost_total', 'Claims whose pod failed or vanished.');
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
    registers: [this.#registry],
  });
  readonly #calls = new Counter({
    name: 'pilotlight_kubernetes_calls_total',
    help: 'Calls of the Kubernetes API server, without watches; status 0: no answer.',
    labelNames: ['method', 'lane', 'status'],
    registers: [this.#registry],
  });

  constructor() {
    collectDefaultMetrics({ register: this.#registry });
  }

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

  /** Counts one call of the API server. */
  observeCall({ method, lane, status }: EndedCall): void {
    this.#calls.inc({ method, lane, status: status ?? 0 });
  }

  /** A number that is asked for at each scrape, by label. */
  addGauge(options: {
    name: string;
    help: string;
    label: string;
    read: () => Iterable<[string, number]>;
  }): void {
    const { name, help, label, read } = options;
    new Gauge({
      name,
      help,
      labelNames: [label],
      registers: [this.#registry],
      collect() {
        this.reset();
        for (const [value, number] of read()) this.set({ [label]: value }, number);
      },
    });
  }

  #counter(name: string, help: string, labelNames: string[] = []): Counter {
    return new Counter({
      name: `pilotlight_${name}`,
      help,
      labelNames: ['pool', ...labelNames],
      registers: [this.#registry],
    });
  }

  /** The text that a scrape is answered with, and its media type. */
  async scrape(): Promise<{ contentType: string; text: string }> {
    return { contentType: this.#registry.contentType, text: await this.#registry.metrics() };
  }
}
