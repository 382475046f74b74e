/**
 * What a worker counts. Reasons are those of pods and of the API server, of which there are dozens; a
 * pool that fails in words of its own is counted under `other` beyond that.
 */
import { Counter, Gauge, Histogram } from 'prom-client';
import { ProcessMetrics } from './process-metrics.ts';

/** From a pod on a node that has its image to a node that has to be bought and booted. */
const startBuckets = [0.5, 1, 2.5, 5, 10, 20, 30, 60, 90, 120, 180, 240, 300, 600];

/** A container may end with a reason that its program chose: no more than this become labels. */
const maxReasons = 50;

/** The metrics of a worker process. */
export class WorkerMetrics extends ProcessMetrics {
  readonly #reasons = new Set<string>();
  #pools: () => string[] = () => [];
  readonly #starts = new Histogram({
    name: 'pilotlight_pod_start_duration_seconds',
    help: 'Time from the creation of a pod: until it has a node, until its images are pulled and its containers run, until it is Ready.',
    labelNames: ['pool', 'phase'],
    buckets: startBuckets,
    registers: [this.registry],
  });
  readonly #spawns = new Counter({
    name: 'pilotlight_spawns_total',
    help: 'Spawns that ended, by outcome; reason: why a failed one did.',
    labelNames: ['pool', 'outcome', 'reason'],
    registers: [this.registry],
  });
  readonly #retirements = this.#retirementCounter();
  readonly #watcherLag = new Gauge({
    name: 'pilotlight_watcher_lag_seconds',
    help: 'Age of the oldest change of a pod that Temporal has not taken yet; 0 in workers that do not watch.',
    registers: [this.registry],
  });

  /** Shows the ends of leases of these pools from 0, at each scrape. */
  addPools(read: () => string[]): void {
    this.#pools = read;
  }

  /** Counts how long a pod took to a phase. */
  observeStart(pool: string, phase: string, elapsedMs: number): void {
    this.#starts.observe({ pool, phase }, Math.max(0, elapsedMs) / 1000);
  }

  /** Counts the end of a spawn; `reason` is empty unless it failed. */
  countSpawn(pool: string, outcome: string, reason: string): void {
    this.#spawns.inc({ pool, outcome, reason: this.#bounded(reason) });
  }

  /** Counts a retirement that was carried out. */
  countRetirement(pool: string, reason: string, outcome: string): void {
    this.#retirements.inc({ pool, reason: this.#bounded(reason), outcome });
  }

  /** Keeps the age of the oldest change that Temporal has not taken. */
  setWatcherLag(lagMs: number): void {
    this.#watcherLag.set(lagMs / 1000);
  }

  #retirementCounter(): Counter<'pool' | 'reason' | 'outcome'> {
    const pools = (): string[] => this.#pools();
    return new Counter({
      name: 'pilotlight_retirements_total',
      help: 'Wishes to end a pod that were carried out, by what became of them.',
      labelNames: ['pool', 'reason', 'outcome'],
      registers: [this.registry],
      collect() {
        // Prometheus sees no increase in a series' first sample, and leases end in mass at once.
        for (const pool of pools()) this.inc({ pool, reason: 'expired', outcome: 'deleted' }, 0);
      },
    });
  }

  #bounded(reason: string): string {
    if (reason === '' || this.#reasons.has(reason)) return reason;
    if (this.#reasons.size >= maxReasons) return 'other';
    this.#reasons.add(reason);
    return reason;
  }
}
