/** Devices from claims and templates to pods and back, against the real API server. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { nodes, pods } from '../../api/resources/core.ts';
import { deviceClasses, resourceClaims, resourceClaimTemplates, resourceSlices } from '../../api/resources/resource.ts';
import type { Node, Pod } from '../../api/types/core/v1.ts';
import type { DeviceClass, ResourceClaim, ResourceClaimTemplate, ResourceSlice } from '../../api/types/resource/v1.ts';
import type { Running } from '../../base/lifecycle.ts';
import { silentLogger } from '../../base/logger.ts';
import { startControllerManager } from '../../controller-manager/controller-manager.ts';
import { type Scheduler, startScheduler } from '../../scheduler/scheduler.ts';
import { eventually } from '../support/eventually.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

const namespace = 'default';
const driver = 'gpu.example.com';

describe('pods with devices', () => {
  let api: TestApiServer;
  let scheduler: Scheduler;
  let manager: Running;

  before(async () => {
    api = await startTestApiServer();
    const options = { connection: api.connection, logger: silentLogger, leaderElect: false, identity: 'one' };
    manager = await startControllerManager({ ...options, controllers: ['resourceclaim-controller'] });
    scheduler = await startScheduler(options);
    const amounts = { cpu: '8', memory: '8Gi', pods: '500' };
    for (const name of ['n1', 'n2']) {
      await api.client.create<Node>(nodes, { metadata: { name }, status: { capacity: amounts, allocatable: amounts } });
      await api.client.patch(nodes, { name }, { type: 'merge', body: { spec: { taints: null } } });
      await api.client.create<ResourceSlice>(resourceSlices, {
        metadata: { name: `${name}-gpu` },
        spec: {
          ...{ driver, nodeName: name, pool: { name, generation: 1, resourceSliceCount: 1 } },
          devices: [{ name: 'gpu-0', attributes: { model: { string: name === 'n1' ? 'A' : 'B' } } }],
        },
      });
    }
    await api.client.create<DeviceClass>(deviceClasses, {
      metadata: { name: 'gpu' },
      spec: { selectors: [{ cel: { expression: `device.driver == "${driver}"` } }] },
    });
    await api.client.create<ResourceClaimTemplate>(resourceClaimTemplates, {
      metadata: { namespace, name: 'one' },
      spec: { spec: { devices: { requests: [{ name: 'gpu', exactly: { deviceClassName: 'gpu' } }] } } },
    });
  });
  after(async () => {
    await scheduler.stop();
    await manager.stop();
    await api.stop();
  });

  const createPod = (name: string, claim: object) =>
    api.client.create<Pod>(pods, {
      metadata: { namespace, name },
      spec: {
        terminationGracePeriodSeconds: 0,
        containers: [{ name: 'c', image: 'app:1', resources: { claims: [{ name: 'gpu' }] } }],
        resourceClaims: [{ name: 'gpu', ...claim }],
      },
    });
  const podOf = (name: string) => api.client.get(pods, { namespace, name });
  const placed = (name: string) =>
    eventually(`${name} has a node`, async () => {
      const pod = await podOf(name);
      return pod.spec?.nodeName ? pod : undefined;
    });
  const saysWhyItWaits = (name: string, why: RegExp) =>
    eventually(`${name} waits because ${why}`, async () => {
      const { status } = await podOf(name);
      const condition = status?.conditions?.find(({ type }) => type === 'PodScheduled');
      return why.test(condition?.message ?? '') || undefined;
    });
  const claimOf = (name: string) => api.client.get(resourceClaims, { namespace, name });

  it('of a template get claims of their own, and no device twice', async () => {
    const template = { resourceClaimTemplateName: 'one' };
    await Promise.all(['a', 'b'].map((name) => createPod(name, template)));
    const both = await Promise.all(['a', 'b'].map(placed));
    assert.deepEqual(both.map(({ spec }) => spec?.nodeName).sort(), ['n1', 'n2']);
    for (const pod of both) {
      const claimName = pod.status?.resourceClaimStatuses?.[0]?.resourceClaimName ?? '';
      assert.match(claimName, new RegExp(`^${pod.metadata.name}-gpu-`));
      const { status, metadata } = await claimOf(claimName);
      const { name, uid } = pod.metadata;
      assert.deepEqual(status?.reservedFor, [{ resource: 'pods', name, uid }]);
      assert.deepEqual(metadata.finalizers, ['resource.kubernetes.io/delete-protection']);
      const { devices, nodeSelector } = status?.allocation ?? {};
      assert.deepEqual(devices?.results, [{ request: 'gpu', driver, pool: pod.spec?.nodeName, device: 'gpu-0' }]);
      const fields = [{ key: 'metadata.name', operator: 'In', values: [pod.spec?.nodeName] }];
      assert.deepEqual(nodeSelector, { nodeSelectorTerms: [{ matchFields: fields }] });
    }

    await createPod('c', template);
    await saysWhyItWaits('c', /^0\/2 nodes are available: 2 cannot allocate all claims\./);

    const first = both[0];
    assert.ok(first);
    const body = { status: { phase: 'Succeeded' } };
    await api.client.patch(
      pods,
      { namespace, name: first.metadata.name },
      { type: 'merge', body },
      { subresource: 'status' },
    );
    assert.equal((await placed('c')).spec?.nodeName, first.spec?.nodeName);
    await eventually('the claim of the pod that is done is gone', async () => {
      const { items } = await api.client.list(resourceClaims, { namespace });
      return items.every(({ metadata }) => !metadata.name.startsWith(`${first.metadata.name}-`)) || undefined;
    });
    for (const name of ['a', 'b', 'c']) await api.client.delete(pods, { namespace, name }, { gracePeriodSeconds: 0 });
  });

  it('share a claim, and free it with the last of them', async () => {
    const requests = [
      {
        name: 'gpu',
        exactly: {
          deviceClassName: 'gpu',
          selectors: [{ cel: { expression: `device.attributes["${driver}"].model == "B"` } }],
        },
      },
    ];
    await api.client.create<ResourceClaim>(resourceClaims, {
      metadata: { namespace, name: 'shared' },
      spec: { devices: { requests } },
    });
    const names = ['x', 'y'];
    await Promise.all(names.map((name) => createPod(name, { resourceClaimName: 'shared' })));
    const two = await Promise.all(names.map(placed));
    assert.deepEqual(
      two.map(({ spec }) => spec?.nodeName),
      ['n2', 'n2'],
    );
    const reserved = await eventually('both have it', async () => {
      const { reservedFor = [] } = (await claimOf('shared')).status ?? {};
      return reservedFor.length === 2 ? reservedFor : undefined;
    });
    assert.deepEqual(reserved.map(({ name }) => name).sort(), names);
    await api.client.delete(resourceClaims, { namespace, name: 'shared' });
    assert.ok((await claimOf('shared')).metadata.deletionTimestamp);
    for (const name of names) await api.client.delete(pods, { namespace, name }, { gracePeriodSeconds: 0 });
    await eventually('it is gone', async () => {
      const { items } = await api.client.list(resourceClaims, { namespace });
      return items.every(({ metadata }) => metadata.name !== 'shared') || undefined;
    });
  });
});
