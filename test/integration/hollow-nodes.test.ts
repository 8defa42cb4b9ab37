/** Hollow nodes: real kubelets without machines, as `npm run hollow` joins them to a cluster. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nodes, pods } from '../../api/resources/core.ts';
import { silentLogger } from '../../base/logger.ts';
import { HollowNodes } from '../../bench/hollow/hollow-nodes.ts';
import { eventually } from '../support/eventually.ts';
import { startTestApiServer } from '../support/test-api-server.ts';
import { ensureNamespace } from '../support/test-kubelet.ts';

describe('hollow nodes', () => {
  it('are Ready with the amounts they were given, run any pod, and are gone when they stop', async () => {
    const api = await startTestApiServer();
    try {
      for (const name of ['default', 'kube-node-lease']) await ensureNamespace(api, name);
      const capacity = { cpu: '8', memory: '32Gi', pods: '20' };
      const options = { connection: api.connection, logger: silentLogger, count: 3, prefix: 'hollow', capacity };
      const hollow = await HollowNodes.start(options);
      const readNodes = async () => (await api.client.list(nodes)).items;
      const isReady = (status: string | undefined) => status === 'True';
      await eventually('all are Ready', async () => {
        const all = await readNodes();
        const ready = all.filter(({ status }) =>
          isReady(status?.conditions?.find(({ type }) => type === 'Ready')?.status),
        );
        return ready.length === 3;
      });
      for (const { status } of await readNodes()) assert.equal(status?.allocatable?.cpu, '8');

      const key = { namespace: 'default', name: 'web' };
      const readinessProbe = { httpGet: { path: '/', port: 80 } };
      const container = { name: 'main', image: 'registry.example/any:1', command: ['/app'], readinessProbe };
      await api.client.create(pods, { metadata: key, spec: { nodeName: 'hollow-1', containers: [container] } });
      await eventually('the pod is ready', async () => {
        const { status } = await api.client.get(pods, key);
        return isReady(status?.conditions?.find(({ type }) => type === 'Ready')?.status);
      });
      await hollow.stop();
      assert.deepEqual(await readNodes(), []);
    } finally {
      await api.stop();
    }
  });
});
