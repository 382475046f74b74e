import assert from 'node:assert/strict';
import { originOf, readCpuProfile, selfTimes } from '../../bench/cpu-profile.ts';
import { drawFlame } from '../../bench/flame-chart.ts';
import { formatProfile } from '../../bench/format-profile.ts';

const call = (functionName: string, url = '', lineNumber = 0) => ({
  ...{ functionName, url, lineNumber },
});

/** 10 ms idle, 20 ms in `parse`, 5 ms in `plan` and 15 ms in what it calls, in samples of 5 ms. */
const profile = {
  nodes: [
    { id: 1, callFrame: call('(root)'), children: [2, 3, 4] },
    { id: 2, callFrame: call('(idle)') },
    { id: 3, callFrame: call('parse', 'file:///app/node_modules/@scope/json/index.js') },
    { id: 4, callFrame: call('plan', 'file:///app/dist/pool/plan.js'), children: [5, 6] },
    { id: 5, callFrame: call('', 'file:///app/dist/pool/plan.js', 41) },
    // The same function once more: V8 keeps apart what it has optimised anew.
    { id: 6, callFrame: call('', 'file:///app/dist/pool/plan.js', 41) },
  ],
  startTime: 1_000_000,
  endTime: 1_050_000,
  samples: [2, 2, 3, 3, 3, 3, 4, 5, 5, 6, 1],
  timeDeltas: [0, 5_000, 5_000, 5_000, 5_000, 5_000, 5_000, 5_000, 5_000, 5_000, 5_000],
};

describe('a CPU profile', () => {
  const root = readCpuProfile(JSON.stringify(profile), 0);

  it('is read as who calls whom, without the time in which nothing was done', () => {
    assert.equal(root.totalMs, 40);
    const [parse, plan] = root.children;
    assert.equal(root.children.length, 2);
    assert.deepEqual([parse?.name, parse?.origin, parse?.selfMs], ['parse', '@scope/json', 20]);
    assert.deepEqual([plan?.name, plan?.selfMs, plan?.totalMs], ['plan', 5, 20]);
    assert.deepEqual(plan?.children, [
      { name: '(plan.js:42)', origin: 'dist/pool', selfMs: 15, totalMs: 15, children: [] },
    ]);
  });

  it('is read from an instant on', () => {
    assert.equal(readCpuProfile(JSON.stringify(profile), 0.04).totalMs, 10);
  });

  it('tells where time was spent, the largest first', () => {
    assert.deepEqual(
      selfTimes(root, ({ origin }) => origin),
      [
        { key: '@scope/json', selfMs: 20 },
        { key: 'dist/pool', selfMs: 20 },
      ],
    );
  });

  it('knows packages inside of packages, Node, the sandbox and what is no JavaScript', () => {
    const from = (url: string): string => originOf(call('f', url));
    assert.equal(from('file:///a/node_modules/x/node_modules/y/lib/z.js'), 'y');
    assert.equal(from('node:internal/timers'), 'node');
    assert.equal(from('/app/workflow-bundle-0a.js'), 'workflows');
    assert.equal(from('file:///app/src/api/main.ts'), 'src/api');
    assert.equal(from(''), 'native');
    assert.equal(originOf(call('(garbage collector)')), 'garbage collector');
  });

  it('is refused when it is none', () => {
    assert.throws(() => readCpuProfile('{"nodes":1}', 0), /nodes/);
    assert.throws(() => readCpuProfile(JSON.stringify({ ...profile, nodes: [] }), 0), /begin with/);
  });

  it('is drawn with a frame for each function that can be seen, and no others', () => {
    const tiny = { ...root, name: 'tiny', totalMs: 0.1, selfMs: 0.1, children: [] };
    const svg = drawFlame({ ...root, children: [...root.children, tiny] }, 'a worker');
    for (const text of ['a worker', 'parse @scope/json', 'plan dist/pool', '(plan.js:42)']) {
      assert.ok(svg.includes(text), `${text} is missing`);
    }
    assert.ok(!svg.includes('tiny'));
  });

  it('is told in tables', () => {
    const text = formatProfile(root, 'a worker');
    assert.match(text, /^# a worker\n\n0\.04 s at work\.\n/);
    assert.match(text, /\| `parse` @scope\/json \| 20 \| 50\.0 % \|/);
  });
});
