/** What `doctor` makes of what it is told, and how it and `setup` behave without their servers. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { execa } from 'execa';
import type { TemporalFacts } from '../../src/client/temporal-facts.ts';
import { checkApi } from '../../src/cli/doctor/check-api.ts';
import { judgeClock, judgePermissions, judgeQuota } from '../../src/cli/doctor/check-cluster.ts';
import { formatFindings, type Finding } from '../../src/cli/doctor/finding.ts';
import { isAtLeast, judgeTemporal } from '../../src/cli/doctor/judge-temporal.ts';

const launcher = new URL('../../bin/pilotlight.js', import.meta.url).pathname;

const healthy: TemporalFacts = {
  serverVersion: '1.32.0',
  missingSearchAttributes: [],
  lastWorkflowPollMs: 1_000,
  lastActivityPollMs: 59_000,
  watcher: { isRunning: true, lastHeartbeatMs: 2_000, lastFailure: null },
};
const about = { taskQueue: 'q', kubernetesNamespace: 'pools' };

function found(changes: Partial<TemporalFacts>): Finding[] {
  return judgeTemporal({ ...healthy, ...changes }, about).filter(({ state }) => state !== 'ok');
}

describe('what doctor says of Temporal', () => {
  it('is four times OK for a namespace that serves', () => {
    const states = judgeTemporal(healthy, about).map(({ state }) => state);
    assert.deepEqual(states, ['ok', 'ok', 'ok', 'ok']);
  });

  const watcher = healthy.watcher;
  const cases: [string, Partial<TemporalFacts>, Finding['state'], RegExp][] = [
    ['an old server', { serverVersion: '1.24.9' }, 'fail', /1\.25\.0 or newer, got 1\.24\.9/],
    [
      'attributes that are not registered',
      { missingSearchAttributes: ['PoolState'] },
      'warn',
      /^PoolState not registered.*pilotlight setup/,
    ],
    ['a server that does not tell', { missingSearchAttributes: null }, 'warn', /does not tell/],
    ['no worker', { lastWorkflowPollMs: null }, 'fail', /task queue q for minutes/],
    ['a worker that died', { lastWorkflowPollMs: 120_000 }, 'fail', /task queue q for 120 s/],
    ['a worker without activities', { lastActivityPollMs: null }, 'fail', /no pool refills/],
    [
      'no watcher',
      { watcher: { ...watcher, isRunning: false } },
      'fail',
      /no workflow watch-pools runs/,
    ],
    [
      'a watcher that nobody runs',
      { watcher: { ...watcher, lastHeartbeatMs: null, lastFailure: 'Expected to watch b' } },
      'fail',
      /its last attempt: Expected to watch b.*PILOTLIGHT_NAMESPACE must be pools/,
    ],
  ];
  for (const [what, changes, state, text] of cases) {
    it(`names ${what}`, () => {
      const [finding, ...others] = found(changes);
      assert.equal(finding?.state, state);
      assert.match(finding.text, text);
      assert.deepEqual(others, []);
    });
  }
});

describe('what doctor says of a cluster', () => {
  it('tells which machine has the wrong clock', () => {
    assert.equal(judgeClock(-900).state, 'ok');
    assert.match(judgeClock(60_000).text, /60 s behind the API server/);
    assert.match(judgeClock(-7_000).text, /7 s ahead of the API server/);
  });

  it('fails for a right without which nothing works, and warns of another', () => {
    const vital = { program: 'api' as const, what: 'pods: patch', without: null };
    const nodes = { program: 'api' as const, what: 'nodes: list', without: 'pods stay' };
    assert.equal(judgePermissions([]), 'all granted');
    assert.deepEqual(judgePermissions([nodes]), {
      state: 'warn',
      text: "lacks nodes: list: pods stay; grant them, as the Helm chart's roles do",
    });
    const both = judgePermissions([vital, nodes]);
    assert.ok(typeof both !== 'string');
    assert.equal(both.state, 'fail');
    assert.match(both.text, /^lacks pods: patch, nodes: list;/);
  });

  it('warns of a quota of which nine tenths are used, in whichever units', () => {
    const use = { quota: 'q', resource: 'requests.cpu' };
    assert.equal(judgeQuota([]), 'none');
    assert.equal(judgeQuota([{ ...use, used: '500m', hard: '1' }]), 'requests.cpu 500m of 1 (q)');
    const full = judgeQuota([{ ...use, used: '1900m', hard: '2' }]);
    assert.ok(typeof full !== 'string');
    assert.match(full.text, /nearly used up: requests\.cpu 1900m of 2 \(q\)/);
  });
});

describe('what doctor says of the API', () => {
  it('is OK for a replica that is ready, and why another is not', async () => {
    let isReady = true;
    const server = createServer((_request, response) => {
      response.statusCode = isReady ? 200 : 503;
      response.end(JSON.stringify({ ready: isReady, why: 'the watch is late' }));
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      assert.equal((await checkApi([url]))[0]?.state, 'ok');
      isReady = false;
      const [late] = await checkApi([url]);
      assert.match(late?.text ?? '', /answers 503: the watch is late/);
    } finally {
      server.close();
    }
    const [away] = await checkApi(['http://127.0.0.1:1']);
    assert.equal(away?.state, 'fail');
    assert.match(away.text, /does not answer .*PILOTLIGHT_API_URL/);
  });
});

describe('isAtLeast', () => {
  it('compares versions by their numbers', () => {
    assert.ok(isAtLeast('v1.37.2+simulated', '1.30.0'));
    assert.ok(isAtLeast('1.30.0', '1.30.0'));
    assert.ok(!isAtLeast('1.9.12', '1.10.0'));
    assert.ok(!isAtLeast('nothing', '1.0.0'));
  });
});

describe('doctor and setup without servers', () => {
  const env = {
    ...{ TEMPORAL_ADDRESS: '127.0.0.1:1', PILOTLIGHT_API_URL: 'http://127.0.0.1:1' },
    KUBECONFIG: '/nowhere/config',
  };

  it('name each server that does not answer, and end with 1', async () => {
    const run = (...args: string[]) =>
      execa(process.execPath, [launcher, ...args], { reject: false, env, timeout: 15_000 });
    const [doctor, setup] = await Promise.all([run('doctor', '-o', 'json'), run('setup')]);
    assert.equal(doctor.exitCode, 1);
    const failed = (JSON.parse(doctor.stdout) as Finding[])
      .filter(({ state }) => state === 'fail')
      .map(({ name }) => name);
    assert.deepEqual(failed, ['Temporal', 'Kubernetes', 'API', 'left-overs']);
    assert.equal(setup.exitCode, 1);
    assert.match(setup.stdout, /^FAIL {2}search attributes {2}No Temporal server answers/m);
    assert.match(setup.stdout, /^FAIL {2}Kubernetes +The kubeconfig can't be used/m);
  });

  it('refuses an account without its namespace', async () => {
    const { exitCode, stderr } = await execa(
      ...([process.execPath, [launcher, 'setup', '--api-account', 'api']] as const),
      { reject: false, env },
    );
    assert.equal(exitCode, 1);
    assert.match(stderr, /Expected NAMESPACE\/NAME/);
  });

  it('pads the names so that the texts stand below each other', () => {
    const findings: Finding[] = [
      { name: 'a', state: 'ok', text: 'x' },
      { name: 'long', state: 'fail', text: 'y' },
    ];
    assert.equal(formatFindings(findings), 'OK    a     x\nFAIL  long  y');
  });
});
