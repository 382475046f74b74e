import assert from 'node:assert/strict';
import { setImmediate as breathe } from 'node:timers/promises';
import { FairGate } from '../../src/activities/fair-gate.ts';

const never = new AbortController().signal;

/** Creates that end when told to, and the order in which they began. */
function creates() {
  const begun: string[] = [];
  const ends: (() => void)[] = [];
  const create = (name: string) => async (): Promise<string> => {
    begun.push(name);
    await new Promise<void>((resolve) => ends.push(resolve));
    return name;
  };
  const endNext = async (): Promise<void> => {
    ends.shift()?.();
    await breathe();
  };
  return { begun, create, endNext };
}

describe('the gate for creates and deletes', () => {
  it('lets so many through at once, and the next when one is done', async () => {
    const gate = new FairGate(2);
    const { begun, create, endNext } = creates();
    const all = ['a', 'b', 'c'].map((name) => gate.pass('p', never, create(name)));
    assert.deepEqual(begun, ['a', 'b']);
    await endNext();
    assert.deepEqual(begun, ['a', 'b', 'c']);
    await endNext();
    await endNext();
    assert.deepEqual(await Promise.all(all), ['a', 'b', 'c']);
  });

  it('takes pools in turn, so that a large fill does not hold a small one up (P7)', async () => {
    const gate = new FairGate(1);
    const { begun, create, endNext } = creates();
    const large = ['l0', 'l1', 'l2', 'l3'].map((name) => gate.pass('large', never, create(name)));
    const small = gate.pass('small', never, create('s0'));
    for (let ended = 0; ended < 5; ended += 1) await endNext();
    await Promise.all([...large, small]);
    assert.deepEqual(begun, ['l0', 'l1', 's0', 'l2', 'l3']);
  });

  it('gives the place on when a create fails', async () => {
    const gate = new FairGate(1);
    await assert.rejects(gate.pass('p', never, () => Promise.reject(new Error('refused'))));
    assert.equal(await gate.pass('p', never, () => Promise.resolve('made')), 'made');
  });

  it('lets those who are cancelled leave the line without a create', async () => {
    const gate = new FairGate(1);
    const { begun, create, endNext } = creates();
    const first = gate.pass('p', never, create('first'));
    const leaving = new AbortController();
    const left = gate.pass('p', leaving.signal, create('left'));
    const last = gate.pass('p', never, create('last'));
    leaving.abort(new Error('cancelled'));
    await assert.rejects(left, /cancelled/);
    await endNext();
    await endNext();
    await Promise.all([first, last]);
    assert.deepEqual(begun, ['first', 'last']);
  });
});
