import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import type { Client } from '@temporalio/client';
import { keepWatch } from '../../src/workers/keep-watch.ts';
import { eventually } from '../kubernetes/faulty-api-server.ts';

describe('the keeper of the watch', () => {
  let ending: AbortController;
  let starts: number;
  let signals: AbortSignal[];
  /** What Temporal answers to a start. */
  let answer: () => Promise<void>;

  beforeEach(() => {
    ending = new AbortController();
    [starts, signals] = [0, []];
    answer = () => Promise.resolve();
  });
  afterEach(() => ending.abort());

  /** Keeps watch over a client that does with a signal what that of Temporal does. */
  function keep(onError: (error: unknown) => void = () => undefined): Promise<void> {
    const client = {
      workflow: {
        start: () => {
          starts += 1;
          return answer();
        },
      },
      withDeadline: (_atMs: number, call: () => Promise<void>) => call(),
      withAbortSignal: (signal: AbortSignal, call: () => Promise<void>) => {
        signals.push(signal);
        signal.addEventListener('abort', () => undefined);
        return call();
      },
    };
    return keepWatch({
      ...{ client: client as unknown as Client, namespace: 'home', taskQueue: 'queue' },
      ...{ signal: ending.signal, onError, lookEveryMs: 1 },
    });
  }

  // Temporal's client never takes its listener off the signal of a call, and the listener holds the call:
  // with one signal for all looks, the worker kept 5,760 calls a day.
  it('keeps nothing of its looks', async () => {
    void keep();
    await eventually('some looks', () => starts >= 5);
    assert.ok(getEventListeners(ending.signal, 'abort').length <= 2);
  });

  it('tells what went wrong, and looks again', async () => {
    const errors: unknown[] = [];
    answer = () => Promise.reject(new Error('Temporal is away'));
    void keep((error) => errors.push(error));
    await eventually('two failures', () => errors.length >= 2);
    assert.match(String(errors[0]), /Temporal is away/);
  });

  it('cuts a call short when it is told to end', async () => {
    answer = () =>
      new Promise((_resolve, reject) => {
        signals.at(-1)?.addEventListener('abort', () => reject(new Error('cut short')));
      });
    const kept = keep((error) => assert.fail(String(error)));
    await eventually('a look', () => starts === 1);
    ending.abort();
    await kept;
  });
});
