import assert from 'node:assert/strict';
import { LatePools } from '../../src/api/late-pools.ts';
import { PoolError } from '../../src/client/pool-error.ts';

describe('the pools of a replica', () => {
  const before = process.env['TEMPORAL_ADDRESS'];
  // Nobody listens there.
  beforeEach(() => (process.env['TEMPORAL_ADDRESS'] = '127.0.0.1:1'));
  afterEach(() => {
    if (before === undefined) delete process.env['TEMPORAL_ADDRESS'];
    else process.env['TEMPORAL_ADDRESS'] = before;
  });

  it('are opened once, when they are asked for, whether or not Temporal answers', async () => {
    const late = new LatePools({ taskQueue: 'pilotlight', keyring: null });
    const [pools, again] = await Promise.all([late.get(), late.get()]);
    assert.equal(pools, again);
    await assert.rejects(
      pools.drain('a'),
      (error) => error instanceof PoolError && error.message.includes('127.0.0.1:1'),
    );
    await late.close();
  });

  it('need no closing when nobody has asked for them', async () => {
    await new LatePools({ taskQueue: 'pilotlight', keyring: null }).close();
  });
});
