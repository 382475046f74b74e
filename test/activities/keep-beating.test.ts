import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { keepBeating } from '../../src/activities/keep-beating.ts';
import { runActivity } from './run-activity.ts';

describe('a short activity', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setInterval'] }));
  afterEach(() => mock.timers.reset());

  it('beats at least twice within the timeout while its call hangs, and no more once it has ended', async () => {
    let beats = 0;
    const call = Promise.withResolvers<string>();
    const beat = (): void => {
      beats += 1;
    };
    const running = runActivity(() => keepBeating(() => call.promise), { beat });
    mock.timers.tick(10_000);
    assert.equal(beats, 2);
    call.resolve('done');
    assert.equal(await running, 'done');
    mock.timers.tick(60_000);
    assert.equal(beats, 2);
  });

  it('stops to beat when its call fails', async () => {
    let beats = 0;
    const beat = (): void => {
      beats += 1;
    };
    const fail = (): Promise<never> => Promise.reject(new Error('refused'));
    await assert.rejects(
      runActivity(() => keepBeating(fail), { beat }),
      /refused/,
    );
    mock.timers.tick(60_000);
    assert.equal(beats, 0);
  });
});
