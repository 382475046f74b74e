/**
 * What strangers send to a pool (P8), as it arrives on the wire: raw gRPC requests, the old `tctl`
 * tool's and the real command line. The story: the SDK decodes an argument before any handler runs,
 * so one signal in a foreign encoding once failed the workflow task for ever, with every later
 * message stuck behind it.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import proto from '@temporalio/proto';
import { findTemporalCli } from '../../dev/install/find-temporal-cli.ts';
import { silent } from '../../dev/report.ts';
import { runCommand } from '../../dev/run-command.ts';
import { poolWorkflowId } from '../../src/pool/names.ts';
import type { PoolStatus } from '../../src/pool/status.ts';
import { workflowTypes } from '../../src/workflows/messages.ts';
import { defaultTaskQueue } from '../../src/workflows/task-queue.ts';
import { examplePod, exampleSpec } from '../pool/examples.ts';
import { checkInvariants } from './check-invariants.ts';
import { startEnvironment, until, type Environment } from './environment.ts';
import { colocated } from './pod-templates.ts';
import { runCli } from './run-cli.ts';

const pool = 'messages';
const workflowId = poolWorkflowId(pool);
const warmTarget = 1;
const { UpdateWorkflowExecutionLifecycleStage: stages } = proto.temporal.api.enums.v1;
const untilDone = stages.UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_COMPLETED;

interface RawPayload {
  metadata?: Record<string, Uint8Array>;
  data?: Uint8Array;
}

function payload(encoding: string, data: string | Uint8Array): RawPayload {
  return { metadata: { encoding: Buffer.from(encoding) }, data: Buffer.from(data) };
}

const json = (text: string): RawPayload => payload('json/plain', text);

/** Arguments that no handler can read, with what the refusal says of them. */
const unreadable: [string, RawPayload[], string][] = [
  ['a foreign encoding', [payload('binary/encrypted', 'x')], 'unknown encoding'],
  ['a foreign encoding of 1 MB', [payload('e'.repeat(1_000_000), 'x')], 'unknown encoding'],
  ['protobuf', [payload('binary/protobuf', '\x08\x09')], 'unknown encoding'],
  ['protobuf as JSON', [payload('json/protobuf', '{"value":9}')], 'unknown encoding'],
  ['bytes', [payload('binary/plain', '9')], 'unknown encoding'],
  ['no metadata', [{ data: Buffer.from('9') }], 'unknown encoding'],
  ['no encoding', [{ metadata: {}, data: Buffer.from('9') }], 'unknown encoding'],
  ['an encoding that is no text', [payload('\xff\xfe', '9')], 'unknown encoding'],
  ['cut JSON', [json('{"target":')], 'not valid JSON'],
  ['no data', [{ metadata: { encoding: Buffer.from('json/plain') } }], 'not valid JSON'],
  ['bytes that are no UTF-8', [payload('json/plain', Buffer.from([0xff, 0xfe]))], 'not valid JSON'],
  ['nothing', [payload('binary/null', '')], 'got nothing'],
  ['no argument', [], 'got []'],
  ['two arguments', [json('9'), json('8')], 'got [9,8]'],
  ['lists a million deep', [json('['.repeat(900_000) + ']'.repeat(900_000))], 'got '],
  ['a text of 1.9 MB', [json(JSON.stringify('n'.repeat(1_900_000)))], 'got "nnn'],
  ['keys of the prototype', [json('{"__proto__":{"target":9}}')], 'got {"__proto__"'],
];

describe('messages from anybody', function () {
  this.timeout(180_000);
  let environment: Environment;
  let temporal: string;

  before(async () => {
    temporal = await findTemporalCli({ report: silent });
    environment = await startEnvironment({ nodeDelaySeconds: 20 });
    await environment.startWorker('worker');
    await environment.createPool({ pool, warmTarget, template: colocated() });
    await untilStatus('a warm pod', ({ warm }) => warm === warmTarget);
  });
  after(() => environment.stop());

  const untilStatus = (what: string, holds: (status: PoolStatus) => boolean): Promise<PoolStatus> =>
    until({ what, timeoutMs: 20_000, ask: () => environment.status(pool), holds });

  const untilRefused = (said: string): Promise<PoolStatus> =>
    untilStatus(`a refusal with ${said}`, ({ lastRefusal }) =>
      (lastRefusal?.message ?? '').includes(said),
    );

  /** Sends a signal exactly as given. */
  async function signal(
    signalName: string,
    payloads: RawPayload[],
    id = workflowId,
  ): Promise<void> {
    await environment.client.workflowService.signalWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId: id },
      signalName,
      input: { payloads },
      identity: 'test',
      requestId: randomUUID(),
    });
  }

  /** Sends an update exactly as given; resolves to the refusal, or null when it was done. */
  async function update(name: string, payloads: RawPayload[]): Promise<string | null> {
    const { outcome } = await environment.client.workflowService.updateWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId },
      waitPolicy: { lifecycleStage: untilDone },
      request: {
        meta: { updateId: randomUUID(), identity: 'test' },
        input: { name, args: { payloads } },
      },
    });
    assert.ok(outcome, `update ${name} was not answered`);
    return outcome.failure?.message ?? null;
  }

  /** Proof that messages still come through: a pause and its end. */
  async function provesItLives(): Promise<void> {
    await signal('pause', []);
    await untilStatus('a pause', ({ phase }) => phase === 'Paused');
    await signal('resume', []);
    await untilStatus('no pause', ({ phase }) => phase !== 'Paused');
  }

  async function failedTasks(id: string): Promise<number> {
    const { events } = await environment.client.workflow.getHandle(id).fetchHistory();
    return (events ?? []).filter((event) => event.workflowTaskFailedEventAttributes).length;
  }

  afterEach('the invariants hold', () => checkInvariants({ environment, pools: [pool] }));

  it('follows the request that tctl sends for setTarget', async () => {
    await environment.client.workflowService.signalWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId, runId: '' },
      signalName: 'setTarget',
      input: { payloads: [json('3')] },
      identity: 'tctl@somewhere',
    });
    await untilStatus('target 3', ({ target }) => target === 3);
  });

  it('follows `temporal workflow signal` with a number and with a mapping, and refuses the rest', async () => {
    const send = (input: string): Promise<string> =>
      runCommand({
        command: temporal,
        args: [
          ...['workflow', 'signal', '--address', environment.temporal.address],
          ...['-w', workflowId, '--name', 'setTarget', '--input', input],
        ],
        timeoutMs: 20_000,
      });
    await send('9');
    await untilStatus('target 9', ({ target }) => target === 9);
    await send('{"target":8}');
    await untilStatus('target 8', ({ target }) => target === 8);
    for (const wrong of ['"nine"', '-1', 'null', '1e99', '{}']) {
      await send(wrong);
      // A number is quoted as JavaScript writes it.
      const status = await untilRefused(`got ${JSON.stringify(JSON.parse(wrong))}`);
      assert.equal(status.target, 8, wrong);
    }
    await send(String(warmTarget));
    await untilStatus('the first target', ({ target }) => target === warmTarget);
  });

  for (const [what, payloads, said] of unreadable) {
    it(`refuses setTarget with ${what}, and shows the refusal`, async () => {
      const before = (await environment.status(pool)).lastRefusal?.atMs ?? 0;
      await signal('setTarget', payloads);
      const { target, lastRefusal } = await untilStatus(
        `a refusal with ${said}`,
        ({ lastRefusal }) =>
          lastRefusal !== null && lastRefusal.atMs > before && lastRefusal.message.includes(said),
      );
      assert.equal(target, warmTarget);
      assert.match(lastRefusal?.message ?? '', /^setTarget: Expected `target` to be an integer/);
      assert.ok((lastRefusal?.message.length ?? 0) <= 300);
      await provesItLives();
    });
  }

  it('refuses podsChanged with the same, and takes nothing from one that is too much', async () => {
    const watched = 'watched';
    const id = poolWorkflowId(watched);
    await environment.createPool({ pool: watched, warmTarget: 1, template: colocated() });
    const untilSettled = (what: string): Promise<PoolStatus> =>
      until({
        what,
        timeoutMs: 20_000,
        ask: () => environment.status(watched),
        holds: ({ pods, warm }) => pods.length === 1 && warm === 1,
      });
    const before = await untilSettled('one warm pod');
    for (const [, payloads] of unreadable) await signal('podsChanged', payloads, id);
    const pods = Array.from({ length: 2_001 }, (_, index) => ({ name: `x-${index}` }));
    const observed = { cluster: 'c', version: '1', gone: [], complete: false };
    const hostile = [
      { ...observed, pods },
      { ...observed, pods: [examplePod({ name: '__proto__' })] },
      { ...observed, pods: { length: 1 } },
      { ...observed, pods: [], gone: [{ name: 'constructor', uid: 'u', version: '1.5' }] },
      { ...observed, version: '9'.repeat(21), pods: [] },
      // Well-formed, but of another cluster, with a megabyte in a field that nobody reads.
      { ...observed, pods: [{ ...examplePod({ name: 'watched-zz' }), junk: 'j'.repeat(1e6) }] },
    ];
    for (const message of hostile) await signal('podsChanged', [json(JSON.stringify(message))], id);
    const after = await untilSettled('the same pod alone');
    assert.equal(after.pods[0]?.uid, before.pods[0]?.uid);
    assert.match(after.lastRefusal?.message ?? '', /^Expected `version`/);
    // Signals of a megabyte that came at once are one piece of the history, and a client takes 4 MiB
    // unless told otherwise: the story of such a pool could not be read any more.
    const { exitCode, stdout, stderr } = await runCli({ environment, args: ['events', watched] });
    assert.equal(exitCode, 0, stderr);
    assert.match(stdout, /watched-0/);
    await checkInvariants({ environment, pools: [watched] });
  });

  it('ignores what comes with a signal that takes no argument', async () => {
    await signal('pause', [payload('binary/encrypted', 'x'), json('{')]);
    await untilStatus('a pause', ({ phase }) => phase === 'Paused');
    await signal('resume', [json('{')]);
    await untilStatus('no pause', ({ phase }) => phase !== 'Paused');
  });

  it('goes on after signals that nobody knows, reserved names among them', async () => {
    for (const name of ['whatever', '__temporal_whatever', '__stack_trace', 'constructor']) {
      await signal(name, [json('1')]);
      await signal(name, [payload('binary/encrypted', 'x')]);
    }
    await provesItLives();
  });

  it('rejects updates with the same, tells their sender why, and leaves no trace', async () => {
    for (const [what, payloads, said] of unreadable) {
      const refusal = await update('resize', payloads);
      assert.ok(refusal?.includes(said), `${what}: ${String(refusal)}`);
      assert.ok((await update('applySpec', payloads)) !== null, what);
    }
    assert.equal((await environment.status(pool)).target, warmTarget);
    assert.match((await update('unknown', [json('1')])) ?? '', /unknown/);
    await provesItLives();
  });

  it('rejects a spec of nonsense in a few words', async () => {
    const spec = exampleSpec({ warmTarget, templateHash: 'e2e' });
    const many = Object.fromEntries(Array.from({ length: 50_000 }, (_, i) => [`field${i}`, i]));
    const wrong: [unknown, RegExp][] = [
      [{ spec, namespace: 'other' }, /`namespace` to be default, .* got "other"/],
      [{ spec, namespace: { toString: 1 } }, /`namespace` to be default/],
      [{ spec: { ...spec, ...many }, namespace: 'default' }, /an unknown field/],
      [{ spec: { ...spec, warmTarget: 1e99 }, namespace: 'default' }, /`warmTarget`/],
      [{ spec: { ...spec, templateHash: '../../x' }, namespace: 'default' }, /`templateHash`/],
      [{ spec: null, namespace: 'default' }, /`spec` to be a mapping/],
    ];
    for (const [request, said] of wrong) {
      const refusal = (await update('applySpec', [json(JSON.stringify(request))])) ?? '';
      assert.match(refusal, said);
      assert.ok(refusal.length <= 1_000, `${refusal.length} characters`);
    }
    await provesItLives();
  });

  it('fills in what an applied spec leaves out', async () => {
    const request = {
      spec: { warmTarget, templateHash: 'e2e' },
      namespace: 'default',
      upsertSearchAttributes: true,
    };
    assert.equal(await update('applySpec', [json(JSON.stringify(request))]), null);
    const { spec } = await environment.status(pool);
    const { maxPods, maxPending, podReadySeconds } = spec;
    assert.deepEqual(
      { maxPods, maxPending, podReadySeconds },
      { maxPods: 2000, maxPending: 100, podReadySeconds: 300 },
    );
    await provesItLives();
  });

  it('answers a status query whatever comes with it', async () => {
    const { queryResult } = await environment.client.workflowService.queryWorkflow({
      namespace: 'default',
      execution: { workflowId },
      query: { queryType: 'status', queryArgs: { payloads: [payload('binary/encrypted', 'x')] } },
    });
    const answer = Buffer.from(queryResult?.payloads?.[0]?.data ?? []).toString();
    assert.equal((JSON.parse(answer) as PoolStatus).pool, pool);
  });

  for (const type of [workflowTypes.pool, workflowTypes.watch]) {
    it(`ends a ${type} that is started with nonsense as failed, and says why`, async () => {
      const inputs = [
        ...unreadable.map(([, payloads]) => payloads),
        [json('{"pool":"__proto__"}')],
      ];
      const ids = inputs.map((_, index) => `nonsense-${type}-${index}`);
      for (const [index, payloads] of inputs.entries()) {
        await environment.client.workflowService.startWorkflowExecution({
          namespace: 'default',
          workflowId: ids[index] ?? '',
          workflowType: { name: type },
          taskQueue: { name: defaultTaskQueue },
          input: { payloads },
          requestId: randomUUID(),
        });
      }
      for (const id of ids) {
        const failed = environment.client.workflow.getHandle(id).result();
        await assert.rejects(failed, (error: Error) => /Expected `/.test(String(error.cause)));
        assert.equal(await failedTasks(id), 0);
      }
    });
  }
});
