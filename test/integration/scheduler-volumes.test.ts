/** The scheduler, the binder and provisioners between them, against the real API server. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { nodes, persistentVolumeClaims, persistentVolumes, pods } from '../../api/resources/core.ts';
import { storageClasses } from '../../api/resources/storage.ts';
import type { Node, PersistentVolume, PersistentVolumeClaim, Pod } from '../../api/types/core/v1.ts';
import type { StorageClass } from '../../api/types/storage/v1.ts';
import type { Running } from '../../base/lifecycle.ts';
import { silentLogger } from '../../base/logger.ts';
import { startControllerManager } from '../../controller-manager/controller-manager.ts';
import { type Scheduler, startScheduler } from '../../scheduler/scheduler.ts';
import { eventually } from '../support/eventually.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

const namespace = 'default';
const selectedNode = 'volume.kubernetes.io/selected-node';

describe('pods with claims', () => {
  let api: TestApiServer;
  let scheduler: Scheduler;
  let manager: Running;

  before(async () => {
    api = await startTestApiServer();
    const options = { connection: api.connection, logger: silentLogger, leaderElect: false, identity: 'one' };
    manager = await startControllerManager({ ...options, controllers: ['persistentvolume-binder-controller'] });
    scheduler = await startScheduler(options);
    const amounts = { cpu: '8', memory: '8Gi', pods: '500' };
    for (const name of ['n1', 'n2']) {
      const labels = { 'kubernetes.io/hostname': name };
      const status = { capacity: amounts, allocatable: amounts };
      await api.client.create<Node>(nodes, { metadata: { name, labels }, status });
      await api.client.patch(nodes, { name }, { type: 'merge', body: { spec: { taints: null } } });
    }
    for (const [name, provisioner] of [
      ['made', 'example.com/nobody'],
      ['found', 'kubernetes.io/no-provisioner'],
    ] as const)
      await api.client.create<StorageClass>(storageClasses, {
        ...{ metadata: { name }, provisioner, volumeBindingMode: 'WaitForFirstConsumer' },
      });
  });
  after(async () => {
    await scheduler.stop();
    await manager.stop();
    await api.stop();
  });

  const createPod = async (name: string, storageClassName?: string) => {
    if (storageClassName !== undefined)
      await api.client.create<PersistentVolumeClaim>(persistentVolumeClaims, {
        metadata: { namespace, name },
        spec: { storageClassName, accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
      });
    const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: name } }];
    await api.client.create<Pod>(pods, {
      metadata: { namespace, name },
      spec: { containers: [{ name: 'c', image: 'app:1' }], ...(storageClassName !== undefined && { volumes }) },
    });
  };
  const claimOf = (name: string) => api.client.get(persistentVolumeClaims, { namespace, name });
  const nodeOf = async (name: string) =>
    await eventually(`${name} has a node`, async () => {
      const { spec } = await api.client.get(pods, { namespace, name });
      return spec?.nodeName || undefined;
    });

  it('get the volumes that are where they run, each its own', async () => {
    const names = ['a', 'b', 'c'];
    for (const name of names)
      await api.client.create<PersistentVolume>(persistentVolumes, {
        metadata: { name },
        spec: {
          storageClassName: 'found',
          accessModes: ['ReadWriteOnce'],
          capacity: { storage: '1Gi' },
          local: { path: `/nowhere/${name}` },
          nodeAffinity: {
            required: {
              nodeSelectorTerms: [
                { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['n2'] }] },
              ],
            },
          },
        },
      });
    await Promise.all(names.map((name) => createPod(name, 'found')));
    assert.deepEqual(await Promise.all(names.map(nodeOf)), ['n2', 'n2', 'n2']);
    const claims = await Promise.all(names.map(claimOf));
    assert.deepEqual(claims.map(({ spec }) => spec?.volumeName).sort(), names);
  });

  it('that wait for volumes which nobody makes keep no other pod waiting', async () => {
    const many = Array.from({ length: 101 }, (_, i) => `waits-${i}`);
    await Promise.all(many.map((name) => createPod(name, 'made')));
    await eventually('all have a node selected', async () => {
      const { items } = await api.client.list<PersistentVolumeClaim>(persistentVolumeClaims, { namespace });
      return items.filter(({ metadata }) => metadata.annotations?.[selectedNode]).length === many.length;
    });
    await createPod('plain');
    assert.match(await nodeOf('plain'), /^n[12]$/);
  });

  it('run once their volume was made', async () => {
    const claim = await claimOf('waits-0');
    const node = claim.metadata.annotations?.[selectedNode];
    assert.equal((await api.client.get(pods, { namespace, name: 'waits-0' })).spec?.nodeName, undefined);
    await api.client.create<PersistentVolume>(persistentVolumes, {
      metadata: { name: 'made' },
      spec: {
        storageClassName: 'made',
        accessModes: ['ReadWriteOnce'],
        capacity: { storage: '1Gi' },
        hostPath: { path: '/nowhere' },
        claimRef: {
          ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name: 'waits-0' },
          uid: claim.metadata.uid,
        },
      },
    });
    assert.equal(await nodeOf('waits-0'), node);
  });
});
