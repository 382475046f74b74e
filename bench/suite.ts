/** Everything that is measured by `bench -- all`, in this order. */

/** One measurement: the command that makes it, with its arguments. */
export interface Measurement {
  name: string;
  args: string[];
}

/** Rates of claims a second, and a pool that holds 3 s of them and half a hundred. */
const rates = { full: [10, 25, 45, 75, 100], quick: [10, 45] };

/** Seconds of each load. */
const loadSeconds = { full: 60, quick: 20 };

/**
 * The measurements. A quick suite has the same kinds in 10 minutes: fewer sizes, one run of each, and
 * short loads; its figures are for a first look.
 */
export function suite({ quick }: { quick: boolean }): Measurement[] {
  const length = quick ? 'quick' : 'full';
  const runs = ['--runs', quick ? '1' : '3'];
  const fill = (pods: number, pools: number): Measurement => ({
    name: `fill-${pods}-in-${pools}`,
    args: ['fill', '--pods', String(pods), '--pools', String(pools), ...runs],
  });
  const claims = (rate: number, named: boolean): Measurement => ({
    name: `claims-${rate}${named ? '-named' : ''}`,
    args: [
      ...['claims', '--rate', String(rate), '--seconds', String(loadSeconds[length])],
      ...['--pool', String(Math.min(500, 50 + 3 * rate)), ...(named ? ['--claim-ids'] : [])],
    ],
  });
  const quiet = (pools: number, pods: number, heartbeats: string): Measurement => ({
    name: `quiet-${pools}-${pods}-${heartbeats}`,
    args: [
      ...['quiet', '--pools', String(pools), '--pods', String(pods)],
      ...['--seconds', String(quick ? 75 : 150), '--heartbeats', heartbeats],
    ],
  });
  const restart: Measurement = {
    name: 'restart',
    args: ['restart', '--runs', quick ? '2' : '5'],
  };
  const burst: Measurement = { name: 'burst', args: ['burst', '--claims', '300'] };
  const fills = quick
    ? [fill(300, 1), fill(1_000, 1)]
    : [fill(300, 1), fill(300, 10), fill(500, 50), fill(1_000, 1), fill(2_000, 1)];
  const quiets = quick
    ? [quiet(50, 2_000, 'cloud')]
    : [quiet(1, 10, 'default'), quiet(50, 500, 'cloud'), quiet(50, 2_000, 'default')];
  const loads = rates[length].map((rate) => claims(rate, false));
  return [...fills, burst, ...loads, claims(10, true), restart, ...quiets];
}

/** Those of the names given, in the suite's order. Raises an error that names one that is not in it. */
export function select(measurements: Measurement[], names: string[]): Measurement[] {
  const known = measurements.map(({ name }) => name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new Error(`Expected measurements of ${known.join(', ')}; got ${unknown}`);
  }
  return measurements.filter(({ name }) => names.includes(name));
}
