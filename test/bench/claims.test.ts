import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { countOwnWrites, endOfLog, ownWriteOf, prepareAudit } from '../../bench/audit.ts';
import { countersSince } from '../../bench/counters.ts';
import { reportClaims, type LoadSettings } from '../../bench/claims-report.ts';
import type { Phase } from '../../bench/claim-phase.ts';
import { batchesOf } from '../../bench/empty/empty-load.ts';
import { formatClaims } from '../../bench/format-claims.ts';
import { growthOf } from '../../bench/latency-growth.ts';
import { sumOfMetric } from '../../bench/prometheus.ts';
import { noTrouble } from '../../bench/workflow-trouble.ts';

const settings: LoadSettings = {
  benchmark: 'claims',
  cluster: 'control-plane',
  ratePerSecond: 10,
  seconds: 60,
  poolSize: 50,
  claimIds: false,
  replicas: 1,
};

const phase = (claims: Phase['claims'], more: Partial<Phase> = {}): Phase => ({
  ...{ fromMs: 0, toMs: 1, claims, cpuSeconds: {}, saturation: { ours: 0.5, machine: 0.6 } },
  ...{ racesLost: 0, actions: {}, watchBytes: {}, writes: null },
  ...more,
});

/** What no phase tells. */
const rest = {
  trouble: noTrouble,
  historyActions: { signal: 3, timer: 3 },
  empty: { activities: 2, lateMs: 12, cpuSeconds: { temporal: 0.1 } },
};

const granted = (latencyMs: number, hit = true) => ({ latencyMs, hit, error: null });

describe('the report of a load of claims', () => {
  const report = reportClaims({
    ...{ settings, ...rest },
    pool: [
      phase([granted(10), granted(20, false)], {
        racesLost: 1,
        actions: { timer: 3, heartbeat: 1 },
        watchBytes: { worker: 1_000, bench: 7 },
        saturation: { ours: 0.9, machine: 0.98 },
        writes: { 'create pods': 2, 'patch pods': 2 },
        cpuSeconds: { api: 0.5 },
      }),
      phase([granted(10), { latencyMs: 9_000, hit: false, error: 'Error: refused' }], {
        actions: { timer: 2 },
        watchBytes: { worker: 3_000, bench: 7 },
        writes: { 'create pods': 1, 'delete pods': 4 },
        cpuSeconds: { api: 0.25 },
      }),
    ],
    floor: [
      phase([granted(5), granted(5)], { watchBytes: { worker: 9, bench: 400 } }),
      phase([granted(4), granted(8)], { watchBytes: { worker: 9, bench: 400 } }),
    ],
  });

  it('counts failed claims as errors and leaves them out of every average', () => {
    assert.equal(report.claims.count, 4);
    assert.equal(report.claims.errors, 1);
    assert.ok(report.claims.maxMs < 21);
    assert.deepEqual(report.errors, ['Error: refused']);
    assert.equal(report.hitRatio, 0.6667);
  });

  it('adds the parts up and divides by the claims that were granted', () => {
    assert.equal(report.racesLost, 1);
    assert.equal(report.actionsPerClaim, 2);
    assert.equal(report.writesPerClaim, 3);
    assert.deepEqual(report.writes, { 'create pods': 3, 'patch pods': 2, 'delete pods': 4 });
    assert.deepEqual(report.cpuSeconds.pool, { api: 0.75 });
  });

  it('counts actions twice, by the server and by the histories, and by kind', () => {
    assert.deepEqual(report.actionKinds, { timer: 1.67, heartbeat: 0.33 });
    assert.equal(report.historyActionsPerClaim, 2);
    assert.deepEqual(report.historyActionKinds, { signal: 1, timer: 1 });
  });

  it("divides the bytes of our processes' watches, and of the floor's by the floor's claims", () => {
    assert.deepEqual(report.watchBytesPerClaim, { worker: 1_000, bench: 200 });
  });

  it('shows each part and how far the parts lie apart', () => {
    const [first, second] = report.parts;
    assert.ok(Math.abs((first?.p50Ms ?? 0) - 10) < 0.02);
    assert.equal(second?.floorP50Ms, 4);
    assert.equal(report.spread.floorP50Ms.min, 4);
    assert.equal(report.spread.floorP50Ms.max, 5);
  });

  it('tells how much of the machine was in use, in the middle of the parts', () => {
    assert.deepEqual(report.saturation.pool, { ours: 0.7, machine: 0.79 });
  });

  it('asks of no burst whether its latencies grow: all its claims come at once', () => {
    const settingsOfBurst = { ...settings, benchmark: 'burst' as const, ratePerSecond: null };
    const burst = { settings: settingsOfBurst, ...rest, pool: [phase([granted(1)])], floor: [] };
    assert.equal(reportClaims(burst).growth, null);
    assert.notEqual(report.growth, null);
  });

  it('compares with the floor', () => {
    assert.equal(report.floor.p50Ms, 5);
    assert.equal(report.ratio.p50, 2);
  });

  it('does not round one miss in a thousand claims away', () => {
    const claims = Array.from({ length: 1_000 }, (_, index) => granted(1, index > 0));
    const { hitRatio } = reportClaims({ settings, ...rest, pool: [phase(claims)], floor: [] });
    assert.equal(hitRatio, 0.999);
  });

  it('is no report when the floor failed', () => {
    const failed = phase([{ latencyMs: 1, hit: false, error: 'Error: 500' }]);
    assert.throws(
      () => reportClaims({ settings, ...rest, pool: [], floor: [failed] }),
      /the floor failed: Error: 500/,
    );
  });

  it('says so where writes cannot be told apart', () => {
    const { writesPerClaim } = reportClaims({
      settings,
      ...rest,
      pool: [phase([granted(1)])],
      floor: [],
    });
    assert.equal(writesPerClaim, null);
  });

  it('is readable as a table', () => {
    const text = formatClaims(report);
    assert.match(text, /^4 claims at 10 a second on a pool of 50/m);
    assert.match(text, /^errors 1, hits 66\.67 %, races lost 1$/m);
    assert.match(text, /own writes per claim 3, Temporal actions per claim 2, by the history 2$/m);
    assert.match(text, /^bytes of watches per claim: worker 1000, bench 200$/m);
    assert.match(text, /in use while claims arrived: pool 70 % of the cores, 79 % with all/);
  });
});

describe('the growth of latencies', () => {
  it('compares the last third of each part with the first, in the order of arrivals', () => {
    const growing = [1, 1, 1, 3, 3, 3, 4, 4, 4];
    const steady = [...growing].fill(2);
    assert.equal(growthOf([growing]).ratio, 4);
    assert.deepEqual(growthOf([steady, growing, steady]), {
      firstThirdP50Ms: 2,
      lastThirdP50Ms: 2,
      ratio: 1,
    });
  });
});

describe('what came between two readings', () => {
  it('is told by kind and by process', () => {
    const before = { racesLost: 1, actions: { timer: 5 }, logEndsAt: 0, watchBytes: { worker: 9 } };
    const after = {
      ...{ racesLost: 3, actions: { timer: 7, signal: 1 }, logEndsAt: 9 },
      watchBytes: { worker: 10, 'api-0': 4 },
    };
    assert.deepEqual(countersSince(before, after), {
      racesLost: 2,
      actions: { timer: 2, signal: 1 },
      watchBytes: { worker: 1, 'api-0': 4 },
    });
  });
});

describe('a load of empty activities', () => {
  it('starts those of each tick together', () => {
    assert.deepEqual(batchesOf([0, 199, 200, 650]), [
      { atMs: 200, count: 2 },
      { atMs: 400, count: 1 },
      { atMs: 800, count: 1 },
    ]);
    assert.deepEqual(batchesOf([]), []);
  });
});

describe('the audit log', () => {
  const line = (changes: object): string =>
    JSON.stringify({
      verb: 'create',
      userAgent: 'pilotlight',
      requestURI: '/api/v1/namespaces/default/pods',
      objectRef: { resource: 'pods' },
      ...changes,
    });

  it('tells our writes from those of kwok and of the benchmark', () => {
    assert.equal(ownWriteOf(line({})), 'create pods');
    assert.equal(ownWriteOf(line({ userAgent: 'kwok/v0.8.0' })), null);
    assert.equal(ownWriteOf(line({ userAgent: 'pilotlight-bench' })), null);
    assert.equal(ownWriteOf(''), null);
  });

  it('counts no dry run as a write', () => {
    const requestURI = '/api/v1/namespaces/default/pods?dryRun=All';
    assert.equal(ownWriteOf(line({ requestURI })), null);
  });

  it('is counted from a place on', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'pilotlight-audit-'));
    try {
      const { path, apiServerArguments } = await prepareAudit(folder);
      assert.ok(apiServerArguments.includes(`--audit-log-path=${path}`));
      assert.equal(await endOfLog(path), 0);
      await writeFile(path, `${line({})}\n`);
      const from = await endOfLog(path);
      const later = `${line({ verb: 'delete' })}\n${line({ verb: 'delete' })}\n`;
      await writeFile(path, (await readFile(path, 'utf8')) + later);
      assert.deepEqual(await countOwnWrites(path, from), { 'delete pods': 2 });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

describe("Prometheus' text", () => {
  const text = [
    '# TYPE action counter',
    'action{action_type="a",namespace="default"} 3',
    'action{action_type="b",namespace="default"} 4e+00',
    'action{action_type="b",namespace="temporal-system"} 100',
    'action_total{namespace="default"} 1000',
    'plain 7',
  ].join('\n');

  it('is summed over the samples that have the labels', () => {
    assert.equal(sumOfMetric(text, 'action', { namespace: 'default' }), 7);
    assert.equal(sumOfMetric(text, 'action'), 107);
    assert.equal(sumOfMetric(text, 'plain'), 7);
    assert.equal(sumOfMetric(text, 'absent'), 0);
  });
});
