// The client library costs each process that loads any of it 85 MB and 0.3 s of start. It once came
// back with a single import of a value beside the types. What checks the files that few have costs
// 3 MB of heap, and as much again of memory while it is loaded.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from '../../dev/free-port.ts';
import { FaultyApiServer, sendJson } from './faulty-api-server.ts';

const root = join(import.meta.dirname, '../..');

describe('a program of ours', () => {
  let server: FaultyApiServer;
  let folder: string;

  beforeEach(async () => {
    server = await FaultyApiServer.start();
    server.answer = ({ url }, response) => {
      if (url.searchParams.has('watch')) response.writeHead(200).flushHeaders();
      else sendJson(response, { metadata: { resourceVersion: '1', uid: 'u' }, items: [] });
    };
    folder = await mkdtemp(join(tmpdir(), 'pilotlight-loads-'));
  });
  afterEach(async () => {
    await server.stop();
    await rm(folder, { recursive: true });
  });

  /** What a program has loaded when it logs a line. */
  async function loadedBy(program: 'api' | 'workers', line: string): Promise<Set<string>> {
    const loads = join(folder, 'loads');
    const hook = join(import.meta.dirname, 'record-loads.ts');
    const child = spawn(
      process.execPath,
      ['--import', hook, join(root, `src/${program}/main.ts`)],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: {
          KUBECONFIG: server.kubeconfigPath,
          // Nobody listens there.
          TEMPORAL_ADDRESS: '127.0.0.1:1',
          XDG_CACHE_HOME: folder,
          PILOTLIGHT_API_PORT: String(await freePort()),
          PILOTLIGHT_TEST_LOADS: loads,
        },
      },
    );
    const ended = once(child, 'exit');
    try {
      const said: string[] = [];
      for await (const text of createInterface({ input: child.stdout })) {
        said.push(text);
        if (text.includes(line)) return new Set((await readFile(loads, 'utf8')).split('\n'));
      }
      throw new Error(`Expected it to say "${line}", it said ${said.join('\n')}`);
    } finally {
      child.kill('SIGKILL');
      await ended;
    }
  }

  it('serves claims without the Kubernetes client library and without that of Temporal', async () => {
    const loaded = await loadedBy('api', 'the API serves');
    assert.ok(loaded.has('undici') && loaded.has('fastify'), [...loaded].join(' '));
    assert.ok(!loaded.has('@kubernetes/client-node'));
    assert.ok(!loaded.has('@temporalio/client'));
    assert.ok(!loaded.has('typebox'));
    assert.ok(!loaded.has('zod'));
  });

  it('runs pools without the Kubernetes client library', async () => {
    const loaded = await loadedBy('workers', 'waits for Temporal');
    assert.ok(loaded.has('undici') && loaded.has('@temporalio/worker'), [...loaded].join(' '));
    assert.ok(!loaded.has('@kubernetes/client-node'));
    assert.ok(!loaded.has('zod'));
  });
});
