import assert from 'node:assert/strict';
import { readOutput } from '../../bench/all.ts';
import { chartsOf } from '../../bench/charts.ts';
import { judge } from '../../bench/goals.ts';
import { formatReport } from '../../bench/report.ts';
import { readResults } from '../../bench/results.ts';
import { select, suite } from '../../bench/suite.ts';
import { exampleResults } from './example-results.ts';

describe('the suite of all benchmarks', () => {
  it('names each measurement once, and asks for no JSON or cluster of its own', () => {
    for (const quick of [true, false]) {
      const measurements = suite({ quick });
      assert.equal(new Set(measurements.map(({ name }) => name)).size, measurements.length);
      const all = measurements.flatMap(({ args }) => args);
      assert.ok(!all.includes('--json') && !all.includes('--cluster'));
    }
  });

  it('has every kind of measurement in a quick run too', () => {
    const kinds = (quick: boolean) =>
      [...new Set(suite({ quick }).map(({ args }) => args[0]))].sort();
    assert.deepEqual(kinds(true), ['burst', 'claims', 'fill', 'growth', 'quiet', 'restart']);
    assert.deepEqual(kinds(true), kinds(false));
  });
});

describe('some of the measurements', () => {
  it('are those named, in the order of the suite', () => {
    const some = select(suite({ quick: true }), ['restart', 'burst']);
    assert.deepEqual(
      some.map(({ name }) => name),
      ['burst', 'restart'],
    );
  });

  it('are refused with the names that there are', () => {
    assert.throws(() => select(suite({ quick: true }), ['brust']), /burst.*got brust/);
  });
});

describe('what a benchmark printed', () => {
  it('is the object of its last line', () => {
    const stdout = 'a warning\n{"benchmark":"fill"}\n';
    const { report, error } = readOutput({ exitCode: 0, stdout, stderr: '' });
    assert.deepEqual([report, error], [{ benchmark: 'fill' }, null]);
  });

  it('is a failure with its last words when it has no such line or another exit code', () => {
    const failed = readOutput({ exitCode: 1, stdout: '{}', stderr: 'error: no pods\n' });
    assert.deepEqual(failed, { report: null, error: 'exit code 1: error: no pods' });
    assert.equal(readOutput({ exitCode: 0, stdout: '', stderr: '' }).report, null);
    assert.match(readOutput({ stdout: '', stderr: 'killed' }).error ?? '', /exit code none/);
  });
});

describe('the results of all benchmarks', () => {
  it('are read as they were written', () => {
    assert.deepEqual(readResults(JSON.stringify(exampleResults)), exampleResults);
  });

  it('are refused with the field that is wrong', () => {
    const wrong = { ...exampleResults, version: 2 };
    assert.throws(() => readResults(JSON.stringify(wrong)), /results of `bench -- all`.*version/);
  });
});

describe('the goals', () => {
  const judged = judge(exampleResults);
  const about = (text: string) => judged.find(({ goal }) => goal.includes(text));

  it('are compared with what was measured', () => {
    assert.deepEqual(about('fill of 300 in one pool: ratio'), {
      name: 'fill',
      goal: 'fill of 300 in one pool: ratio to the floor ≤ 2',
      measured: '1.5',
      isMet: true,
    });
    assert.equal(about('45/s: ratio of p50')?.isMet, false);
    assert.equal(about('45/s: 100 % hits')?.isMet, true);
    assert.equal(about('50 quiet pools with 2000 pods, cloud: actions an hour')?.isMet, true);
    assert.equal(about('first claim of a new API with 2000 pods')?.isMet, true);
  });

  it('are missed by a measurement that failed', () => {
    assert.deepEqual(about('burst is measured'), {
      name: 'burst',
      goal: 'burst is measured',
      measured: 'it failed',
      isMet: false,
    });
  });
});

describe('the report', () => {
  const charts = chartsOf(exampleResults);
  const page = formatReport(exampleResults, {
    ...{ charts, chartFolder: 'charts', profilePage: 'profiles/README.md' },
  });

  it('has a chart of each kind of result, drawn as SVG', () => {
    assert.deepEqual(
      charts.map(({ name }) => name),
      ['fill', 'claims', 'sustained', 'cpu', 'memory'],
    );
    for (const { name, svg } of charts) {
      assert.match(svg, /^<svg width="720"/);
      assert.match(svg, /<\/svg>\s*$/);
      assert.ok(page.includes(`(charts/${name}.svg)`));
    }
  });

  it('says what was measured, on what, and which goals were missed', () => {
    assert.match(page, /2 × some CPU, 8 GB, Node v24\.0\.0, cluster control-plane/);
    assert.match(page, /^\| fill of 300 in one pool: ratio to the floor ≤ 2 \| 1\.5 \| yes \|$/m);
    assert.match(
      page,
      /^\| 45\/s: ratio of p50 to the floor \(the aim is 1\.5\) ≤ 2\.5 \| 4 \| \*\*no\*\* \|$/m,
    );
    assert.match(page, /^\| 2, 45\/s \| .*\| 0\.5 \|$/m);
    assert.match(
      page,
      /^\| 2000 \| 900 \| 850 to 990 \| 800 \| 300 \| 2000 \| 1900 to 2100 \| 9000 \| 8000 to 9500 \| 1200 \| 1100 to 1300 \| 4000 \| 3000 to 5000 \| 0\.5 \|$/m,
    );
    assert.match(
      page,
      /^\| 50 \| 2000 \| cloud \| 200 \| 3 \| 50 \| 240 \| 120 \| 300 \| 0\.5 \|$/m,
    );
  });

  it('says of each measurement that missed a goal where its time goes, in its own figures', () => {
    const [missed = ''] = /^- \*\*45\/s: .*$/m.exec(page) ?? [];
    assert.match(missed, /ratio of p50 to the floor .* \(4\)/);
    assert.match(
      missed,
      /CPU a claim: 15 ms \(worker 10, temporal 5\); of the floor 5 ms \(bench 5\)/,
    );
    assert.match(missed, /of an empty activity 2 ms/);
    assert.match(missed, /used 50 % \(60 % with all .*\) of 2 cores, in the floor 20 %/);
    assert.match(missed, /2 cores carry at most 133 claims a second, of the floor 400/);
    assert.match(page, /\(profiles\/README\.md\)/);
    assert.doesNotMatch(page, /^- \*\*fill of 300/m);
  });

  it('has what a claim, a spawn, a pool and the watcher cost, and what memory grows by', () => {
    assert.match(
      page,
      /^\| a claim at 45\/s, its new pod included \| 2 \| 0 \| 1\.5 \| 100 a million \|$/m,
    );
    assert.match(
      page,
      /^\| a pod of a fill of 300 in one pool \| 2 \| 0 \| 2 \| 100 a million \|$/m,
    );
    assert.match(
      page,
      /^\| a pod of a fill of 2000 in 50 pools, cloud \| 1\.5 \| 0 \|  \| 75 a million \|$/m,
    );
    assert.match(page, /^\| a quiet pool, cloud, an hour \| 3 \| 0 \|  \| 0\.11 a month \|$/m);
    assert.match(
      page,
      /^\| the watcher, default, an hour \| 1800 \| 1800 \|  \| 65\.7 a month \|$/m,
    );
    assert.match(page, /^\| 45\/s \| 3 \| 10000 \| 12000 \| 8000 \|$/m);
    assert.match(page, /^\| worker \| 150 \| 400 \| 30 \| 2 \|$/m);
  });

  it('shows the CPU time of ours, of the floor and of empty activities', () => {
    assert.match(
      page,
      /^\| claims \| 0\.0 \/ 0\.0 \/ 0\.0 \| 0\.02 \/ - \/ - \| 0\.01 \/ - \/ 0\.00 \|$/m,
    );
  });

  it('names no page of profiles that is not there', () => {
    const bare = formatReport(exampleResults, { charts, chartFolder: 'charts', profilePage: null });
    assert.doesNotMatch(bare, /profiles/);
  });

  it('says how long it took', () => {
    assert.match(
      page,
      /^8 minutes with servers and warm-ups: fill 90 s, claims 90 s, .*burst 30 s\.$/m,
    );
  });

  it('quotes what failed', () => {
    assert.match(page, /## Failed\n\n`npm run bench -- burst`:\n\n```\nexit code 1: no pod/);
  });
});
