/** A scrape, read back as Prometheus reads it. */
import type { ProcessMetrics } from '../../src/metrics/process-metrics.ts';

/** One metric with its samples. */
export interface Family {
  name: string;
  help: string;
  type: string;
  samples: { name: string; labels: Record<string, string>; value: number }[];
}

/** The families of a scrape. */
export async function scrapeOf(metrics: ProcessMetrics): Promise<Family[]> {
  const { text } = await metrics.scrape();
  const families: Family[] = [];
  for (const line of text.split('\n')) {
    const [, help, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    if (help === 'HELP') families.push({ name, help: rest, type: '', samples: [] });
    const last = families.at(-1);
    if (last === undefined) continue;
    if (help === 'TYPE') last.type = rest;
    const [, sample, labels = '', value] = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    if (sample === undefined) continue;
    const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key, text]) => [
      ...[key, text],
    ]);
    last.samples.push({
      ...{ name: sample, value: Number(value) },
      labels: Object.fromEntries(pairs) as Record<string, string>,
    });
  }
  return families;
}

/** The names of all samples. */
export async function exportedBy(...all: ProcessMetrics[]): Promise<Set<string>> {
  const names = new Set<string>();
  for (const metrics of all) {
    for (const { name, samples } of await scrapeOf(metrics)) {
      names.add(name);
      for (const sample of samples) names.add(sample.name);
    }
  }
  return names;
}
