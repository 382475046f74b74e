/** Which pool a claim by shape and image means: exactly one, or none, never a near match. */
import type { PoolSummary } from '../claims/claim.ts';
import type { PoolCandidate } from '../client/wire/problem.ts';
import { labels } from '../pool/labels.ts';
import { ApiError } from './problems.ts';

/** What a caller asks for; at least one of the two. */
export interface WantedShape {
  shape?: string | undefined;
  image?: string | undefined;
}

/** Candidates listed in an error at most. */
const maxListed = 20;

/**
 * The one pool of `pools`, those that the caller may see, whose labels are what is wanted. Raises
 * `badRequest` when nothing is wanted, `noSuchShape` or `ambiguousShape` with the candidates.
 */
export function resolvePool(pools: PoolSummary[], wanted: WantedShape): string {
  const { shape, image } = wanted;
  if (shape === undefined && image === undefined) {
    throw new ApiError('badRequest', 'Expected `shape`, `image` or both, got neither.');
  }
  const isMeant = (pool: PoolSummary): boolean =>
    [[labels.shape, shape] as const, [labels.image, image] as const].every(
      ([key, value]) => value === undefined || pool.labels[key] === value,
    );
  const [found, ...others] = pools.filter(isMeant);
  const asked = describe({ shape, image });
  if (found === undefined) {
    const message = `No pool has ${asked}. There are: ${list(pools)}.`;
    throw new ApiError('noSuchShape', message, { candidates: candidatesOf(pools) });
  }
  if (others.length > 0) {
    const several = [found, ...others];
    const message = `Several pools have ${asked}: ${list(several)}. Name the pool, or ask for both.`;
    throw new ApiError('ambiguousShape', message, { candidates: candidatesOf(several) });
  }
  return found.pool;
}

function candidatesOf(pools: PoolSummary[]): PoolCandidate[] {
  return pools.slice(0, maxListed).map(({ pool, labels: its }) => ({
    pool,
    shape: its[labels.shape] ?? null,
    image: its[labels.image] ?? null,
  }));
}

function describe({ shape, image }: Partial<Omit<PoolCandidate, 'pool'>> | WantedShape): string {
  const named = (name: string, value: string | null | undefined): string[] =>
    value === undefined || value === null ? [] : [`${name} ${value}`];
  return [...named('shape', shape), ...named('image', image)].join(' and ');
}

function list(pools: PoolSummary[]): string {
  if (pools.length === 0) return 'none';
  const shown = candidatesOf(pools).map(({ pool, ...its }) => {
    const kind = describe(its);
    return kind === '' ? pool : `${pool} (${kind})`;
  });
  const more = pools.length > maxListed ? [`and ${pools.length - maxListed} more`] : [];
  return [...shown, ...more].join(', ');
}
