import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { countOwnWrites, endOfLog, ownWriteOf, prepareAudit } from '../../bench/audit.ts';
import { reportClaims, type LoadSettings, type Phase } from '../../bench/claims-report.ts';
import { formatClaims } from '../../bench/format-claims.ts';
import { sumOfMetric } from '../../bench/prometheus.ts';

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
  claims,
  cpuSeconds: {},
  racesLost: 0,
  actions: 0,
  writes: null,
  ...more,
});

const granted = (latencyMs: number, hit = true) => ({ latencyMs, hit, error: null });

describe('the report of a load of claims', () => {
  const report = reportClaims({
    settings,
    pool: [
      phase([granted(10), granted(20, false)], {
        racesLost: 1,
        actions: 4,
        writes: { 'create pods': 2, 'patch pods': 2 },
        cpuSeconds: { api: 0.5 },
      }),
      phase([granted(10), { latencyMs: 9_000, hit: false, error: 'Error: refused' }], {
        actions: 2,
        writes: { 'create pods': 1, 'delete pods': 4 },
        cpuSeconds: { api: 0.25 },
      }),
    ],
    floor: [phase([granted(5), granted(5)])],
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

  it('compares with the floor', () => {
    assert.equal(report.floor.p50Ms, 5);
    assert.equal(report.ratio.p50, 2);
  });

  it('does not round one miss in a thousand claims away', () => {
    const claims = Array.from({ length: 1_000 }, (_, index) => granted(1, index > 0));
    const { hitRatio } = reportClaims({ settings, pool: [phase(claims)], floor: [] });
    assert.equal(hitRatio, 0.999);
  });

  it('is no report when the floor failed', () => {
    const failed = phase([{ latencyMs: 1, hit: false, error: 'Error: 500' }]);
    assert.throws(
      () => reportClaims({ settings, pool: [], floor: [failed] }),
      /the floor failed: Error: 500/,
    );
  });

  it('says so where writes cannot be told apart', () => {
    const { writesPerClaim } = reportClaims({ settings, pool: [phase([granted(1)])], floor: [] });
    assert.equal(writesPerClaim, null);
  });

  it('is readable as a table', () => {
    const text = formatClaims(report);
    assert.match(text, /^4 claims at 10 a second on a pool of 50/m);
    assert.match(text, /^errors 1, hits 66\.67 %, races lost 1$/m);
    assert.match(text, /own writes per claim 3, Temporal actions per claim 2/);
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
