/** Volumes of CSI drivers: a kubelet without an engine, a driver on real sockets whose volumes are plain folders. */

import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import {
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  secrets,
  serviceAccounts,
} from '../../api/resources/core.ts';
import { csiDrivers, csiNodes, volumeAttachments } from '../../api/resources/storage.ts';
import type { Node, PersistentVolume, PersistentVolumeClaim, Pod, Secret } from '../../api/types/core/v1.ts';
import type { CSIDriver, CSINode, VolumeAttachment } from '../../api/types/storage/v1.ts';
import { ifPresent } from '../../client/if-present.ts';
import { mapIn } from '../../kubelet/plugins/wire-messages.ts';
import { attachmentName, stagingPathOf } from '../../kubelet/volumes/csi/csi-plan.ts';
import { CsiDriver } from '../support/csi-driver.ts';
import { container, isReady, KubeletWorld } from '../support/kubelet-world.ts';

const mounted = (...names: string[]) => [
  container(undefined, { volumeMounts: names.map((name) => ({ name, mountPath: `/${name}` })) }),
];

describe('volumes of CSI drivers', { timeout: 300_000 }, () => {
  let world: KubeletWorld;
  let root: string;
  let driver: CsiDriver;
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'csi-'));
    world = await KubeletWorld.start({ pluginRoot: root });
    driver = new CsiDriver({
      pluginRoot: root,
      nodeId: 'id-1',
      topology: { 'example.com/rack': 'r1' },
      maxVolumes: 7,
      mounts: false,
    });
    await driver.start();
    await world.passUntil('the driver is told that it is registered', () => driver.told.length > 0);
  });
  after(async () => {
    await world?.stop();
    await driver?.stop();
    await rm(root, { recursive: true, force: true });
  });

  const client = () => world.server.client;
  const setDriver = async (spec: CSIDriver['spec']) => {
    await ifPresent(client().delete(csiDrivers, { name: driver.name }));
    await client().create<CSIDriver>(csiDrivers, { metadata: { name: driver.name }, spec });
  };

  async function makeClaim(name: string, more: Partial<NonNullable<PersistentVolume['spec']>> = {}): Promise<void> {
    const { csi, ...rest } = more;
    const claim = await client().create<PersistentVolumeClaim>(persistentVolumeClaims, {
      metadata: { namespace: 'default', name },
      spec: {
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage: '1Gi' } },
        volumeName: `pv-${name}`,
        storageClassName: '',
      },
    });
    const { uid } = claim.metadata;
    await client().create<PersistentVolume>(persistentVolumes, {
      metadata: { name: `pv-${name}` },
      spec: {
        accessModes: ['ReadWriteOnce'],
        capacity: { storage: '1Gi' },
        csi: { driver: driver.name, volumeHandle: `handle-${name}`, ...csi },
        claimRef: { namespace: 'default', name, uid },
        ...rest,
      },
    });
    const body = { status: { phase: 'Bound', capacity: { storage: '1Gi' } } };
    const key = { namespace: 'default', name };
    await client().patch(persistentVolumeClaims, key, { type: 'merge', body }, { subresource: 'status' });
  }
  const claimed = (claimName: string) => ({ name: claimName, persistentVolumeClaim: { claimName } });
  const asked = (method: Parameters<CsiDriver['asked']>[0], name: string) =>
    driver.asked(method).filter(({ volumeId }) => volumeId === `handle-${name}`);

  it('are of drivers that register themselves, as CSINode and Node say', async () => {
    assert.deepEqual(driver.told, [{ pluginRegistered: true, error: '' }]);
    const found = await client().get<CSINode>(csiNodes, { name: 'node-1' });
    assert.deepEqual(found.spec.drivers, [
      { name: driver.name, nodeID: 'id-1', topologyKeys: ['example.com/rack'], allocatable: { count: 7 } },
    ]);
    assert.equal(found.metadata.ownerReferences?.[0]?.kind, 'Node');
    const node = await client().get<Node>(nodes, { name: 'node-1' });
    assert.equal(node.metadata.annotations?.['csi.volume.kubernetes.io/nodeid'], `{"${driver.name}":"id-1"}`);
    assert.equal(node.metadata.labels?.['example.com/rack'], 'r1');
  });

  it('are not of a driver that says of the node what its labels do not', async () => {
    const topology = { 'kubernetes.io/hostname': 'another' };
    const liar = new CsiDriver({ pluginRoot: root, name: 'liar.example', nodeId: 'x', topology, mounts: false });
    await liar.start();
    try {
      await world.passUntil('the driver is told', () => liar.told.length > 0);
      assert.match(
        String(liar.told[0]?.error),
        /detected topology value collision: driver reported "kubernetes.io\/hostname"/,
      );
      const node = await client().get<Node>(nodes, { name: 'node-1' });
      assert.notEqual(node.metadata.labels?.['kubernetes.io/hostname'], 'another');
      const { spec } = await client().get<CSINode>(csiNodes, { name: 'node-1' });
      assert.deepEqual(
        spec.drivers.map(({ name }) => name),
        [driver.name],
      );
    } finally {
      await liar.stop();
    }
  });

  it('are staged once and published for each pod, and both is undone when the last pod is gone', async () => {
    await setDriver({ attachRequired: false, podInfoOnMount: true });
    await client().create<Secret>(secrets, {
      metadata: { namespace: 'default', name: 'stage' },
      stringData: { key: 'hush' },
    });
    await makeClaim('data', {
      mountOptions: ['noatime'],
      csi: {
        driver: driver.name,
        volumeHandle: 'handle-data',
        fsType: 'ext4',
        volumeAttributes: { color: 'blue' },
        nodeStageSecretRef: { name: 'stage', namespace: 'default' },
      },
    });
    await world.create('first', { containers: mounted('data'), volumes: [claimed('data')] });
    await world.podAfterTime('first', isReady);
    const { uid } = (await world.get('first')).metadata;
    const stagingTargetPath = stagingPathOf(root, { driver: driver.name, handle: 'handle-data' });
    const targetPath = join(root, 'pods', uid, 'volumes', 'kubernetes.io~csi', 'pv-data', 'mount');
    const [stage] = asked('nodeStageVolume', 'data');
    assert.deepEqual(stage?.secrets, { key: 'hush' });
    assert.equal(stage?.stagingTargetPath, stagingTargetPath);
    const [publish] = asked('nodePublishVolume', 'data');
    assert.deepEqual(publish?.secrets, {});
    assert.deepEqual(
      [publish?.targetPath, publish?.stagingTargetPath, publish?.readonly],
      [targetPath, stagingTargetPath, false],
    );
    assert.deepEqual(publish?.volumeContext, {
      color: 'blue',
      'csi.storage.k8s.io/pod.name': 'first',
      'csi.storage.k8s.io/pod.namespace': 'default',
      'csi.storage.k8s.io/pod.uid': uid,
      'csi.storage.k8s.io/serviceAccount.name': '',
      'csi.storage.k8s.io/ephemeral': 'false',
    });
    assert.deepEqual(publish?.volumeCapability, {
      block: null,
      mount: { fsType: 'ext4', mountFlags: ['noatime'], volumeMountGroup: '' },
      accessMode: { mode: 1 },
    });
    const [running] = await world.attemptsAt('first');
    const mounts = world.runtime.configOf(running?.id ?? '')?.mounts;
    assert(mounts?.some(({ hostPath }) => hostPath === targetPath));

    await world.create('second', { containers: mounted('data'), volumes: [claimed('data')] });
    await world.podAfterTime('second', isReady);
    assert.deepEqual([asked('nodeStageVolume', 'data').length, asked('nodePublishVolume', 'data').length], [1, 2]);
    await world.remove('first', 0);
    await world.untilGone('first');
    await world.passUntil('it is taken from the first', () => asked('nodeUnpublishVolume', 'data').length === 1);
    assert.equal(asked('nodeUnstageVolume', 'data').length, 0);
    await world.remove('second', 0);
    await world.untilGone('second');
    await world.passUntil('it is gone', () => asked('nodeUnstageVolume', 'data').length === 1);
  });

  it('are let go of by a kubelet that finds the pod gone', async () => {
    await setDriver({ attachRequired: false });
    await makeClaim('crash');
    await world.create('crash', { containers: mounted('crash'), volumes: [claimed('crash')] });
    await world.podAfterTime('crash', isReady);
    await world.kubelet.stop();
    await client().delete<Pod>(pods, { namespace: 'default', name: 'crash' }, { gracePeriodSeconds: 0 });
    await world.kubelet.start();
    await world.passUntil('it is unstaged', () => asked('nodeUnstageVolume', 'crash').length === 1);
    assert.equal(asked('nodeUnpublishVolume', 'crash').length, 1);
  });

  it('wait for their attachment where the driver wants one, and are in use meanwhile', async () => {
    await setDriver({});
    await makeClaim('disk');
    await world.create('disk', { containers: mounted('disk'), volumes: [claimed('disk')] });
    const inUse = async () => (await client().get<Node>(nodes, { name: 'node-1' })).status?.volumesInUse ?? [];
    const reported = `kubernetes.io/csi/${driver.name}^handle-disk`;
    await world.passUntil('it is in use', async () => (await inUse()).includes(reported));
    assert.equal(asked('nodeStageVolume', 'disk').length, 0);
    const name = attachmentName({ driver: driver.name, handle: 'handle-disk' }, 'node-1');
    await client().create<VolumeAttachment>(volumeAttachments, {
      metadata: { name },
      spec: { attacher: driver.name, nodeName: 'node-1', source: { persistentVolumeName: 'pv-disk' } },
    });
    const body = { status: { attached: true, attachmentMetadata: { device: '/dev/x' } } };
    await client().patch(volumeAttachments, { name }, { type: 'merge', body }, { subresource: 'status' });
    await world.podAfterTime('disk', isReady);
    assert.deepEqual(asked('nodeStageVolume', 'disk')[0]?.publishContext, { device: '/dev/x' });
    await world.remove('disk', 0);
    await world.untilGone('disk');
    await world.passUntil('it is not in use', async () => (await inUse()).length === 0);
  });

  it('are in a pod itself where the driver allows it, with tokens of its account', async () => {
    await setDriver({ attachRequired: false });
    const spec = { containers: mounted('v'), volumes: [{ name: 'v', csi: { driver: driver.name } }] };
    await world.create('refused', spec);
    const [message = ''] = await world.messagesOf('refused', 'FailedMount');
    assert.match(
      message,
      /^MountVolume\.SetUp failed for volume "v" : kubernetes\.io\/csi: volume mode "Ephemeral" not/,
    );
    await world.remove('refused', 0);
    await setDriver({
      attachRequired: false,
      volumeLifecycleModes: ['Ephemeral'],
      tokenRequests: [{ audience: 'vault' }],
      requiresRepublish: true,
    });
    await client().create(serviceAccounts, { metadata: { namespace: 'default', name: 'robot' } });
    await world.create('inline', { ...spec, serviceAccountName: 'robot' });
    await world.podAfterTime('inline', isReady);
    const { uid } = (await world.get('inline')).metadata;
    const published = () =>
      driver.asked('nodePublishVolume').filter(({ targetPath }) => String(targetPath).includes(uid));
    const context = mapIn(published()[0] ?? {}, 'volumeContext');
    const tokens = JSON.parse(context['csi.storage.k8s.io/serviceAccount.tokens'] ?? '');
    assert.match(tokens.vault.token, /^ey/);
    assert.match(tokens.vault.expirationTimestamp, /Z$/);
    assert.equal(published()[0]?.stagingTargetPath, '');
    await world.passUntil('it is published again', () => published().length > 1);
    await world.remove('inline', 0);
    await world.untilGone('inline');
  });

  it('grow when their volume has', async () => {
    await setDriver({ attachRequired: false });
    await makeClaim('growing');
    await world.create('growing', { containers: mounted('growing'), volumes: [claimed('growing')] });
    await world.podAfterTime('growing', isReady);
    const body = { spec: { capacity: { storage: '2Gi' } } };
    await client().patch(persistentVolumes, { name: 'pv-growing' }, { type: 'merge', body });
    const key = { namespace: 'default', name: 'growing' };
    const size = async () =>
      (await client().get<PersistentVolumeClaim>(persistentVolumeClaims, key)).status?.capacity?.storage;
    await world.passUntil('the claim says so', async () => (await size()) === '2Gi');
    const [expand] = asked('nodeExpandVolume', 'growing');
    assert.deepEqual(expand?.capacityRange, { requiredBytes: 2 * 1024 ** 3, limitBytes: 0 });
    await world.remove('growing', 0);
    await world.untilGone('growing');
  });

  it('say what the driver says when it refuses', async () => {
    await makeClaim('bad');
    driver.failures.set('nodeStageVolume', 'no such disk');
    await world.create('bad', { containers: mounted('bad'), volumes: [claimed('bad')] });
    assert.deepEqual(await world.messagesOf('bad', 'FailedMount'), [
      'MountVolume.MountDevice failed for volume "pv-bad" : rpc error: code = Internal desc = no such disk',
    ]);
    driver.failures.clear();
    await world.podAfterTime('bad', isReady);
    await world.remove('bad', 0);
    await world.untilGone('bad');
  });

  it('leave nothing behind, and the driver leaves CSINode with its socket', async () => {
    await world.passUntil('all are unpublished', async () => {
      const left = await readdir(join(root, 'pods'), { recursive: true });
      return !left.some((path) => path.endsWith('mount'));
    });
    const file = join(root, 'plugins', driver.name, 'data', 'handle-data', '.published');
    await assert.rejects(readFile(file), 'plain folders keep no data of publishing');
    await driver.stop();
    const shown = async () => (await client().get<CSINode>(csiNodes, { name: 'node-1' })).spec;
    // None at all is null, as upstream writes it.
    await world.passUntil('CSINode is empty', async () => !JSON.stringify(await shown()).includes(driver.name));
  });
});
