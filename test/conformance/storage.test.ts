/** What the conformance suite asks of the kinds of storage as objects; a controller lets volumes and claims go. */

import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { withAnnotation } from './api-operations.ts';
import { at, type Json, nameOf } from './api-user.ts';
import { World } from './world.ts';

let world: World;
before(async () => {
  world = await World.start({ controllers: true });
});
after(() => world.stop());

const root = '/apis/storage.k8s.io/v1';
const labelled = (name: string, label: string): Json => ({ metadata: { name, labels: { [label]: label } } });
const selected = (path: string, label: string): string => `${path}?labelSelector=${label}%3D${label}`;
const label = (name: string): Json => ({ metadata: { labels: { [name]: name } } });

interface Life {
  readonly path: string;
  make(name: string, label: string): Json;
}

/** Read, list, patch, update, delete, make two again, update each, delete them as a collection. */
async function lead({ path, make }: Life): Promise<void> {
  const [first, ...others] = ['e2e-one', 'e2e-two', 'e2e-three'] as const;
  const one = `${path}/${first}`;
  await world.post(path, make(first, first));
  assert.equal(nameOf(await world.get(one)), first);
  assert.deepEqual((await world.list(selected(path, first))).map(nameOf), [first]);
  assert.equal(at(await world.patch(one, label('patched')), 'metadata.labels.patched'), 'patched');
  const updated = await world.update(one, (object) => withAnnotation(object, 'updated'));
  assert.equal(at(updated, 'metadata.annotations.updated'), 'true');
  await world.delete(one);
  await world.isGone(one);
  for (const name of others) {
    await world.post(path, make(name, 'again'));
    const found = await world.update(`${path}/${name}`, (object) => withAnnotation(object, 'again'));
    assert.equal(at(found, 'metadata.annotations.again'), 'true');
  }
  const again = selected(path, 'again');
  assert.deepEqual((await world.list(again)).map(nameOf).sort(), [...others].sort());
  await world.delete(again);
  for (const name of others) await world.isGone(`${path}/${name}`);
}

it('[sig-storage] StorageClasses CSI Conformance should run through the lifecycle of a StorageClass [Conformance]', () =>
  lead({
    path: `${root}/storageclasses`,
    make: (name, value) => ({ ...labelled(name, value), provisioner: 'e2e-fake-provisioner' }),
  }));

it('[sig-storage] CSIInlineVolumes should run through the lifecycle of a CSIDriver [Conformance]', () =>
  lead({
    path: `${root}/csidrivers`,
    make: (name, value) => ({
      ...labelled(name, value),
      spec: { attachRequired: false, podInfoOnMount: true, volumeLifecycleModes: ['Persistent'] },
    }),
  }));

it('[sig-storage] CSINodes CSI Conformance should run through the lifecycle of a csinode [Conformance]', () =>
  lead({
    path: `${root}/csinodes`,
    make: (name, value) => ({
      ...labelled(name, value),
      spec: { drivers: [{ name: 'driver.example.com', nodeID: name }] },
    }),
  }));

it('[sig-storage] VolumeAttributesClass [FeatureGate:VolumeAttributesClass] should run through the lifecycle of a VolumeAttributesClass [Conformance]', () =>
  lead({
    path: `${root}/volumeattributesclasses`,
    make: (name, value) => ({
      ...labelled(name, value),
      driverName: 'e2e-fake-csi-driver',
      parameters: { iops: '1000', throughput: '50' },
    }),
  }));

const attachment = (name: string, value: string): Json => ({
  ...labelled(name, value),
  spec: { attacher: 'e2e-test.storage.k8s.io', nodeName: 'node-1', source: { persistentVolumeName: `pv-${name}` } },
});

it('[sig-storage] VolumeAttachment Conformance should run through the lifecycle of a VolumeAttachment [Conformance]', () =>
  lead({ path: `${root}/volumeattachments`, make: attachment }));

it('[sig-storage] VolumeAttachment Conformance should apply changes to a volumeattachment status [Conformance]', async () => {
  const path = `${root}/volumeattachments`;
  const one = `${path}/va-status`;
  await world.post(path, attachment('va-status', 'status'));
  assert.equal(at(await world.patch(one, label('labelled')), 'metadata.labels.labelled'), 'labelled');
  assert.equal(at(await world.get(`${one}/status`), 'status.attached'), false);
  const patched = await world.patch(`${one}/status`, { ...label('patched'), status: { attached: true } });
  assert.equal(at(patched, 'status.attached'), true);
  await world.update(`${one}/status`, (object) =>
    withAnnotation({ ...object, status: { attached: false } }, 'updated'),
  );
  assert.equal(at(await world.get(`${one}/status`), 'status.attached'), false);
  await world.delete(one);
  await world.isGone(one);
});

it('[sig-storage] CSIInlineVolumes should support CSIVolumeSource in Pod API [Conformance]', async () => {
  const path = `/api/v1/namespaces/${await world.namespace()}/pods`;
  const csi = { driver: 'e2e.example.com', volumeAttributes: { foo: 'bar' }, readOnly: true };
  const spec = {
    containers: [{ name: 'c', image: 'registry.local/app:1', volumeMounts: [{ name: 'v', mountPath: '/mnt' }] }],
    volumes: [{ name: 'v', csi }],
  };
  await world.post(path, { ...labelled('pod-csi', 'csi'), spec });
  assert.deepEqual(at((await world.list(selected(path, 'csi')))[0], 'spec.volumes.0'), { name: 'v', csi });
  await world.patch(`${path}/pod-csi`, label('patched'), 'strategic');
  await world.delete(`${path}/pod-csi`);
  await world.isGone(`${path}/pod-csi`);
});

const volume = (name: string, value: string): Json => ({
  ...labelled(name, value),
  spec: {
    capacity: { storage: '1Gi' },
    accessModes: ['ReadWriteOnce'],
    persistentVolumeReclaimPolicy: 'Retain',
    storageClassName: 'e2e',
    hostPath: { path: `/tmp/${name}` },
  },
});
const claim = (name: string, value: string): Json => ({
  ...labelled(name, value),
  spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'e2e', resources: { requests: { storage: '1Gi' } } },
});

it('[sig-storage] PersistentVolumes CSI Conformance should run through the lifecycle of a PV and a PVC [Conformance]', async () => {
  const claims = `/api/v1/namespaces/${await world.namespace()}/persistentvolumeclaims`;
  const kinds = [
    ['/api/v1/persistentvolumes', volume],
    [claims, claim],
  ] as const;
  for (const [path, make] of kinds) {
    await world.post(path, make('e2e-life', 'life'));
    assert.deepEqual((await world.list(selected(path, 'life'))).map(nameOf), ['e2e-life']);
    const patched = await world.patch(`${path}/e2e-life`, label('patched'), 'strategic');
    assert.equal(at(patched, 'metadata.labels.patched'), 'patched');
    assert.equal(at(await world.get(`${path}/e2e-life`), 'metadata.labels.patched'), 'patched');
  }
  for (const [path] of kinds.toReversed()) {
    await world.delete(`${path}/e2e-life`);
    await world.isGone(`${path}/e2e-life`);
  }
  for (const [path, make] of kinds) {
    await world.post(path, make('e2e-again', 'again'));
    const updated = await world.update(`${path}/e2e-again`, (object) => withAnnotation(object, 'updated'));
    assert.equal(at(updated, 'metadata.annotations.updated'), 'true');
  }
  for (const [path] of kinds.toReversed()) {
    await world.delete(selected(path, 'again'));
    await world.isGone(`${path}/e2e-again`);
  }
});

it('[sig-storage] PersistentVolumes CSI Conformance should apply changes to a pv/pvc status [Conformance]', async () => {
  const claims = `/api/v1/namespaces/${await world.namespace()}/persistentvolumeclaims`;
  for (const [path, make] of [
    ['/api/v1/persistentvolumes', volume],
    [claims, claim],
  ] as const) {
    const one = `${path}/with-status`;
    await world.post(path, make('with-status', 'status'));
    assert.ok(at(await world.get(`${one}/status`), 'status.phase'));
    const patch =
      path === claims ? { conditions: [{ type: 'StatusPatched', status: 'True' }] } : { message: 'StatusPatched' };
    const patched = await world.patch(`${one}/status`, { status: patch });
    assert.match(JSON.stringify(patched.status), /StatusPatched/);
    await world.update(
      `${one}/status`,
      (object) => JSON.parse(JSON.stringify(object).replace('"StatusPatched"', '"StatusUpdated"')) as Json,
    );
    assert.match(JSON.stringify((await world.get(one)).status), /StatusUpdated/);
  }
});
