import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DemandReport } from '../../src/claims/claim.ts';
import { DemandReporter } from '../../src/claims/demand-reporter.ts';
import { eventually } from '../kubernetes/faulty-api-server.ts';

describe('the reporter of demand', () => {
  let sent: DemandReport[];
  let unheard: string[];
  let fails: number;
  let waiting: number;
  let reporter: DemandReporter;

  beforeEach(() => {
    sent = [];
    unheard = [];
    fails = 0;
    waiting = 0;
    reporter = new DemandReporter({
      send: (report) => {
        if (fails > 0) {
          fails -= 1;
          return Promise.reject(new Error('Temporal is down'));
        }
        sent.push(report);
        return Promise.resolve();
      },
      count: () => waiting,
      version: () => '7',
      onUnheard: (message) => unheard.push(message),
    });
  });

  afterEach(() => reporter.stop());

  const wait = (count: number): void => {
    waiting = count;
    reporter.set(count);
  };

  it('tells the first at once and what follows within a quarter of a second in one', async () => {
    wait(1);
    await eventually('the first', () => sent.length === 1);
    for (const count of [2, 3, 4]) wait(count);
    await sleep(100);
    assert.equal(sent.length, 1);
    await eventually('the second', () => sent.length === 2);
    assert.deepEqual(
      sent.map(({ waiting, version }) => [waiting, version]),
      [
        [1, '7'],
        [4, '7'],
      ],
    );
  });

  it('tells that nobody waits any more, and nothing after it', async () => {
    wait(1);
    await eventually('the first', () => sent.length === 1);
    wait(0);
    await eventually('the second', () => sent.length === 2);
    assert.equal(sent[1]?.waiting, 0);
    await sleep(300);
    assert.equal(sent.length, 2);
  });

  it('sends again what Temporal did not take, as it is then', async () => {
    fails = 1;
    wait(1);
    await eventually('the failure', () => unheard.length === 1);
    wait(5);
    await eventually('the report', () => sent.length === 1);
    assert.equal(sent[0]?.waiting, 5);
    assert.deepEqual(unheard, ['Temporal is down']);
  });

  it('tells nothing when those who came have gone before it was their turn', async () => {
    wait(1);
    wait(0);
    await sleep(50);
    assert.deepEqual(sent, []);
  });
});
