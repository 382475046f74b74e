/** Reads counters off Prometheus' text format. */

/** The sum of a metric's samples whose labels have all the values given; 0 without any. */
export function sumOfMetric(
  text: string,
  name: string,
  labels: Record<string, string> = {},
): number {
  let sum = 0;
  for (const line of text.split('\n')) {
    if (!line.startsWith(name)) continue;
    const next = line[name.length];
    if (next !== '{' && next !== ' ') continue;
    const isMeant = Object.entries(labels).every(([label, value]) =>
      line.includes(`${label}=${JSON.stringify(value)}`),
    );
    if (isMeant) sum += Number(line.slice(line.lastIndexOf(' ') + 1));
  }
  return sum;
}

/** Fetches a page of metrics. Raises when it is not answered with success. */
export async function fetchMetrics(url: string): Promise<string> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(metricsDeadlineMs) });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  return answer.text();
}

/** A page of a busy server took 0.2 s. */
const metricsDeadlineMs = 10_000;
