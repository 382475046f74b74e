/** Which pool a claim by shape and image means: exactly one, or none, never a near match. */
import type { PoolSummary } from '../claims/claim.ts';
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
    throw new ApiError('noSuchShape', `No pool has ${asked}. There are: ${list(pools)}.`);
  }
  if (others.length > 0) {
    const message = `Several pools have ${asked}: ${list([found, ...others])}. Name the pool, or ask for both.`;
    throw new ApiError('ambiguousShape', message);
  }
  return found.pool;
}

function describe({ shape, image }: WantedShape): string {
  const parts = Object.entries({ shape, image }).filter(([, value]) => value !== undefined);
  return parts.map(([name, value]) => `${name} ${value ?? ''}`).join(' and ');
}

function list(pools: PoolSummary[]): string {
  if (pools.length === 0) return 'none';
  const shown = pools.slice(0, maxListed).map(({ pool, labels: its }) => {
    const kind = describe({ shape: its[labels.shape], image: its[labels.image] });
    return kind === '' ? pool : `${pool} (${kind})`;
  });
  const more = pools.length > maxListed ? [`and ${pools.length - maxListed} more`] : [];
  return [...shown, ...more].join(', ');
}
