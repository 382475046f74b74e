/** Pods and nodes as `kubectl get` shows them: the real server prints the columns, not kubectl. */
import type { ApiObject, Fields } from './api-object.ts';
import type { Node, Pod } from './pod.ts';
import { nodes, pods, type Resource } from './resources.ts';

interface Column {
  name: string;
  type: 'string' | 'integer';
  /** Shown only with `-o wide`. */
  isWide?: boolean;
  cell: (object: ApiObject, nowMs: number) => string | number;
}

const name: Column = { name: 'Name', type: 'string', cell: ({ metadata }) => metadata.name };
const age: Column = {
  name: 'Age',
  type: 'string',
  cell: ({ metadata }, nowMs) => formatAge(nowMs - Date.parse(metadata.creationTimestamp)),
};

const podColumns: Column[] = [
  name,
  { name: 'Ready', type: 'string', cell: (object) => readyContainers(object as Pod) },
  { name: 'Status', type: 'string', cell: (object) => podStatus(object as Pod) },
  { name: 'Restarts', type: 'integer', cell: (object) => restarts(object as Pod) },
  age,
  {
    name: 'IP',
    type: 'string',
    isWide: true,
    cell: (pod) => (pod as Pod).status.podIP ?? '<none>',
  },
  {
    name: 'Node',
    type: 'string',
    isWide: true,
    cell: (pod) => (pod as Pod).spec.nodeName ?? '<none>',
  },
];

const nodeColumns: Column[] = [
  name,
  { name: 'Status', type: 'string', cell: (object) => nodeStatus(object as Node) },
  age,
];

/** Makes a Table of objects, with the metadata of their list. */
export type TablePrinter = (objects: ApiObject[], metadata: unknown) => Fields;

/** What prints for a client that asks for tables first; null when it gets the objects themselves. */
export function tablePrinter(resource: Resource, accept: string): TablePrinter | null {
  if (!/^application\/json;as=Table;/.test(accept)) return null;
  const columns = resource === pods ? podColumns : resource === nodes ? nodeColumns : null;
  if (columns === null) return null;
  return (objects, metadata) => toTable(columns, objects, metadata);
}

function toTable(columns: Column[], objects: ApiObject[], metadata: unknown): Fields {
  const nowMs = Date.now();
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columnDefinitions: columns.map(({ name: title, type, isWide = false }) => ({
      ...{ name: title, type, format: title === 'Name' ? 'name' : '', description: title },
      priority: isWide ? 1 : 0,
    })),
    rows: objects.map((object) => ({
      cells: columns.map(({ cell }) => cell(object, nowMs)),
      object: {
        kind: 'PartialObjectMetadata',
        apiVersion: 'meta.k8s.io/v1',
        metadata: object.metadata,
      },
    })),
  };
}

function readyContainers({ spec, status }: Pod): string {
  const ready = (status.containerStatuses ?? []).filter((container) => container.ready);
  return `${ready.length}/${spec.containers.length}`;
}

function podStatus({ metadata, status }: Pod): string {
  if (metadata.deletionTimestamp !== undefined) return 'Terminating';
  const reasons = (status.containerStatuses ?? []).map(({ state }) => state?.waiting?.reason);
  return reasons.find((reason) => reason !== undefined) ?? status.reason ?? status.phase;
}

function restarts({ status }: Pod): number {
  const counts = (status.containerStatuses ?? []).map(({ restartCount = 0 }) => restartCount);
  return counts.reduce((sum, count) => sum + count, 0);
}

function nodeStatus(node: Node): string {
  const isReady = (node.status?.conditions ?? []).some(
    ({ type, status }) => type === 'Ready' && status === 'True',
  );
  const scheduling = node.spec?.unschedulable === true ? ',SchedulingDisabled' : '';
  return `${isReady ? 'Ready' : 'NotReady'}${scheduling}`;
}

/** Two units at most, one for long ages, as kubectl's own columns have it. */
function formatAge(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const whole = (unitSeconds: number): number => Math.floor(seconds / unitSeconds);
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 600) return `${whole(60)}m${seconds % 60 === 0 ? '' : `${seconds % 60}s`}`;
  if (seconds < 3 * 3_600) return `${whole(60)}m`;
  if (seconds < 2 * 86_400) return `${whole(3_600)}h`;
  return `${whole(86_400)}d`;
}
