import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { WorkflowNotFoundError } from '@temporalio/client';
import { startEnvironment, type Environment } from './environment.ts';
import { runCli } from './run-cli.ts';

/** Port 1 of loopback: nothing listens there, so a connection is refused at once. */
const nowhere = '127.0.0.1:1';

function document(options: { name: string; spec?: string; container?: string }): string {
  const { name, spec = '', container = "image: 'example/worker:1'" } = options;
  return `
apiVersion: pilotlight.dev/v1alpha1
kind: WarmPool
metadata: { name: ${name} }
spec:
  warmTarget: 3
  maxPods: 10
  ${spec}
  template: { spec: { containers: [{ name: main, ${container} }] } }
`;
}

const good = document({ name: 'good' });

const refusals = [
  {
    what: 'malformed YAML, with its place',
    input: 'kind: [\n',
    expected: /^error: standard input:2:\d+: .+$/,
  },
  {
    what: 'an unknown field',
    input: document({ name: 'bad', spec: 'warmTarged: 3' }),
    expected: /^error: .*`spec\.warmTarged` to be one of warmTarget, .*, got an unknown field$/,
  },
  {
    what: 'a target above maxPods',
    input: document({ name: 'bad' }).replace('warmTarget: 3', 'warmTarget: 11'),
    expected: /^error: .*`spec\.warmTarget` to be at most maxPods \(10\), got 11$/,
  },
  {
    what: 'a template that the API server refuses',
    input: document({ name: 'bad', container: "image: 'i', resources: {requests: {cpu: '-1'}}" }),
    expected: /^error: Pool bad: the API server at https:\S+ refuses its pod: .*requests.*-1.*$/s,
  },
  {
    what: 'a field of the template that the API server does not know',
    input: document({ name: 'bad', container: "image: 'i', imagePullPolice: Always" }),
    expected: /^error: Pool bad: .* refuses its pod: .*unknown field.*imagePullPolice.*$/s,
  },
];

describe('apply of what can not be applied', function () {
  this.timeout(120_000);
  let environment: Environment;

  before(async () => {
    environment = await startEnvironment({ nodeDelaySeconds: 20 });
  });
  after(() => environment.stop());

  async function refused(options: {
    input: string;
    expected: RegExp;
    env?: Record<string, string>;
  }): Promise<void> {
    const { input, expected, env = {} } = options;
    const args = ['apply', '-f', '-'];
    const { exitCode, stdout, stderr } = await runCli({ environment, args, input, env });
    assert.match(stderr, expected);
    assert.equal(exitCode, 1);
    assert.equal(stdout, '');
    assert.doesNotMatch(stderr, /^\s+at .*:\d+/m, 'no stack trace reaches the user');
    await nothingWasMade();
  }

  /** No template, no card, no workflow: a refusal leaves nothing half created. */
  async function nothingWasMade(): Promise<void> {
    const { core } = environment;
    const templates = await core.listNamespacedPodTemplate({ namespace: 'default' });
    assert.deepEqual(templates.items, []);
    const cards = await core.listNamespacedConfigMap({ namespace: 'default' });
    const names = cards.items.map(({ metadata }) => metadata?.name ?? '');
    assert.deepEqual(
      names.filter((name) => name.startsWith('pilotlight-')),
      [],
    );
    for (const pool of ['good', 'bad']) {
      const handle = environment.client.workflow.getHandle(`pool-${pool}`);
      await assert.rejects(handle.describe(), WorkflowNotFoundError);
    }
  }

  for (const { what, input, expected } of refusals) {
    it(`refuses ${what}, and leaves the good document before it alone`, async () => {
      await refused({ input, expected });
      await refused({
        input: `${good}---\n${input}`,
        expected: new RegExp(expected.source.replace(':2:', ':\\d+:'), expected.flags),
      });
    });
  }

  it('names a Kubernetes API server that does not answer, and what to try', async () => {
    const { kubeconfigPath } = environment.cluster;
    const path = `${kubeconfigPath}.nowhere`;
    const kubeconfig = await readFile(kubeconfigPath, 'utf8');
    await writeFile(path, kubeconfig.replace(/127\.0\.0\.1:\d+/, nowhere), { mode: 0o600 });
    await refused({
      input: good,
      expected:
        /^error: The Kubernetes API server at https:\/\/127\.0\.0\.1:1 does not answer .*KUBECONFIG.*$/,
      env: { KUBECONFIG: path },
    });
  });

  it('names a Temporal server that does not answer, and what to try', async () => {
    await refused({
      input: good,
      expected: /^error: No Temporal server answers at 127\.0\.0\.1:1 .*TEMPORAL_ADDRESS$/,
      env: { TEMPORAL_ADDRESS: nowhere },
    });
  });
});
