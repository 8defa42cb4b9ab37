/** Claims and volumes with the real API server and the controllers that bind, expand and make them. */

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import {
  events,
  namespaces,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
} from '../../api/resources/core.ts';
import { storageClasses, volumeAttachments } from '../../api/resources/storage.ts';
import type {
  Event,
  Namespace,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  PersistentVolumeClaimSpec,
  PersistentVolumeSpec,
  Pod,
} from '../../api/types/core/v1.ts';
import type { StorageClass, VolumeAttachment, VolumeAttachmentStatus } from '../../api/types/storage/v1.ts';
import type { Running } from '../../base/lifecycle.ts';
import { silentLogger } from '../../base/logger.ts';
import { ensureDefaultStorageClass } from '../../cluster/default-storage-class.ts';
import { startControllerManager } from '../../controller-manager/controller-manager.ts';
import { eventually } from '../support/eventually.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

const storage = (size: string) => ({ storage: size });

describe('claims and volumes', () => {
  let server: TestApiServer;
  let manager: Running;
  let namespace = '';
  let count = 0;

  before(async () => {
    server = await startTestApiServer();
    const { connection } = server;
    const controllers = [
      ...['persistentvolume-binder-controller', 'persistentvolume-expander-controller', 'ephemeral-volume-controller'],
      'persistentvolume-attach-detach-controller',
      ...['persistentvolumeclaim-protection-controller', 'persistentvolume-protection-controller'],
    ];
    const options = { connection, logger: silentLogger, leaderElect: false, identity: 'test', controllers };
    manager = await startControllerManager(options);
  });
  after(async () => {
    await manager.stop();
    await server.stop();
  });
  beforeEach(async () => {
    count += 1;
    namespace = `volumes-${count}`;
    await server.client.create<Namespace>(namespaces, { metadata: { name: namespace } });
  });

  const className = () => `class-${namespace}`;
  const volumeName = (name: string) => `${name}-${namespace}`;
  const createVolume = (name: string, spec: PersistentVolumeSpec = {}) =>
    server.client.create<PersistentVolume>(persistentVolumes, {
      metadata: { name: volumeName(name) },
      spec: {
        accessModes: ['ReadWriteOnce'],
        capacity: storage('1Gi'),
        storageClassName: className(),
        hostPath: { path: '/nowhere' },
        ...spec,
      },
    });
  const createClaim = (name: string, spec: PersistentVolumeClaimSpec = {}) =>
    server.client.create<PersistentVolumeClaim>(persistentVolumeClaims, {
      metadata: { namespace, name },
      spec: {
        accessModes: ['ReadWriteOnce'],
        resources: { requests: storage('1Gi') },
        storageClassName: className(),
        ...spec,
      },
    });
  const createClass = (more: Partial<StorageClass> = {}) =>
    server.client.create<StorageClass>(storageClasses, {
      provisioner: 'example.com/disks',
      ...more,
      metadata: { ...more.metadata, name: className() },
    });
  const claimIs = (name: string, phase: string) =>
    eventually(`claim ${name} is ${phase}`, async () => {
      const claim = await server.client.get(persistentVolumeClaims, { namespace, name });
      return claim.status?.phase === phase && claim;
    });
  const volumeIs = (name: string, phase: string) =>
    eventually(`volume ${name} is ${phase}`, async () => {
      const volume = await server.client.get(persistentVolumes, { name: volumeName(name) });
      return volume.status?.phase === phase && volume;
    });
  const told = (reason: string, about: string, where = namespace) =>
    eventually(`event ${reason}`, async () => {
      const { items } = await server.client.list<Event>(events, { namespace: where });
      return items.find((event) => event.reason === reason && event.involvedObject.name === about);
    });

  it('are bound one to one, however many come at once', async () => {
    const names = ['a', 'b', 'c', 'd'];
    await Promise.all(names.flatMap((name) => [createVolume(name), createClaim(name)]));
    const bound = await Promise.all(names.map((name) => claimIs(name, 'Bound')));
    assert.equal(new Set(bound.map(({ spec }) => spec?.volumeName)).size, 4);
    await createClaim('late');
    await told('ProvisioningFailed', 'late');
    await createVolume('late');
    assert.equal((await claimIs('late', 'Bound')).spec?.volumeName, volumeName('late'));
  });

  it('a volume of a claim that is gone is kept, or said to have failed', async () => {
    await createVolume('kept', { persistentVolumeReclaimPolicy: 'Retain' });
    await createVolume('big', { persistentVolumeReclaimPolicy: 'Delete', capacity: storage('5Gi') });
    await createClaim('small');
    await createClaim('big', { resources: { requests: storage('4Gi') } });
    await Promise.all([claimIs('small', 'Bound'), claimIs('big', 'Bound')]);
    for (const name of ['small', 'big']) await server.client.delete(persistentVolumeClaims, { namespace, name });
    await volumeIs('kept', 'Released');
    assert.match((await volumeIs('big', 'Failed')).status?.message ?? '', /only supports/);
    await told('VolumeFailedDelete', volumeName('big'), 'default');
    await server.client.patch(
      persistentVolumes,
      { name: volumeName('kept') },
      { type: 'merge', body: { spec: { claimRef: null } } },
    );
    await volumeIs('kept', 'Available');
  });

  it('a claim that names no class gets the default one when there is one', async () => {
    const { storageClassName: _, ...spec } = (await createClaim('classed')).spec ?? {};
    await server.client.create<PersistentVolumeClaim>(persistentVolumeClaims, {
      metadata: { namespace, name: 'open' },
      spec,
    });
    await told('FailedBinding', 'open');
    await createClass({ metadata: { annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } } });
    await told('ExternalProvisioning', 'open');
    const claim = await server.client.get(persistentVolumeClaims, { namespace, name: 'open' });
    assert.equal(claim.spec?.storageClassName, className());
    assert.equal(claim.metadata.annotations?.['volume.kubernetes.io/storage-provisioner'], 'example.com/disks');
    await server.client.delete(storageClasses, { name: className() });
  });

  it('an ephemeral volume gets a claim of its pod, and takes none of somebody else', async () => {
    const template = { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: storage('1Gi') } } };
    await createClaim('p-taken');
    const pod = await server.client.create<Pod>(pods, {
      metadata: { namespace, name: 'p' },
      spec: {
        containers: [{ name: 'c', image: 'app:1' }],
        volumes: ['scratch', 'taken'].map((name) => ({ name, ephemeral: { volumeClaimTemplate: template } })),
      },
    });
    const made = await claimIs('p-scratch', 'Pending');
    assert.equal(made.metadata.ownerReferences?.[0]?.uid, pod.metadata.uid);
    const { message } = await told('FailedBinding', 'p');
    assert.match(message ?? '', /ephemeral volume taken: PVC .*p-taken was not created for pod/);
  });

  it('says who is waited for when a claim is to grow', async () => {
    await createClass({ allowVolumeExpansion: true });
    await server.client.create<PersistentVolume>(persistentVolumes, {
      metadata: { name: volumeName('v') },
      spec: {
        accessModes: ['ReadWriteOnce'],
        capacity: storage('1Gi'),
        storageClassName: className(),
        csi: { driver: 'csi.example.com', volumeHandle: namespace },
      },
    });
    await createClaim('growing');
    await claimIs('growing', 'Bound');
    const body = { spec: { resources: { requests: storage('2Gi') } } };
    await server.client.patch(persistentVolumeClaims, { namespace, name: 'growing' }, { type: 'merge', body });
    const { message } = await told('ExternalExpanding', 'growing');
    assert.equal(message, 'waiting for an external controller to expand this PVC');
  });

  it('have a default class from the first start on, until somebody deletes it', async () => {
    const { client } = server;
    const names = async () => (await client.list(storageClasses)).items.map(({ metadata }) => metadata.name);
    await ensureDefaultStorageClass(client);
    const made = await client.get(storageClasses, { name: 'local' });
    assert.equal(made.volumeBindingMode, 'WaitForFirstConsumer');
    const claim = { accessModes: ['ReadWriteOnce'], resources: { requests: storage('1Gi') } };
    const key = { namespace, name: 'of-default' };
    const stored = await client.create<PersistentVolumeClaim>(persistentVolumeClaims, { metadata: key, spec: claim });
    assert.equal(stored.spec?.storageClassName, 'local');
    await ensureDefaultStorageClass(client);
    await client.delete(storageClasses, { name: 'local' });
    await ensureDefaultStorageClass(client);
    assert.ok(!(await names()).includes('local'));
  });

  describe('of a driver that attaches', () => {
    const managed = { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' };
    const nodeName = (name: string) => `${name}-${namespace}`;
    const createNode = (name: string) =>
      server.client.create<Node>(nodes, { metadata: { name: nodeName(name), annotations: managed } });
    const createUser = (name: string, node: string) =>
      server.client.create<Pod>(pods, {
        metadata: { namespace, name },
        spec: {
          nodeName: nodeName(node),
          containers: [{ name: 'c', image: 'app:1' }],
          volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }],
        },
      });
    const attachmentsOf = async () => {
      const { items } = await server.client.list<VolumeAttachment>(volumeAttachments);
      return items.filter(({ spec }) => spec.source.persistentVolumeName === volumeName('disk'));
    };
    const attachmentTo = (node: string) =>
      eventually(`an attachment to ${node}`, async () => {
        const all = await attachmentsOf();
        return all.find(({ spec, metadata }) => spec.nodeName === nodeName(node) && !metadata.deletionTimestamp);
      });
    const reported = async (node: string) =>
      (await server.client.get(nodes, { name: nodeName(node) })).status?.volumesAttached ?? [];
    /** As the driver's attacher does it. */
    const say = (name: string, status: VolumeAttachmentStatus) =>
      server.client.patch(volumeAttachments, { name }, { type: 'merge', body: { status } }, { subresource: 'status' });
    const setMounted = (node: string, volumesInUse: string[]) =>
      server.client.patch(
        nodes,
        { name: nodeName(node) },
        { type: 'merge', body: { status: { volumesInUse } } },
        { subresource: 'status' },
      );
    const volumeOfDriver = async () => {
      await server.client.create<PersistentVolume>(persistentVolumes, {
        metadata: { name: volumeName('disk') },
        spec: {
          accessModes: ['ReadWriteOnce'],
          capacity: storage('1Gi'),
          storageClassName: className(),
          csi: { driver: 'disks.example.com', volumeHandle: namespace },
        },
      });
      await createClaim('data');
      await claimIs('data', 'Bound');
      await Promise.all([createNode('one'), createNode('two')]);
    };
    const inUse = () => `kubernetes.io/csi/disks.example.com^${namespace}`;

    it('are attached for a pod, told of, and detached when it is gone and nothing is mounted', async () => {
      await volumeOfDriver();
      await createUser('first', 'one');
      const { metadata, spec } = await attachmentTo('one');
      assert.equal(spec.attacher, 'disks.example.com');
      await say(metadata.name, { attached: false, attachError: { message: 'the shelf is empty' } });
      const { message } = await told('FailedAttachVolume', 'first');
      assert.equal(message, `AttachVolume.Attach failed for volume "${volumeName('disk')}" : the shelf is empty`);
      await say(metadata.name, { attached: true });
      await told('SuccessfulAttachVolume', 'first');
      await eventually('the node tells of it', async () => (await reported('one')).length === 1);
      assert.deepEqual(await reported('one'), [{ name: inUse(), devicePath: '' }]);
      await setMounted('one', [inUse()]);
      await createUser('second', 'two');
      const refused = await told('FailedAttachVolume', 'second');
      assert.match(refused.message ?? '', /^Multi-Attach error for volume .* is already used by pod\(s\) first$/);
      await server.client.delete(pods, { namespace, name: 'first' }, { gracePeriodSeconds: 0 });
      // It is mounted still; a change that has nothing to do with it shows that this was looked at.
      await server.client.patch(
        nodes,
        { name: nodeName('one') },
        { type: 'merge', body: { spec: { taints: [{ key: 'looked-at', effect: 'NoSchedule' }] } } },
      );
      assert.deepEqual(
        (await attachmentsOf()).map(({ spec: { nodeName: at } }) => at),
        [nodeName('one')],
      );
      await setMounted('one', []);
      await attachmentTo('two');
      assert.deepEqual(await reported('one'), []);
      assert.equal((await attachmentsOf()).length, 1);
    });

    it('are taken from a node that is out of service, mounted or not', async () => {
      await volumeOfDriver();
      await createUser('first', 'one');
      const { metadata } = await attachmentTo('one');
      await say(metadata.name, { attached: true });
      await eventually('the node tells of it', async () => (await reported('one')).length === 1);
      await setMounted('one', [inUse()]);
      await server.client.patch(
        nodes,
        { name: nodeName('one') },
        {
          type: 'merge',
          body: { spec: { taints: [{ key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' }] } },
        },
      );
      await server.client.delete(pods, { namespace, name: 'first' }, { gracePeriodSeconds: 0 });
      await eventually('it is detached', async () => (await attachmentsOf()).length === 0);
    });
  });
});
