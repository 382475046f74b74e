/** Everything that is measured by `bench -- all`, in this order. */

/** One measurement: the command that makes it, with its arguments. */
export interface Measurement {
  name: string;
  args: string[];
}

/**
 * Rates of claims a second, and the seconds of all three parts. The faster ones last longer: a queue that
 * is never emptied must have the time to show.
 */
const loads = [
  { rate: 10, seconds: 36 },
  { rate: 25, seconds: 36 },
  { rate: 45, seconds: 54 },
  { rate: 75, seconds: 60 },
  { rate: 100, seconds: 60 },
];

/** Claims a second in a quick suite, and the seconds of their only part. */
const quickRates = [10, 45];
const quickSeconds = 20;

/** A burst is over in a second, and no two are alike. */
const bursts = 5;

/** Seconds in which quiet pools are watched: in these the watcher of `cloud` beats twice. */
const quietSeconds = 150;

/**
 * The measurements. A quick suite has the same kinds in a quarter of the time: fewer sizes, one run of
 * each, and short loads; its figures are for a first look.
 */
export function suite({ quick }: { quick: boolean }): Measurement[] {
  const runs = ['--runs', quick ? '1' : '3'];
  const fill = (pods: number, pools: number): Measurement => ({
    name: `fill-${pods}-in-${pools}`,
    args: ['fill', '--pods', String(pods), '--pools', String(pools), ...runs],
  });
  const claims = (rate: number, seconds: number, more: string[]): Measurement => ({
    name: `claims-${rate}${more.length > 0 ? '-named' : ''}`,
    args: [
      ...['claims', '--rate', String(rate), '--seconds', String(quick ? quickSeconds : seconds)],
      ...['--pool', String(poolFor(rate)), ...(quick ? ['--parts', '1'] : []), ...more],
    ],
  });
  const quiet = (pools: number, pods: number): Measurement => ({
    name: `quiet-${pools}-${pods}-cloud`,
    args: [
      ...['quiet', '--pools', String(pools), '--pods', String(pods)],
      ...['--seconds', String(quick ? quietSeconds / 2 : quietSeconds), '--heartbeats', 'cloud'],
    ],
  });
  const burst = {
    name: 'burst',
    args: ['burst', '--claims', '300', '--parts', String(quick ? 1 : bursts)],
  };
  const fills = quick
    ? [fill(300, 1), fill(1_000, 1)]
    : [fill(300, 1), fill(300, 10), fill(300, 50), fill(1_000, 1), fill(2_000, 1)];
  return [
    ...fills,
    burst,
    ...loads
      .filter(({ rate }) => !quick || quickRates.includes(rate))
      .map(({ rate, seconds }) => claims(rate, seconds, [])),
    claims(10, 36, ['--claim-ids']),
    { name: 'restart', args: ['restart', '--runs', quick ? '2' : '5'] },
    quick ? quiet(10, 100) : quiet(50, 500),
    { name: 'growth', args: ['growth', '--seconds', quick ? '20' : '40'] },
  ];
}

/** A pool that holds 3 s of claims and half a hundred. */
function poolFor(rate: number): number {
  return Math.min(500, 50 + 3 * rate);
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
