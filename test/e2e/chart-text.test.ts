/** What the chart renders, by real Helm, which is built beside the real control plane. */
import assert from 'node:assert/strict';
import { admissionPolicyOf } from '../../src/kubernetes/admission-policy.ts';
import { permissions, type Program } from '../../src/kubernetes/permissions.ts';
import { environmentOf, renderChart, type ChartObject } from './chart-objects.ts';

if (process.env['PILOTLIGHT_CLUSTER'] === 'control-plane') {
  describe('what the chart renders', () => {
    it('refuses values that its schema does not know, and names them', async () => {
      await assert.rejects(renderChart({ set: ['worker.replica=3'] }), /replica' not allowed/);
      await assert.rejects(renderChart({ set: ['temporal.address=nowhere'] }), /address/);
    });

    it('gives the accounts exactly the rights that permissions.ts lists', async () => {
      const objects = await renderChart({});
      for (const program of ['worker', 'api'] as const) {
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
  });
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
