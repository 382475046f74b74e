/** What makes a cluster ready for pools, against an API server that is scripted. */
import assert from 'node:assert/strict';
import {
  admissionPolicyOf,
  ensureAdmissionPolicy,
  hasAdmissionPolicy,
} from '../../src/kubernetes/admission-policy.ts';
import { connectToCluster, type ClusterConnection } from '../../src/kubernetes/connection.ts';
import {
  ensureNamespace,
  listQuotaUse,
  readClusterVersion,
} from '../../src/kubernetes/namespaces.ts';
import { findMissingPermissions, permissions } from '../../src/kubernetes/permissions.ts';
import { FaultyApiServer, sendJson, sendStatus } from './faulty-api-server.ts';

interface Attributes {
  verb: string;
  resource: string;
  namespace?: string;
}

describe('setting a cluster up', () => {
  let server: FaultyApiServer;
  let connection: ClusterConnection;

  beforeEach(async () => {
    server = await FaultyApiServer.start();
    connection = await connectToCluster({ kubeconfigPath: server.kubeconfigPath });
  });
  afterEach(async () => {
    await connection.close();
    await server.stop();
  });

  const calls = (method: string): string[] =>
    server.requests
      .filter((request) => request.method === method)
      .map(({ url }) => url.pathname.split('/').slice(-2).join('/'));
  const serviceAccounts = [{ namespace: 'n', name: 'worker' }];
  const policy = { namespace: 'n', serviceAccounts };

  it('asks for each verb where it is used, and reports those that are refused', async () => {
    const asked: Attributes[] = [];
    server.answer = (request, response) => {
      const { spec } = JSON.parse(request.body) as { spec: { resourceAttributes: Attributes } };
      asked.push(spec.resourceAttributes);
      const allowed = !['watch', 'patch'].includes(spec.resourceAttributes.verb);
      sendJson(response, { status: { allowed } }, 201);
    };
    const missing = await findMissingPermissions({ connection, namespace: 'n', program: 'api' });
    assert.deepEqual(missing.map(({ what }) => what).sort(), [
      ...['configmaps: watch', 'nodes: watch', 'pods: patch', 'pods: watch'],
    ]);
    assert.equal(asked.length, permissions.api.flatMap(({ verbs }) => verbs).length);
    for (const { resource, namespace } of asked) {
      assert.equal(namespace, resource === 'nodes' ? undefined : 'n');
    }
    assert.ok(calls('POST').every((path) => path === 'v1/selfsubjectaccessreviews'));
  });

  it('asks for a service account by its user name and groups', async () => {
    const users = new Set<string>();
    server.answer = (request, response) => {
      const { spec } = JSON.parse(request.body) as { spec: { user: string; groups: string[] } };
      users.add([spec.user, ...spec.groups].join());
      sendJson(response, { status: { allowed: true } }, 201);
    };
    const serviceAccount = { namespace: 'n', name: 'w' };
    const options = { connection, namespace: 'n', program: 'worker' as const, serviceAccount };
    assert.deepEqual(await findMissingPermissions(options), []);
    assert.deepEqual(
      [...users],
      [
        'system:serviceaccount:n:w,system:serviceaccounts,system:serviceaccounts:n,system:authenticated',
      ],
    );
    assert.ok(calls('POST').every((path) => path === 'v1/subjectaccessreviews'));
  });

  it('creates a namespace once, also when another does so at the same time', async () => {
    assert.equal(
      await (async () => {
        server.answer = ({ method }, response) =>
          method === 'GET' ? sendStatus(response, 404, 'NotFound') : sendJson(response, {}, 201);
        return ensureNamespace(connection, 'n');
      })(),
      true,
    );
    server.answer = ({ method }, response) =>
      method === 'GET'
        ? sendStatus(response, 404, 'NotFound')
        : sendStatus(response, 409, 'AlreadyExists');
    assert.equal(await ensureNamespace(connection, 'n'), false);
    server.answer = (_request, response) => sendJson(response, { metadata: { name: 'n' } });
    assert.equal(await ensureNamespace(connection, 'n'), false);
  });

  it('says whether the policy was created, changed or there', async () => {
    const stored = new Map<string, number>();
    let step = 1;
    server.answer = ({ method, url }, response) => {
      if (method === 'PATCH') stored.set(url.pathname, (stored.get(url.pathname) ?? 0) + step);
      const version = stored.get(url.pathname);
      if (version === undefined) sendStatus(response, 404, 'NotFound');
      else sendJson(response, { metadata: { resourceVersion: String(version) } });
    };
    assert.equal(await ensureAdmissionPolicy({ connection, ...policy }), 'created');
    assert.equal(await ensureAdmissionPolicy({ connection, ...policy }), 'updated');
    step = 0;
    assert.equal(await ensureAdmissionPolicy({ connection, ...policy }), 'unchanged');
    assert.equal(await hasAdmissionPolicy(connection, 'n'), true);
    assert.equal(await hasAdmissionPolicy(connection, 'other'), false);
  });

  it("leaves the chart's policy alone, and knows a cluster that serves none", async () => {
    server.answer = (_request, response) => {
      const labels = { 'app.kubernetes.io/managed-by': 'Helm' };
      sendJson(response, { metadata: { resourceVersion: '1', labels } });
    };
    assert.equal(await ensureAdmissionPolicy({ connection, ...policy }), 'foreign');
    assert.deepEqual(calls('PATCH'), []);
    server.answer = (_request, response) => sendStatus(response, 404, 'NotFound');
    assert.equal(await ensureAdmissionPolicy({ connection, ...policy }), 'unserved');
    server.answer = ({ method }, response) =>
      sendStatus(response, method === 'GET' ? 404 : 403, 'Forbidden');
    await assert.rejects(ensureAdmissionPolicy({ connection, ...policy }), /Forbidden/);
  });

  it('names the accounts and the namespace in the policy', () => {
    const text = JSON.stringify(admissionPolicyOf(policy));
    assert.match(text, /system:serviceaccount:n:worker/);
    assert.match(text, /"kubernetes.io\/metadata.name":"n"/);
  });

  it('reads what is used of each quota, none where quotas are not served, and the version', async () => {
    server.answer = (_request, response) => {
      const status = { hard: { pods: '10', 'requests.cpu': '4' }, used: { pods: '3' } };
      sendJson(response, { items: [{ metadata: { name: 'q' }, status }], gitVersion: 'v1.2.3' });
    };
    assert.deepEqual(await listQuotaUse(connection, 'n'), [
      { quota: 'q', resource: 'pods', hard: '10', used: '3' },
      { quota: 'q', resource: 'requests.cpu', hard: '4', used: '0' },
    ]);
    assert.equal(await readClusterVersion(connection), 'v1.2.3');
    server.answer = (_request, response) => sendStatus(response, 404, 'NotFound');
    assert.deepEqual(await listQuotaUse(connection, 'n'), []);
  });
});
