/** The chart as real Helm renders it, and its objects on a real API server. */
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { findHelm } from '../../dev/install/deploy-tools.ts';
import { silent } from '../../dev/report.ts';
import { runCommand } from '../../dev/run-command.ts';
import type { ClusterConnection } from '../../src/kubernetes/connection.ts';

const chart = join(import.meta.dirname, '../../deploy/chart/pilotlight');

const helmTimeoutMs = 30_000;

/** As it comes from YAML. */
export interface ChartObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels: Record<string, string> };
  [field: string]: unknown;
}

/** Runs Helm; raises with what it says. */
async function helm(...args: string[]): Promise<string> {
  const command = await findHelm({ report: silent });
  return runCommand({ command, args, timeoutMs: helmTimeoutMs });
}

/** The objects of a release `pilotlight` in namespace `control`, in Helm's order of installation. */
export async function renderChart(options: {
  /** A file of deploy/chart/pilotlight/examples. */
  example?: string;
  set?: string[];
}): Promise<ChartObject[]> {
  const { example, set = [] } = options;
  const values = example === undefined ? [] : ['-f', join(chart, 'examples', example)];
  const sets = set.flatMap((value) => ['--set', value]);
  const text = await helm('template', 'pilotlight', chart, '-n', 'control', ...values, ...sets);
  return parseAllDocuments(text).flatMap((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw error;
    const object = document.toJS() as ChartObject | null;
    return object === null ? [] : [object];
  });
}

/** Kinds of the Prometheus operator, which a plain API server does not serve. */
export const operatorKinds = ['ServiceMonitor', 'PrometheusRule'];

/** Kinds whose plural is not the kind with an s. */
const plurals: Record<string, string> = {
  NetworkPolicy: 'networkpolicies',
  ValidatingAdmissionPolicy: 'validatingadmissionpolicies',
};

/** Creates an object, or asks whether it would be taken; unknown and repeated fields are refused. */
export async function createObject(
  connection: ClusterConnection,
  object: ChartObject,
  options: { isDryRun: boolean } = { isDryRun: false },
): Promise<void> {
  const { apiVersion, kind, metadata } = object;
  const group = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const scope = metadata.namespace === undefined ? '' : `/namespaces/${metadata.namespace}`;
  const plural = plurals[kind] ?? `${kind.toLowerCase()}s`;
  await connection.send({
    method: 'POST',
    path: `${group}${scope}/${plural}?fieldValidation=Strict${options.isDryRun ? '&dryRun=All' : ''}`,
    body: object,
  });
}

/** The environment of a Deployment's container, without what comes from Secrets. */
export function environmentOf(objects: ChartObject[], name: string): Record<string, string> {
  const { env } = containerOf(objects, name);
  return Object.fromEntries(
    env.flatMap(({ name: variable, value }) => (value === undefined ? [] : [[variable, value]])),
  );
}

interface Container {
  args: string[];
  ports: { name: string }[];
  env: {
    name: string;
    value?: string;
    valueFrom?: { secretKeyRef: { name: string; key: string } };
  }[];
}

/** The one container of a Deployment. */
export function containerOf(objects: ChartObject[], name: string): Container {
  const found = objects.find(
    ({ kind, metadata }) => kind === 'Deployment' && metadata.name === name,
  );
  const spec = found?.['spec'] as { template: { spec: { containers: Container[] } } } | undefined;
  const [container] = spec?.template.spec.containers ?? [];
  if (container === undefined) throw new Error(`the chart has no Deployment ${name}`);
  return container;
}
