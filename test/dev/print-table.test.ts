import assert from 'node:assert/strict';
import type { ApiObject, Fields } from '../../dev/simulated/api-object.ts';
import { tablePrinter } from '../../dev/simulated/print-table.ts';
import { nodes, pods, resources } from '../../dev/simulated/resources.ts';

const kubectlAccepts =
  'application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json';

interface Table {
  columnDefinitions: { name: string; priority: number }[];
  rows: { cells: (string | number)[]; object: { metadata: { uid: string } } }[];
}

function object(options: {
  ageSeconds?: number;
  metadata?: Fields;
  spec?: Fields;
  status: Fields;
}) {
  const { ageSeconds = 5, metadata = {}, spec = { containers: [{}] }, status } = options;
  const creationTimestamp = new Date(Date.now() - ageSeconds * 1_000).toISOString();
  return {
    metadata: { name: 'it', uid: 'uid-1', creationTimestamp, ...metadata },
    ...{ spec, status },
  } as unknown as ApiObject;
}

function table(resource: typeof pods, ...objects: ApiObject[]): Table {
  const print = tablePrinter(resource, kubectlAccepts);
  assert.ok(print);
  return print(objects, {}) as unknown as Table;
}

describe('what `kubectl get` shows of the simulated cluster', () => {
  it('has the columns of pods, with address and node only when wide', () => {
    const { columnDefinitions, rows } = table(pods, object({ status: { phase: 'Pending' } }));
    const usual = columnDefinitions.filter(({ priority }) => priority === 0);
    const names = usual.map(({ name }) => name);
    assert.deepEqual(names, ['Name', 'Ready', 'Status', 'Restarts', 'Age']);
    assert.deepEqual(rows[0]?.cells.slice(0, 5), ['it', '0/1', 'Pending', 0, '5s']);
    assert.deepEqual(rows[0].cells.slice(5), ['<none>', '<none>']);
    assert.equal(rows[0].object.metadata.uid, 'uid-1');
  });

  for (const [shown, status, metadata] of [
    ['Running', { phase: 'Running', containerStatuses: [{ ready: true }] }, {}],
    [
      'CrashLoopBackOff',
      { containerStatuses: [{ state: { waiting: { reason: 'CrashLoopBackOff' } } }] },
      {},
    ],
    ['Evicted', { phase: 'Failed', reason: 'Evicted' }, {}],
    ['Terminating', { phase: 'Running' }, { deletionTimestamp: '2026-01-01T00:00:00Z' }],
  ] as const) {
    it(`shows a pod as ${shown}`, () => {
      assert.equal(table(pods, object({ status, metadata })).rows[0]?.cells[2], shown);
    });
  }

  it('shows nodes with their readiness, and as cordoned', () => {
    const ready = { conditions: [{ type: 'Ready', status: 'True' }] };
    const { rows } = table(
      nodes,
      object({ status: ready }),
      object({ status: {}, spec: { unschedulable: true } }),
    );
    assert.deepEqual(
      rows.map(({ cells }) => cells[1]),
      ['Ready', 'NotReady,SchedulingDisabled'],
    );
  });

  for (const [ageSeconds, shown] of [
    [119, '119s'],
    [120, '2m'],
    [330, '5m30s'],
    [3_700, '61m'],
    [20_000, '5h'],
    [200_000, '2d'],
  ] as const) {
    it(`shows ${ageSeconds} s as ${shown}`, () => {
      const { rows } = table(nodes, object({ ageSeconds, status: {} }));
      assert.equal(rows[0]?.cells[2], shown);
    });
  }

  it('is no table for a client that did not ask for one, or of other resources', () => {
    assert.equal(tablePrinter(pods, 'application/json'), null);
    assert.equal(tablePrinter(pods, '*/*'), null);
    const others = resources.filter((resource) => resource !== pods && resource !== nodes);
    for (const other of others) assert.equal(tablePrinter(other, kubectlAccepts), null);
  });
});
