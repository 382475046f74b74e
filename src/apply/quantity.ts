/** Powers of the suffixes of a Kubernetes quantity: of ten, or with an `i` of 1024. */
const suffixes: Record<string, [base: bigint, power: number]> = {
  n: [10n, -9],
  u: [10n, -6],
  m: [10n, -3],
  '': [10n, 0],
  k: [10n, 3],
  M: [10n, 6],
  G: [10n, 9],
  T: [10n, 12],
  P: [10n, 15],
  E: [10n, 18],
  Ki: [1024n, 1],
  Mi: [1024n, 2],
  Gi: [1024n, 3],
  Ti: [1024n, 4],
  Pi: [1024n, 5],
  Ei: [1024n, 6],
};

/** At most 30 digits: Kubernetes' own largest quantity has 19, and longer ones cost BigInt time. */
const pattern =
  /^([+-]?)(\d{1,30})(?:\.(\d{0,30}))?(?:[eE]([+-]?\d{1,2})|([numkMGTPE]|[KMGTPE]i))?$/;

/**
 * One text for all ways to write a quantity: a whole number of billionths, Kubernetes' own
 * precision, so that 1, "1" and "1000m" are the same. Anything else comes back as it is.
 */
export function normaliseQuantity(value: unknown): unknown {
  if (typeof value !== 'string' && typeof value !== 'number') return value;
  const match = pattern.exec(String(value));
  if (match === null) return value;
  const [, sign = '', whole = '', fraction = '', exponent, suffix = ''] = match;
  const [base, power] =
    exponent === undefined ? (suffixes[suffix] ?? [10n, 0]) : [10n, Number(exponent)];
  const decimals = fraction.length - 9;
  const up = base ** BigInt(Math.max(0, power)) * 10n ** BigInt(Math.max(0, -decimals));
  const down = 10n ** BigInt(Math.max(0, -power) + Math.max(0, decimals));
  const scaled = BigInt(whole + fraction) * up;
  if (scaled % down !== 0n) return value;
  const billionths = scaled / down;
  return `${sign === '-' && billionths !== 0n ? '-' : ''}${billionths}n`;
}
