/** What a person reads who sees only a pool's page in the Temporal UI. */
import assert from 'node:assert/strict';
import { begin } from '../../src/pool/begin.ts';
import { noDisturbances } from '../../src/pool/brakes.ts';
import { detailsOf } from '../../src/pool/details.ts';
import type { PodView } from '../../src/pool/pod-view.ts';
import { refuse, requestTarget } from '../../src/pool/requests.ts';
import { noFailures, type FailureMemory, type PoolState } from '../../src/pool/state.ts';
import { conditionOf } from '../../src/pool/status.ts';
import { examplePod, poolOf } from './examples.ts';

function pods(count: number, changes: Partial<PodView> = {}): PodView[] {
  return Array.from({ length: count }, (_, n) =>
    examplePod({ name: `p-${n}`, uid: `u${n}`, ready: true, ...changes }),
  );
}

const full = poolOf(pods(3));
const empty = poolOf([]);
const atMs = 86_400_000 + 3_600_000 + 61_000;

const failing = (changes: Partial<FailureMemory>): PoolState => ({
  ...empty,
  failures: { ...noFailures, consecutive: 4, rounds: 1, ...changes },
});

describe('the page for the Temporal UI', () => {
  it('has phase, reason and counts, and no more while all is well', () => {
    assert.equal(
      detailsOf(full),
      [
        ...['### Steady', '', '3 of 3 pods are warm.', ''],
        '**3 of 3 warm** · 0 pending · 0 claimed · 0 retiring · 0 claims wait (at most 20 pods)',
      ].join('\n'),
    );
  });

  it('lists the twenty oldest pending pods, with nothing that breaks out of a cell or is a link', () => {
    const message = 'a|b\n<c> [d](e)';
    const many = pods(25, { ready: false, node: 'n1', reason: 'Unschedulable', message });
    const rows = detailsOf(poolOf(many, { warmTarget: 19 }))
      .split('\n')
      .filter((line) => line.startsWith('| p-'));
    assert.equal(rows.length, 20);
    assert.equal(rows[0], '| p-0 | 00:00:00 UTC | n1 | Unschedulable: a b  c  \\[d\\](e) |');
    assert.match(detailsOf(poolOf(many)), /\| and 5 more \|/);
  });

  it('says of a pod that was never read that the cluster has not confirmed it', () => {
    const spawn = { kind: 'spawn', podName: 'p-9', templateHash: 'abc', uid: null } as const;
    const page = detailsOf(begin(empty, [spawn], atMs));
    assert.match(page, /\| p-9 \| 01:01:01 UTC \| {2}\| asked for; the cluster has not confirmed/);
    assert.match(page, /\*\*What to do:\*\* Nothing, unless it stays so for a minute/);
  });

  // A rollout whose pods crash, or that may make do with fewer pods, looked like any other pool that fails or
  // fills: the page named two templates and no progress.
  it('says how far a rollout has come, in every phase', () => {
    const spec = { templateHash: 'new' };
    const old = pods(3).map((pod) => ({ ...pod, templateHash: 'old' }));
    const fresh = examplePod({ name: 'p-9', uid: 'u9', ready: true, templateHash: 'new' });
    const line = (left: number, ready: number): RegExp =>
      new RegExp(
        `\\*\\*Rollout\\*\\* of template new: ${ready} of its pods are Ready, ${left} unclaimed of older`,
      );
    const steady = poolOf([...old, fresh], spec);
    assert.match(detailsOf(steady), /### Steady/);
    assert.match(detailsOf(steady), line(3, 1));
    const filling = poolOf(old.slice(0, 2), spec);
    assert.match(detailsOf(filling), /### Filling/);
    assert.match(detailsOf(filling), line(2, 0));
    const failures = { ...noFailures, consecutive: 4, rounds: 3, lastReason: 'CrashLoopBackOff' };
    const degraded = { ...poolOf(old, spec), failures };
    assert.match(detailsOf(degraded), /### Degraded/);
    assert.match(detailsOf(degraded), line(3, 0));
    assert.doesNotMatch(detailsOf(poolOf([fresh], spec)), /Rollout/);
  });

  it('says what failed last, and when the next attempt is', () => {
    const times = { sinceMs: 0, lastAtMs: 61_000, nextAttemptAtMs: atMs };
    const said = { lastPod: 'p-1', lastReason: 'ErrImagePull' };
    const page = detailsOf(failing({ ...times, ...said }));
    assert.match(
      page,
      /Failures:\*\* 4 since 00:00:00 UTC, last p-1 \(ErrImagePull\) at 00:01:01 UTC/,
    );
    assert.match(page, /Breaker:\*\* closed; next attempt at 01:01:01 UTC/);
    assert.match(detailsOf(failing({ rounds: 3 })), /Breaker:\*\* open: one pod is tried/);
  });

  it('says that a pod is being tried, and what is not known any more', () => {
    const tried = poolOf(pods(1, { ready: false }));
    const failures = { ...noFailures, consecutive: 1, rounds: 3 };
    const page = detailsOf({ ...tried, failures });
    assert.match(page, /Breaker:\*\* half-open/);
    assert.match(page, /1 since once, last {2}\(\) at once/);
  });

  it('says when a quota is asked again, and what holds the pool up', () => {
    const quota = { rounds: 2, lastAtMs: 5, lastMessage: 'no', untilMs: atMs, allowance: 1 };
    assert.match(detailsOf({ ...empty, quota }), /refused 2 times; next attempt at 01:01:01 UTC/);
    const trouble = { atMs, message: 'WrongCluster' };
    assert.match(detailsOf({ ...empty, trouble }), /Held up\*\* at 01:01:01 UTC: WrongCluster/);
  });

  it('says who changed the target and when, the latest first', () => {
    const named = requestTarget(full, { target: 4, by: 'ann@laptop' }, atMs);
    const lines = detailsOf(requestTarget(named, 2, 2 * atMs))
      .split('\n')
      .filter((line) => line.startsWith('- **Target**'));
    assert.deepEqual(lines, [
      '- **Target** 4 → 2 at 1970-01-03 02:02:02 UTC, without a name: the event of that time tells its sender.',
      '- **Target** 3 → 4 at 1970-01-02 01:01:01 UTC, by `ann@laptop`.',
    ]);
  });

  it('shows a name as text only, whatever Markdown or HTML it is', () => {
    const by = '`|<img src=x>![a](https://b.example)\n# c\u001b[31m';
    const page = detailsOf(requestTarget(full, { target: 4, by }, atMs));
    assert.match(page, /, by ` {3}img src=x !\[a\]\(https:\/\/b\.example\) # c \[31m`\.$/m);
    const long = detailsOf(requestTarget(full, { target: 4, by: 'x'.repeat(1_000_000) }, atMs));
    assert.ok(long.length < 1_000, `${long.length} characters`);
  });

  it('says what the template was before', () => {
    assert.match(detailsOf({ ...full, previousTemplateHash: 'old' }), /abc, before it old\./);
  });

  it('says what others did: took pods away, gave them up, or were refused', () => {
    const disturbances = { ...noDisturbances, count: 2, lastPod: 'p-1', lastAtMs: atMs };
    assert.match(detailsOf({ ...full, disturbances }), /2, last p-1 at 01:01:01 UTC/);
    const named = { ...disturbances, lastPod: null, lastReason: 'Evicted' };
    assert.match(detailsOf({ ...full, disturbances: named }), /2, last {2}\(Evicted\)/);
    const releases = { count: 1, lastReason: 'unhealthy', lastPod: 'p-2' };
    assert.match(detailsOf({ ...full, releases }), /1, last p-2 \(unhealthy\)/);
    const unnamed = { count: 1, lastReason: null, lastPod: null };
    assert.match(detailsOf({ ...full, releases: unnamed }), /1, last {2}\(\)/);
    assert.match(
      detailsOf(refuse(full, 'setTarget: <nine>', 61_000)),
      /Refused\*\* at 00:01:01 UTC: setTarget: {2}nine /,
    );
  });
});

describe('what to do', () => {
  const remedies: [string, RegExp][] = [
    ['ImagePullBackOff', /name and tag of the image/],
    ['Unschedulable', /No node fits/],
    ['forbidden', /The API server refuses the pods/],
    ['TemplateMissing', /stored template is gone/],
    ['CrashLoopBackOff', /logs and events/],
  ];
  for (const [lastReason, remedy] of remedies) {
    it(`is told by the reason ${lastReason}`, () => {
      const { toDo } = conditionOf(failing({ lastReason }));
      assert.match(toDo ?? '', remedy);
      assert.match(toDo ?? '', /pilotlight apply -f FILE.*pilotlight retry/);
    });
  }

  it('may be to go back to the template before', () => {
    const { toDo } = conditionOf({ ...failing({}), previousTemplateHash: 'old' });
    assert.match(toDo ?? '', /pilotlight rollout undo/);
  });

  it('is nothing while pods start, unless the oldest says what is wrong', () => {
    const toDo = (changes: Partial<PodView>): string =>
      conditionOf(poolOf(pods(1, { ready: false, ...changes }))).toDo ?? '';
    assert.match(toDo({}), /^Nothing: pods are starting/);
    assert.match(toDo({ reason: 'Unschedulable' }), /^Nothing, if it passes\. No node fits/);
    assert.equal(conditionOf(poolOf(pods(1))).toDo, null);
  });
});
