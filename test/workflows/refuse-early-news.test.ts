import assert from 'node:assert/strict';
import { askAgain } from '../../src/workflows/early-news.ts';
import { interceptors } from '../../src/workflows/refuse-early-news.ts';

type Activate = NonNullable<
  NonNullable<ReturnType<typeof interceptors>['internals']>[number]['activate']
>;
type Activation = Parameters<Activate>[0]['activation'];

/** The guard of one run, told of activations as the SDK does. */
function guard(): (activation: object) => 'told' | 'refused' {
  const [internals] = interceptors().internals ?? [];
  assert.ok(internals && 'activate' in internals);
  return (activation) => {
    const told: object[] = [];
    const input = { activation: activation as Activation, batchIndex: 0 };
    try {
      internals.activate?.(input, () => told.push(activation));
    } catch (error) {
      assert.match(String(error), new RegExp(askAgain));
      assert.deepEqual(told, []);
      return 'refused';
    }
    assert.deepEqual(told, [activation]);
    return 'told';
  };
}

const task = {
  historyLength: 40,
  historySizeBytes: 6_844,
  timestamp: { seconds: 10, nanos: 5 },
  jobs: [{ signalWorkflow: {} }],
};
const news = { ...task, historyLength: 42, jobs: [{ fireTimer: {} }] };

describe('the guard against early news', () => {
  it('lets no news reach the workflow that no task has started with', () => {
    const tell = guard();
    assert.equal(tell(task), 'told');
    assert.equal(tell(news), 'refused');
  });

  it('knows numbers of 64 bits as the SDK gives them, and each run by itself', () => {
    const long = (value: number): object => ({ toString: () => String(value) });
    const tell = guard();
    assert.equal(tell({ ...task, historySizeBytes: long(6_844) }), 'told');
    assert.equal(guard()(news), 'told', 'the first of another run');
    assert.equal(tell({ ...news, historySizeBytes: long(6_844) }), 'refused');
  });

  it('lets tasks, their parts, queries and evictions pass', () => {
    const tell = guard();
    assert.equal(tell(task), 'told');
    assert.equal(tell({ ...task, jobs: [{ resolveActivity: {} }] }), 'told');
    assert.equal(tell({ ...news, jobs: [{ queryWorkflow: {} }] }), 'told');
    assert.equal(tell({ ...news, jobs: [{ removeFromCache: {} }] }), 'told');
    const inline = { ...news, historyLength: 44, timestamp: { seconds: 10, nanos: 6 } };
    assert.equal(tell(inline), 'told', 'a task that the server starts in its answer to another');
    assert.equal(tell({ ...task, historyLength: 50, historySizeBytes: 8_000 }), 'told');
  });
});
