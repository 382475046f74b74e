/** Reads counters off Prometheus' text format. */

/** One line of a metric. */
interface Sample {
  labels: Record<string, string>;
  value: number;
}

/** All samples of a metric. Labels with escaped quotes are not expected and would be cut. */
export function samplesOfMetric(text: string, name: string): Sample[] {
  const samples: Sample[] = [];
  for (const line of text.split('\n')) {
    if (!line.startsWith(name)) continue;
    const next = line[name.length];
    if (next !== '{' && next !== ' ') continue;
    const pairs = [...line.matchAll(/([a-zA-Z_]+)="([^"]*)"/g)].map(([, key, value]) => [
      key,
      value,
    ]);
    const labels = Object.fromEntries(pairs) as Sample['labels'];
    samples.push({ labels, value: Number(line.slice(line.lastIndexOf(' ') + 1)) });
  }
  return samples;
}

/** The sum of a metric's samples whose labels have all the values given; 0 without any. */
export function sumOfMetric(
  text: string,
  name: string,
  labels: Record<string, string> = {},
): number {
  const meant = samplesOfMetric(text, name).filter((sample) =>
    Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
  );
  return meant.reduce((sum, { value }) => sum + value, 0);
}

/** Fetches a page of metrics. Raises when it is not answered with success. */
export async function fetchMetrics(url: string): Promise<string> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(metricsDeadlineMs) });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  return answer.text();
}

/** A page of a busy server took 0.2 s. */
const metricsDeadlineMs = 10_000;
