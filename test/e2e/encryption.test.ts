/**
 * A pool whose Temporal is not trusted with what it carries: payloads are encrypted, and the way there
 * is TLS with client certificates.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@temporalio/client';
import type { ManagedProcess } from '../../dev/managed-process.ts';
import { openCodec } from '../../src/codec/open-codec.ts';
import { poolWorkflowId } from '../../src/pool/names.ts';
import type { PoolStatus } from '../../src/pool/status.ts';
import { keysFileOf } from '../codec/keyring-of.ts';
import { startEnvironment, until, type ApiReplica, type Environment } from './environment.ts';
import { colocated } from './pod-templates.ts';
import { runCli } from './run-cli.ts';
import { startTlsFrontend, type TlsFrontend } from './temporal-tls.ts';

const pool = 'hush-hush';

const runsOfPool = `WorkflowId = '${poolWorkflowId(pool)}'`;

/** Found in a history, it would have come from the template. */
const secretImage = 'example/secret-worker:1';

/** More than a fill, a resize and some claims take; a whole history of fewer would hide a mistake. */
const leastPayloads = 30;

interface FoundPayload {
  where: string;
  encoding: string;
  text: string;
}

/** Every payload of a message, with what leads to it. */
function* payloadsOf(message: unknown, where = ''): Generator<FoundPayload> {
  if (typeof message !== 'object' || message === null || ArrayBuffer.isView(message)) return;
  const { metadata, data } = message as { metadata?: { encoding?: Uint8Array }; data?: Uint8Array };
  if (ArrayBuffer.isView(metadata?.encoding)) {
    const text = Buffer.from(data ?? []).toString('latin1');
    yield { where, encoding: Buffer.from(metadata.encoding).toString(), text };
    return;
  }
  for (const [name, value] of Object.entries(message)) yield* payloadsOf(value, `${where}.${name}`);
}

describe('a pool with encrypted payloads, over TLS', function () {
  this.timeout(180_000);
  let folder: string;
  let environment: Environment;
  let frontend: TlsFrontend;
  let worker: ManagedProcess;
  let api: ApiReplica;
  /** Somebody with access to Temporal and without keys. */
  let stranger: Client;
  let keysFile: string;

  const cli = (args: string[], options: { input?: string; env?: Record<string, string> } = {}) =>
    runCli({
      ...{ environment, args, input: options.input ?? '' },
      env: { ...frontend.env, PILOTLIGHT_PAYLOAD_KEYS_FILE: keysFile, ...options.env },
    });

  async function writeKeys(name: string, ...keys: [string, ...string[]]): Promise<string> {
    const path = join(folder, `${name}.yaml`);
    await writeFile(path, keysFileOf(...keys), { mode: 0o600 });
    return path;
  }

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pilotlight-encryption-'));
    keysFile = await writeKeys('keys', 'first');
    environment = await startEnvironment({
      nodeDelaySeconds: 1,
      payloadKeysFile: keysFile,
      // Its keys change meanwhile; it replays what it records itself, with all of them.
      replays: false,
      dynamicConfig: ['limit.historyCount.suggestContinueAsNew=60'],
    });
    stranger = new Client({ connection: environment.client.connection });
    frontend = await startTlsFrontend(environment.temporal.address, folder);
    worker = await environment.startWorker('worker', { env: frontend.env });
    api = await environment.startApi('api', { env: frontend.env });
  });

  after(async () => {
    await environment.stop();
    await frontend.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('fills, is resized by command and by a plain signal, and serves claims', async () => {
    const template = colocated();
    const [container] = template.spec?.containers ?? [];
    assert.ok(container);
    container.image = secretImage;
    const metadata = { name: pool, labels: { 'pilotlight.dev/shape': 'secret-shape' } };
    const spec = { warmTarget: 2, maxPods: 20, template };
    const document = { apiVersion: 'pilotlight.dev/v1alpha1', kind: 'WarmPool', metadata, spec };
    const applied = await cli(['apply', '-f', '-'], { input: JSON.stringify(document) });
    assert.equal(applied.exitCode, 0, applied.stderr);
    await environment.untilWarm(pool, 2, 60_000);

    const scaled = await cli(['scale', pool, '3']);
    assert.equal(scaled.exitCode, 0, scaled.stderr);
    await environment.untilWarm(pool, 3, 30_000);
    // People send signals from Temporal's UI and command line, which have no keys.
    await stranger.workflow.getHandle(poolWorkflowId(pool)).signal('setTarget', { target: 4 });
    await environment.untilWarm(pool, 4, 30_000);

    await until({
      what: 'a run that continued as new',
      timeoutMs: 60_000,
      ask: async () => {
        const claim = await api.client.claim(pool, { waitSeconds: 20 });
        await claim.release();
        return Array.fromAsync(environment.client.workflow.list({ query: runsOfPool }));
      },
      holds: (runs) => runs.length > 1,
    });
    await environment.untilWarm(pool, 4, 60_000);
    assert.ok(frontend.accepted() >= 4, `${frontend.accepted()} connections by TLS`);
  });

  it('shows a stranger nothing of it: no payload of any run can be read', async () => {
    const names = new RegExp(`${pool}|secret|template|default|duckling`, 'i');
    let found = 0;
    let runs = 0;
    for await (const { runId } of environment.client.workflow.list({ query: runsOfPool })) {
      runs += 1;
      const handle = stranger.workflow.getHandle(poolWorkflowId(pool), runId);
      const { events } = await handle.fetchHistory();
      const { raw } = await environment.client.workflow
        .getHandle(poolWorkflowId(pool), runId)
        .describe();
      for (const { where, encoding, text } of payloadsOf([events, raw])) {
        // Temporal indexes search attributes, and the SDK's core writes which rules a run follows: both
        // are plain, like the stranger's own signal.
        const isPlain = /searchAttributes|markerRecorded/i.test(where) || text === '{"target":4}';
        if (isPlain) continue;
        found += 1;
        assert.equal(encoding, 'binary/encrypted', `${where}: ${text.slice(0, 200)}`);
        assert.doesNotMatch(text, names, where);
      }
    }
    assert.ok(runs > 1, 'it has not continued as new');
    assert.ok(found >= leastPayloads, `${found} payloads`);
    const { queryResult } = await stranger.workflowService.queryWorkflow({
      namespace: 'default',
      execution: { workflowId: poolWorkflowId(pool) },
      query: { queryType: '__temporal_workflow_metadata' },
    });
    const [details] = [...payloadsOf(queryResult)];
    assert.equal(details?.encoding, 'binary/encrypted');
  });

  it('tells those who have the key all, and the others which key they need', async () => {
    const told = await cli(['events', pool]);
    assert.equal(told.exitCode, 0, told.stderr);
    assert.match(told.stdout, /Ready after/);
    assert.match(told.stdout, /claimed/);
    const replayed = await cli(['replay', '--running']);
    assert.equal(replayed.exitCode, 0, replayed.stdout + replayed.stderr);

    const other = await writeKeys('other', 'other');
    const namesKey = /PILOTLIGHT_PAYLOAD_KEYS_FILE to hold the key first/;
    const env = { PILOTLIGHT_PAYLOAD_KEYS_FILE: other };
    const refused = await cli(['events', pool], { env });
    assert.equal(refused.exitCode, 1);
    assert.match(refused.stderr, namesKey);
    // What the cluster tells of the pool needs no key.
    const described = await cli(['describe', 'pool', pool], { env });
    assert.match(described.stderr, namesKey);
    assert.match(described.stdout, new RegExp(pool));
    const blind = await cli(['replay', '--running'], { env });
    assert.equal(blind.exitCode, 1);
    assert.match(blind.stdout + blind.stderr, /the key first/);
  });

  // The careless way to change keys: one worker at a time gets a file whose new key encrypts at once.
  it('goes on when keys are changed, after tasks that failed where the new one was missing', async () => {
    const both = await writeKeys('both', 'second', 'first');
    await environment.startWorker('worker-two', {
      env: { ...frontend.env, PILOTLIGHT_PAYLOAD_KEYS_FILE: both },
    });
    const sender = new Client({
      connection: environment.client.connection,
      dataConverter: { payloadCodecs: [await openCodec(both)] },
    });
    await sender.workflow.getHandle(poolWorkflowId(pool)).signal('setTarget', 5);
    await worker.stop();
    await until({
      what: 'five warm pods',
      timeoutMs: 60_000,
      ask: () => sender.workflow.getHandle(poolWorkflowId(pool)).query<PoolStatus>('status'),
      holds: ({ warm, target }) => warm === 5 && target === 5,
    });
  });

  it('lets nobody in without the client certificate', async () => {
    const env = {
      ...frontend.env,
      ...{ TEMPORAL_TLS_CLIENT_CERT_PATH: '', TEMPORAL_TLS_CLIENT_KEY_PATH: '' },
    };
    const { exitCode, stderr } = await runCli({ environment, args: ['get', 'pools'], env });
    assert.equal(exitCode, 1, stderr);
  });
});
