/** Holds the kind of cluster that PILOTLIGHT_CLUSTER names to what Pilotlight relies on. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cluster } from '../../dev/clusters/cluster.ts';
import { isClusterKind, startCluster } from '../../dev/clusters/start-cluster.ts';
import { ApiClient } from '../contract/api-client.ts';
import { describeContract } from '../contract/describe-contract.ts';

const kind = process.env['PILOTLIGHT_CLUSTER'] ?? 'simulated';

describe(`the contract of the ${kind} cluster`, () => {
  let stateDir: string;
  let cluster: Cluster | null = null;
  let api: ApiClient | null = null;

  before(async () => {
    if (!isClusterKind(kind)) throw new Error(`PILOTLIGHT_CLUSTER names no cluster: ${kind}`);
    stateDir = await mkdtemp(join(tmpdir(), 'pilotlight-contract-'));
    cluster = await startCluster(kind, { stateDir, nodeDelaySeconds: 1 });
    api = await ApiClient.fromKubeconfig(cluster.kubeconfigPath);
  });

  after(async () => {
    await api?.close();
    await cluster?.stop();
    await rm(stateDir, { recursive: true, force: true });
  });

  const connect = (): ApiClient => {
    if (api === null) throw new Error('The cluster did not start');
    return api;
  };
  describeContract(connect);

  it('tells a watch from before a restart of the API server that its version is gone, with 410', async () => {
    await cluster?.apiServer?.kill();
    await cluster?.apiServer?.start();
    const maps = '/api/v1/namespaces/default/configmaps';
    const watch = await connect().watch(`${maps}?watch=true&resourceVersion=1`);
    const { type, object } = await watch.next(() => true);
    watch.close();
    assert.deepEqual([type, object.code, object.reason], ['ERROR', 410, 'Expired']);
  });
});
