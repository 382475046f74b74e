/** What the chart renders, by real Helm, which is built beside the real control plane. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { admissionPolicyOf } from '../../src/kubernetes/admission-policy.ts';
import { permissions, type Program } from '../../src/kubernetes/permissions.ts';
import { containerOf, environmentOf, renderChart, type ChartObject } from './chart-objects.ts';

const programs = ['worker', 'api'] as const;

/** Kinds that somebody may not want, or whose definitions a cluster may lack. */
const optionalKinds = {
  PodDisruptionBudget: 'podDisruptionBudget.enabled',
  NetworkPolicy: 'networkPolicy.enabled',
  ServiceMonitor: 'metrics.serviceMonitor.enabled',
  PrometheusRule: 'metrics.rules.enabled',
};

if (process.env['PILOTLIGHT_CLUSTER'] === 'control-plane') {
  describe('what the chart renders', () => {
    it('refuses values that its schema does not know, and names them', async () => {
      await assert.rejects(renderChart({ set: ['worker.replica=3'] }), /replica' not allowed/);
      await assert.rejects(renderChart({ set: ['temporal.address=nowhere'] }), /address/);
    });

    it('gives the accounts exactly the rights that permissions.ts lists', async () => {
      const objects = await renderChart({});
      for (const program of programs) {
        assert.deepEqual(rulesOf(objects, program), permittedRules(program));
      }
    });

    it('tells both programs where to send traces, and neither unless given', async () => {
      const of = async (set: string[]) => {
        const objects = await renderChart({ set });
        return ['pilotlight-worker', 'pilotlight-api'].map((name) =>
          Object.entries(environmentOf(objects, name)).filter(([key]) => key.startsWith('OTEL_')),
        );
      };
      assert.deepEqual(await of([]), [[], []]);
      const set = ['tracing.endpoint=http://collector:4318', 'tracing.ratio=0.05'];
      const told = [
        ['OTEL_EXPORTER_OTLP_ENDPOINT', 'http://collector:4318'],
        ['OTEL_TRACES_SAMPLER', 'parentbased_traceidratio'],
        ['OTEL_TRACES_SAMPLER_ARG', '0.05'],
      ];
      assert.deepEqual(await of(set), [told, told]);
      await assert.rejects(renderChart({ set: ['tracing.endpoint=collector:4318'] }), /endpoint/);
      for (const ratio of ['2', '1.5', 'some']) {
        await assert.rejects(renderChart({ set: [`tracing.ratio=${ratio}`] }), /ratio/);
      }
    });

    it('mounts the keys of payloads for both programs, and for neither unless given', async () => {
      const keys = async (set: string[]) => {
        const objects = await renderChart({ set });
        return ['pilotlight-worker', 'pilotlight-api'].map((name) => [
          environmentOf(objects, name)['PILOTLIGHT_PAYLOAD_KEYS_FILE'],
          JSON.stringify(
            objects.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === name),
          ).includes('"secretName":"payload-keys"'),
        ]);
      };
      const none = [undefined, false];
      assert.deepEqual(await keys([]), [none, none]);
      const mounted = ['/etc/pilotlight/payload-keys/keys.yaml', true];
      const set = ['temporal.payloadKeys.secretName=payload-keys'];
      assert.deepEqual(await keys(set), [mounted, mounted]);
    });

    it('installs the policy that `setup` would install', async () => {
      const objects = await renderChart({ example: 'self-hosted.yaml' });
      const rendered = objects.filter(({ kind }) => kind.startsWith('ValidatingAdmissionPolicy'));
      const serviceAccounts = ['worker', 'api'].map((name) => ({
        ...{ namespace: 'control', name: `pilotlight-${name}` },
      }));
      const made = admissionPolicyOf({ namespace: 'pools', serviceAccounts });
      const withoutLabels = (object: { metadata: object }): unknown => ({
        ...object,
        metadata: { ...object.metadata, labels: {} },
      });
      assert.deepEqual(rendered.map(withoutLabels), made.map(withoutLabels));
    });

    it('has each kind that may be left out when its value asks for it, and only then', async () => {
      for (const [kind, value] of Object.entries(optionalKinds)) {
        const isThere = async (asked: boolean): Promise<boolean> =>
          (await renderChart({ set: [`${value}=${String(asked)}`] })).some(
            (object) => object.kind === kind,
          );
        assert.deepEqual([await isThere(true), await isThere(false)], [true, false], kind);
      }
    });

    it('protects the pods of each program, and lets only their port be called', async () => {
      const objects = await renderChart({});
      const budgets = ofKind<{ selector: Selector }>(objects, 'PodDisruptionBudget');
      const policies = ofKind<{
        podSelector: Selector;
        ingress: { ports: { port: string }[] }[];
      }>(objects, 'NetworkPolicy');
      for (const kind of [budgets, policies])
        assert.deepEqual(Object.keys(kind), namesOf(programs));
      for (const name of namesOf(programs)) {
        const selectors = [budgets[name]?.spec.selector, policies[name]?.spec.podSelector];
        for (const selector of selectors) {
          assert.deepEqual(selectedPods(objects, selector?.matchLabels), [name]);
        }
        const ports = policies[name]?.spec.ingress.flatMap((rule) => rule.ports) ?? [];
        assert.deepEqual(
          ports.map(({ port }) => port),
          containerOf(objects, name).ports.map((port) => port.name),
        );
      }
    });

    it('has Prometheus scrape the Service of each program, at a port that it has', async () => {
      const objects = await renderChart({ set: ['metrics.serviceMonitor.enabled=true'] });
      const monitors = ofKind<{ selector: Selector; endpoints: { port: string }[] }>(
        objects,
        'ServiceMonitor',
      );
      const services = ofKind<{
        selector: Record<string, string>;
        ports: { name: string; targetPort: string }[];
      }>(objects, 'Service');
      assert.deepEqual(Object.keys(monitors), namesOf(programs));
      for (const [name, { metadata, spec }] of Object.entries(monitors)) {
        const meant = Object.values(services).filter((service) =>
          isSelected(service.metadata.labels, spec.selector.matchLabels),
        );
        assert.deepEqual(
          meant.map((service) => [service.metadata.namespace, service.metadata.name]),
          [[metadata.namespace, name]],
        );
        assert.deepEqual(selectedPods(objects, meant[0]?.spec.selector), [name]);
        const [endpoint] = spec.endpoints;
        const port = meant[0]?.spec.ports.find((one) => one.name === endpoint?.port);
        assert.deepEqual(
          containerOf(objects, name).ports.map((one) => one.name),
          [port?.targetPort],
        );
      }
    });

    it('has the alerts of deploy/alerts, word for word', async () => {
      const objects = await renderChart({ set: ['metrics.rules.enabled=true'] });
      const alerts = join(import.meta.dirname, '../../deploy/alerts/pilotlight.yaml');
      const { spec } = ofKind<unknown>(objects, 'PrometheusRule')['pilotlight'] ?? {};
      assert.deepEqual(spec, parse(readFileSync(alerts, 'utf8')));
    });

    it('takes an API key of Temporal Cloud from a Secret, and sends it by TLS alone', async () => {
      const objects = await renderChart({ example: 'temporal-cloud-api-key.yaml' });
      for (const name of namesOf(programs)) {
        const keys = containerOf(objects, name).env.filter(
          (variable) => variable.name === 'TEMPORAL_API_KEY',
        );
        const secretKeyRef = { name: 'temporal-api-key', key: 'api-key' };
        assert.deepEqual(keys, [{ name: 'TEMPORAL_API_KEY', valueFrom: { secretKeyRef } }]);
        assert.equal(environmentOf(objects, name)['TEMPORAL_TLS'], 'true');
      }
    });
  });
}

interface Selector {
  matchLabels: Record<string, string>;
}

type Specified<Spec> = Pick<ChartObject, 'metadata'> & { spec: Spec };

/** As the chart names what belongs to each program, sorted. */
function namesOf(of: readonly Program[]): string[] {
  return of.map((program) => `pilotlight-${program}`).sort();
}

/** The objects of a kind by name, sorted. */
function ofKind<Spec>(objects: ChartObject[], kind: string): Record<string, Specified<Spec>> {
  const found = objects
    .filter((object) => object.kind === kind)
    .map((object): [string, Specified<Spec>] => [
      object.metadata.name,
      { metadata: object.metadata, spec: object['spec'] as Spec },
    ]);
  return Object.fromEntries(found.sort(([one], [other]) => (one < other ? -1 : 1)));
}

function isSelected(
  labels: Record<string, string>,
  matchLabels: Record<string, string> = {},
): boolean {
  return Object.entries(matchLabels).every(([key, value]) => labels[key] === value);
}

/** The Deployments whose pods such a selector means; an empty one means all. */
function selectedPods(objects: ChartObject[], matchLabels?: Record<string, string>): string[] {
  const deployments = ofKind<{ template: { metadata: { labels: Record<string, string> } } }>(
    objects,
    'Deployment',
  );
  return Object.entries(deployments)
    .filter(([, { spec }]) => isSelected(spec.template.metadata.labels, matchLabels))
    .map(([name]) => name);
}

/** Each rule as `group/resource/name: verbs`, sorted. */
function rulesOf(objects: ChartObject[], program: Program): string[] {
  return objects
    .filter(({ kind, metadata }) => /Role$/.test(kind) && metadata.name.endsWith(`-${program}`))
    .flatMap(({ kind, ...role }) => {
      const rules = role['rules'] as {
        apiGroups: [string];
        resources: [string];
        resourceNames?: [string];
        verbs: string[];
      }[];
      return rules.map(({ apiGroups: [group], resources: [resource], resourceNames, verbs }) => {
        const scope = kind === 'ClusterRole' ? 'cluster' : 'namespace';
        return ruleText({ scope, group, resource, objectName: resourceNames?.[0], verbs });
      });
    })
    .sort();
}

function permittedRules(program: Program): string[] {
  return permissions[program].map((permission) => ruleText(permission)).sort();
}

function ruleText(rule: {
  scope: string;
  group: string;
  resource: string;
  objectName?: string | undefined;
  verbs: readonly string[];
}): string {
  const { scope, group, resource, objectName = '*', verbs } = rule;
  return `${scope} ${group}/${resource}/${objectName}: ${verbs.join()}`;
}
