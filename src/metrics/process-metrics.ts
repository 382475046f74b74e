/** What every process of ours counts: itself and its calls of the Kubernetes API server. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { EndedCall } from '../kubernetes/connection.ts';

/** From a write on an idle control plane to the deadline of a call. */
const callBuckets = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

/** The metrics of one process: one registry, one scrape. */
export class ProcessMetrics {
  protected readonly registry = new Registry();
  readonly #calls = new Counter({
    name: 'pilotlight_kubernetes_calls_total',
    help: 'Calls of the Kubernetes API server, without watches; status 0: no answer.',
    labelNames: ['method', 'lane', 'status'],
    registers: [this.registry],
  });
  readonly #callDurations = new Histogram({
    name: 'pilotlight_kubernetes_call_duration_seconds',
    help: 'Time from a call of the Kubernetes API server to its answer, the wait for a connection included.',
    labelNames: ['method', 'lane'],
    buckets: callBuckets,
    registers: [this.registry],
  });

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  /** Counts one call of the API server. */
  observeCall({ method, lane, status, elapsedMs }: EndedCall): void {
    this.#calls.inc({ method, lane, status: status ?? 0 });
    this.#callDurations.observe({ method, lane }, elapsedMs / 1000);
  }

  /**
   * Shows how long ago each watch of the API server was heard of, and what it has brought, by the
   * watch's name. Called once.
   */
  addWatches(watches: Record<string, { lagMs(): number; receivedBytes: number }>): void {
    this.addGauge({
      name: 'pilotlight_watch_age_seconds',
      help: 'Time since a watch of the API server was heard of; each is, within 35 s.',
      label: 'watch',
      read: () => Object.entries(watches).map(([watch, source]) => [watch, source.lagMs() / 1000]),
    });
    new Counter({
      name: 'pilotlight_watch_bytes_total',
      help: 'Bytes that a watch of the API server has brought; lists are not in it.',
      labelNames: ['watch'],
      registers: [this.registry],
      collect() {
        this.reset();
        for (const [watch, { receivedBytes }] of Object.entries(watches)) {
          this.inc({ watch }, receivedBytes);
        }
      },
    });
  }

  /** A number that is asked for at each scrape, by label. */
  protected addGauge(options: {
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
      registers: [this.registry],
      collect() {
        this.reset();
        for (const [value, number] of read()) this.set({ [label]: value }, number);
      },
    });
  }

  /** The text that a scrape is answered with, and its media type. */
  async scrape(): Promise<{ contentType: string; text: string }> {
    return { contentType: this.registry.contentType, text: await this.registry.metrics() };
  }
}
