import assert from 'node:assert/strict';
import { execa } from 'execa';
import { ClaimError } from '../../src/claims/claim-error.ts';
import type { ClaimRequest } from '../../src/claims/claim.ts';
import {
  exampleClaim,
  exampleSummary,
  fakeClaims,
  startApi,
  type ApiUnderTest,
} from '../api/api-under-test.ts';

const launcher = new URL('../../bin/pilotlight.js', import.meta.url).pathname;

/** What a loaded machine needs to start Node, and the command's own time. */
const deadlineMs = 20_000;

/** A pool of large pods of an image. */
function kindOf(pool: string, image: string) {
  const labels = { 'pilotlight.dev/shape': 'large', 'pilotlight.dev/image': image };
  return { ...exampleSummary(pool), labels };
}

describe('the commands of claims', function () {
  this.timeout(40_000);
  let api: ApiUnderTest;
  let asked: ClaimRequest[];
  let renewals: number;
  let released: { claimId: string; reason: string | undefined }[];
  let refusal: ClaimError | null;
  let loss: ClaimError | null;
  let leaseSeconds: number;

  before(async () => {
    const grant = (claimId: string) => ({
      ...exampleClaim(claimId),
      lease: {
        expiresAt: new Date(Date.now() + leaseSeconds * 1000).toISOString(),
        seconds: leaseSeconds,
      },
    });
    api = await startApi({
      claims: fakeClaims({
        poolSummaries: () => [kindOf('a', 'db:1'), kindOf('b', 'db:2')],
        claim: (request) => {
          asked.push(request);
          if (refusal !== null) return Promise.reject(refusal);
          return Promise.resolve(grant(request.claimId ?? 'auto-1'));
        },
        renew: (claimId) => {
          renewals += 1;
          return loss === null ? Promise.resolve(grant(claimId)) : Promise.reject(loss);
        },
        release: (claimId, options) => {
          released.push({ claimId, reason: options?.reason });
          const hadEnded = released.length > 1;
          return Promise.resolve({ claimId, pool: 'small', reason: null, hadEnded });
        },
      }),
    });
  });
  beforeEach(() => {
    asked = [];
    renewals = 0;
    released = [];
    refusal = null;
    loss = null;
    leaseSeconds = 60;
  });
  after(() => api.server.stop());

  const start = (args: string[]) =>
    execa(process.execPath, [launcher, ...args], {
      reject: false,
      timeout: deadlineMs,
      env: { PILOTLIGHT_API_URL: api.url },
    });
  const run = async (...args: string[]) => {
    const { exitCode, stdout, stderr } = await start(args);
    assert.doesNotMatch(stderr, /^\s+at .*:\d+/m, 'no stack trace reaches the user');
    return { exitCode, stdout, stderr };
  };

  const untilRenewedTwice = async (): Promise<void> => {
    const endsAtMs = performance.now() + deadlineMs;
    while (renewals < 2) {
      if (performance.now() > endsAtMs) throw new Error(`Expected two renewals, got ${renewals}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };

  it('takes a pod, says how to end the claim, and leaves it', async () => {
    const { exitCode, stdout } = await run(
      ...[
        'claim',
        'small',
        '--claim-id',
        'job-1',
        '--wait',
        '3',
        '--lease',
        '60',
        '--holder',
        'me',
      ],
    );
    assert.equal(exitCode, 0);
    assert.match(
      stdout,
      /^claim job-1 holds pod small-1 \(10\.0\.0\.1\) until 2.*`pilotlight release job-1`$/,
    );
    assert.deepEqual(asked, [
      { claimId: 'job-1', pool: 'small', waitSeconds: 3, leaseSeconds: 60, holder: 'me' },
    ]);
    assert.deepEqual(released, []);
  });

  it('claims of the one pool that has a shape and image', async () => {
    const { exitCode, stdout, stderr } = await run('claim', '--shape', 'large', '--image', 'db:2');
    assert.equal(exitCode, 0, stderr);
    assert.match(stdout, /holds pod small-1/);
    assert.deepEqual([asked[0]?.pool, asked[0]?.claimId?.length], ['b', 36]);
  });

  it('runs a command on a pod of a shape, whose first word is no pool', async () => {
    const { exitCode, stdout, stderr } = await run(
      ...['claim', '--image', 'db:2', '--exec', 'sh', '-c', 'echo "$PILOTLIGHT_POD_NAME $0"', '--'],
    );
    assert.equal(exitCode, 0, stderr);
    assert.equal(stdout, 'small-1 --');
    assert.deepEqual([asked[0]?.pool, released.length], ['b', 1]);
  });

  it('prints a claim as JSON', async () => {
    const { stdout } = await run('claim', 'small', '--claim-id', 'job-1', '-o', 'json');
    const { lease, ...claim } = JSON.parse(stdout) as ReturnType<typeof exampleClaim>;
    assert.equal(lease?.seconds, 60);
    assert.deepEqual({ ...claim, lease }, { ...exampleClaim('job-1'), lease });
  });

  it('runs a command with the claim in its environment, gives its exit code, and releases', async () => {
    const script =
      'echo "$PILOTLIGHT_CLAIM_ID $PILOTLIGHT_POD_NAME $PILOTLIGHT_POD_NAMESPACE $PILOTLIGHT_POD_IP"; exit 7';
    const { exitCode, stdout } = await run(
      ...['claim', 'small', '--claim-id', 'job-1', '--exec', 'sh', '-c', script],
    );
    assert.equal(exitCode, 7);
    assert.equal(stdout, 'job-1 small-1 default 10.0.0.1');
    assert.deepEqual(released, [{ claimId: 'job-1', reason: undefined }]);
  });

  it('releases when the command can not be started', async () => {
    const { exitCode, stderr } = await run('claim', 'small', '--exec', '/nowhere/at-all');
    assert.equal(exitCode, 127);
    assert.match(stderr, /^error: \/nowhere\/at-all can't be run/);
    assert.equal(released.length, 1);
  });

  it('passes signals on to the command, renews while it runs, and releases after it', async () => {
    leaseSeconds = 1;
    const script = 'trap "exit 3" TERM; echo up; while :; do sleep 0.05; done';
    const process = start(['claim', 'small', '--exec', 'sh', '-c', script]);
    await untilRenewedTwice();
    process.kill('SIGTERM');
    assert.equal((await process).exitCode, 3);
    assert.equal(released.length, 1);
  });

  it('ends the command when the claim is lost, and says so', async () => {
    leaseSeconds = 1;
    loss = new ClaimError('claimLost', 'The pod failed.');
    const { exitCode, stderr } = await run('claim', 'small', '--exec', 'sleep', '30');
    assert.equal(exitCode, 1);
    assert.equal(stderr, 'error: The pod failed.');
  });

  it('holds a claim until Ctrl-C, then releases it', async () => {
    leaseSeconds = 1;
    const process = start(['claim', 'small', '--hold']);
    await untilRenewedTwice();
    assert.deepEqual(released, []);
    process.kill('SIGINT');
    const { exitCode, stdout } = await process;
    assert.equal(exitCode, 0);
    assert.match(stdout, /renewed until Ctrl-C$/);
    assert.equal(released.length, 1);
  });

  it('says in a sentence why there is no pod, with exit code 1', async () => {
    refusal = new ClaimError('poolMiss', 'No pod of pool small is warm.', {
      retryAfterSeconds: 60,
    });
    const { exitCode, stderr } = await run('claim', 'small');
    assert.equal(exitCode, 1);
    assert.equal(stderr, 'error: No pod of pool small is warm.');
  });

  it('lists, renews and releases claims', async () => {
    const listed = await run('claims');
    assert.match(
      listed.stdout,
      /^CLAIM +POOL +POD +STATE +HOLDER +LEASE\njob-1 +small +small-1 +held/,
    );
    assert.match((await run('claims', 'small', '-o', 'json')).stdout, /"claimId": "job-1"/);
    assert.match((await run('claims', '-o', 'yaml')).stdout, /^- claimId: job-1\n/);
    assert.match((await run('claims', '-o', 'wide')).stdout, /LEASE +NODE +IP +CLAIMED AT\njob-1/);
    assert.match((await run('renew', 'job-1')).stdout, /^claim job-1 until 2/);
    assert.equal(
      (await run('release', 'job-1', '--reason', 'unhealthy')).stdout,
      'claim job-1 released',
    );
    assert.equal((await run('release', 'job-1')).stdout, 'claim job-1 had ended before');
    assert.equal(released[0]?.reason, 'unhealthy');
  });

  const refusals: [string, string[], RegExp][] = [
    [
      '--exec without a command',
      ['claim', 'small', '--exec'],
      /command behind `--exec`, got nothing/,
    ],
    ['a command without --exec', ['claim', 'small', 'psql'], /got `psql` without --exec/],
    [
      'a command in the place of a pool',
      ['claim', '--exec', 'psql'],
      /name of a pool.*got neither/,
    ],
    ['neither a pool nor a shape', ['claim'], /name of a pool, or `--shape`.*; got neither$/],
    [
      'a pool with a shape',
      ['claim', 'small', '--image', 'db:2'],
      /name of a pool, or `--shape`, `--image` or both instead; got both, with pool small$/,
    ],
    [
      'a shape that two pools have',
      ['claim', '--shape', 'large'],
      /Several pools have shape large: a \(.*\), b \(shape large and image db:2\)\. Name the pool/,
    ],
    [
      'a shape that none has',
      ['claim', '--shape', 'huge', '--image', 'db:2'],
      /^error: No pool has shape huge and image db:2\. There are: a \(/,
    ],
    ['--hold with --exec', ['claim', 'small', '--hold', '--exec', 'true'], /got both/],
    [
      'a wait that is no number',
      ['claim', 'small', '--wait', 'long'],
      /'long' is invalid.*whole seconds/,
    ],
    ['a lease of nothing', ['claim', 'small', '--lease', '0'], /`leaseSeconds`.*from 1 .*got 0/],
    ['a claimId that is ours', ['claim', 'small', '--claim-id', 'auto-1'], /`claimId`.*auto-/],
  ];
  for (const [what, args, expected] of refusals) {
    it(`refuses ${what} in a sentence, with exit code 1`, async () => {
      const { exitCode, stderr } = await run(...args);
      assert.equal(exitCode, 1);
      assert.match(stderr, /^error: /);
      assert.match(stderr, expected);
    });
  }
});
