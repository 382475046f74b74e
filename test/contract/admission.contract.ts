import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { Answer, ApiClient, Fields } from './api-client.ts';

const mergePatch = 'application/merge-patch+json';
const enforce = 'pod-security.kubernetes.io/enforce';

/** What Pilotlight reads off refusals of admission; `connect` gives the cluster to hold to it. */
export function admissionContract(connect: () => ApiClient): void {
  let api: ApiClient;
  let namespace: string;
  let pods: string;
  let quotas: string;

  function pod(name: string, spec: Fields = {}): Fields {
    const containers = [{ name: 'main', image: 'example.com/none:1' }];
    const nodeSelector = { 'contract.example/nodes': 'none' };
    return { metadata: { name }, spec: { containers, nodeSelector, ...spec } };
  }

  before(async () => {
    api = connect();
    namespace = `contract-${randomBytes(4).toString('hex')}`;
    pods = `/api/v1/namespaces/${namespace}/pods`;
    quotas = `/api/v1/namespaces/${namespace}/resourcequotas`;
    const { code } = await api.call('POST', '/api/v1/namespaces', {
      metadata: { name: namespace },
    });
    assert.equal(code, 201);
  });

  after(async () => {
    await api.call('DELETE', `/api/v1/namespaces/${namespace}`);
  });

  it('counts pods against a quota, refuses one too many with 403, a namesake and a dry run too', async () => {
    const hard = { pods: '2' };
    const quota = { metadata: { name: 'two' }, spec: { hard } };
    assert.equal((await api.call('POST', quotas, quota)).code, 201);
    await api.until(`${quotas}/two`, ({ body }) => body.status?.used?.['pods'] === '0');
    assert.equal((await api.call('POST', pods, pod('a'))).code, 201);
    assert.equal((await api.call('POST', pods, pod('b'))).code, 201);
    const { code, body } = await api.call('POST', pods, pod('c'));
    assert.deepEqual([code, body.reason], [403, 'Forbidden']);
    const why = 'exceeded quota: two, requested: pods=1, used: pods=2, limited: pods=2';
    assert.equal(body.message, `pods "c" is forbidden: ${why}`);
    const again = await api.call('POST', pods, pod('a'));
    assert.equal(again.body.message, `pods "a" is forbidden: ${why}`, 'not that it exists');
    assert.equal((await api.call('POST', `${pods}?dryRun=All`, pod('d'))).code, 403);
    await api.until(`${quotas}/two`, ({ body: { status } }) => status?.used?.['pods'] === '2');
    await api.call('DELETE', `${pods}/a`);
    await api.until(`${quotas}/two`, ({ body: { status } }) => status?.used?.['pods'] === '1');
    assert.equal((await api.call('POST', pods, pod('c'))).code, 201);
    assert.equal((await api.call('DELETE', `${quotas}/two`)).code, 200);
    await api.until(`${quotas}/two`, (answer) => answer.code === 404);
  });

  it('refuses what the level of a namespace forbids with 403 and every reason, until the level goes', async () => {
    const path = `/api/v1/namespaces/${namespace}`;
    const setLevel = async (level: string | null): Promise<void> => {
      const change = { metadata: { labels: { [enforce]: level } } };
      assert.equal((await api.call('PATCH', path, change, mergePatch)).code, 200);
    };
    const poison = pod('poison', {
      hostPID: true,
      hostIPC: true,
      containers: [
        { name: 'main', image: 'i', securityContext: { privileged: true } },
        { name: 'side', image: 'i', securityContext: { privileged: true } },
        { name: 'plain', image: 'i' },
      ],
      volumes: [{ name: 'data', hostPath: { path: '/data' } }],
    });
    // A real server hears of the label a moment later.
    const dryRun = (body: Fields, expected: number): Promise<Answer> =>
      api.untilAnswer({
        method: 'POST',
        path: `${pods}?dryRun=All`,
        body,
        fits: ({ code }) => code === expected,
      });
    await setLevel('baseline');
    const refused = await dryRun(poison, 403);
    assert.equal(refused.body.reason, 'Forbidden');
    assert.equal(
      refused.body.message,
      'pods "poison" is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostPID=true, hostIPC=true), hostPath volumes (volume "data"), privileged (containers "main", "side" must not set securityContext.privileged=true)',
    );
    await dryRun(pod('plain'), 201);
    await setLevel(null);
    await dryRun(poison, 201);
  });
}
