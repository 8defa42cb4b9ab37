/** What the conformance suite asks of garbage collection, namespaces and endpoints: the controller manager runs too. */

import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../support/eventually.ts';
import { withAnnotation } from './api-operations.ts';
import { at, type Json, nameOf } from './api-user.ts';
import { World } from './world.ts';

let world: World;
before(async () => {
  world = await World.start({ controllers: true });
});
after(() => world.stop());

/** Long enough for a collector to do wrong: it acts within milliseconds of what it sees. */
const quietMs = 1500;

const template = (app: string): Json => ({
  metadata: { labels: { app } },
  spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'c', image: 'registry.local/app:1' }] },
});

async function controller(replicas: number): Promise<{ one: string; pods: string; object: Json }> {
  const root = `/api/v1/namespaces/${await world.namespace()}`;
  const one = `${root}/replicationcontrollers/simpletest`;
  const spec = { replicas, selector: { app: 'gc' }, template: template('gc') };
  await world.post(`${root}/replicationcontrollers`, { metadata: { name: 'simpletest' }, spec });
  const pods = `${root}/pods`;
  await eventually(`${replicas} pods`, async () => (await world.list(pods)).length === replicas);
  await eventually('it counted them', async () => at(await world.get(one), 'status.replicas') === replicas);
  return { one, pods, object: await world.get(one) };
}

it('[sig-api-machinery] Garbage collector should delete pods created by rc when not orphaning [Conformance]', async () => {
  const { one, pods } = await controller(2);
  await world.delete(one, { propagationPolicy: 'Background' });
  await world.isGone(one);
  await eventually('no pods', async () => (await world.list(pods)).length === 0);
});

it('[sig-api-machinery] Garbage collector should orphan pods created by rc if delete options say so [Conformance] [Serial]', async () => {
  const { one, pods } = await controller(50);
  await world.delete(one, { propagationPolicy: 'Orphan' });
  await world.isGone(one);
  await delay(quietMs);
  const left = await world.list(pods);
  assert.equal(left.length, 50);
  assert.ok(left.every((pod) => at(pod, 'metadata.ownerReferences') === undefined));
});

it('[sig-api-machinery] Garbage collector should keep the rc around until all its pods are deleted if the deleteOptions says so [Conformance] [Serial]', async () => {
  const { one, pods } = await controller(50);
  const watch = await world.watch(pods, String(at(await world.get(pods), 'metadata.resourceVersion')));
  const owners = await world.watch(one.replace(/\/[^/]+$/, ''));
  await world.delete(one, { propagationPolicy: 'Foreground' });
  await world.isGone(one);
  assert.deepEqual(await world.list(pods), []);
  const { object } = await owners.seen('DELETED');
  const gone = Number(at(object, 'metadata.resourceVersion'));
  assert.equal(watch.events.filter(({ type }) => type === 'DELETED').length, 50);
  for (const { object: pod } of watch.events) assert.ok(Number(at(pod, 'metadata.resourceVersion')) < gone);
});

const ownerOf = (owner: Json): Json => ({
  apiVersion: 'v1',
  kind: owner.kind,
  name: nameOf(owner),
  uid: at(owner, 'metadata.uid'),
});

it("[sig-api-machinery] Garbage collector should not delete dependents that have both valid owner and owner that's waiting for dependents to be deleted [Conformance] [Serial]", async () => {
  const { one, pods, object } = await controller(10);
  const root = pods.replace(/\/pods$/, '');
  const spec = { replicas: 0, selector: { app: 'other' }, template: template('other') };
  const stays = await world.post(`${root}/replicationcontrollers`, { metadata: { name: 'to-stay' }, spec });
  const shared = (await world.list(pods)).slice(0, 5).map(nameOf);
  const references = [
    { ...ownerOf({ ...object, kind: 'ReplicationController' }), controller: true, blockOwnerDeletion: true },
    ownerOf({ ...stays, kind: 'ReplicationController' }),
  ];
  for (const name of shared) await world.patch(`${pods}/${name}`, { metadata: { ownerReferences: references } });
  await world.delete(one, { propagationPolicy: 'Foreground' });
  await world.isGone(one);
  await delay(quietMs);
  const left = await world.list(pods);
  assert.deepEqual(left.map(nameOf).sort(), shared.sort());
  for (const pod of left) assert.equal(at(pod, 'metadata.deletionTimestamp'), undefined);
});

it('[sig-api-machinery] Garbage collector should not be blocked by dependency circle [Conformance]', async () => {
  const path = `/api/v1/namespaces/${await world.namespace()}/pods`;
  const names = ['pod1', 'pod2', 'pod3'];
  const made = new Map<string, Json>();
  for (const name of names) made.set(name, await world.post(path, { metadata: { name }, spec: template('x').spec }));
  for (const [i, name] of names.entries()) {
    const owner = made.get(names[(i + 2) % 3] ?? '') as Json;
    const reference = { ...ownerOf({ ...owner, kind: 'Pod' }), controller: true, blockOwnerDeletion: true };
    await world.patch(`${path}/${name}`, { metadata: { ownerReferences: [reference] } });
  }
  await world.delete(`${path}/pod1`, { propagationPolicy: 'Foreground' });
  await eventually('all are gone', async () => (await world.list(path)).length === 0);
});

const namespaces = '/api/v1/namespaces';

it('[sig-api-machinery] Namespaces should ensure that all pods are removed when a namespace is deleted [Conformance] [Serial]', async () => {
  const name = await world.namespace();
  await world.post(`${namespaces}/${name}/pods`, { metadata: { name: 'test-pod' }, spec: template('x').spec });
  await world.delete(`${namespaces}/${name}`);
  await world.isGone(`${namespaces}/${name}`);
  await world.post(namespaces, { metadata: { name } });
  assert.deepEqual(await world.list(`${namespaces}/${name}/pods`), []);
});

it('[sig-api-machinery] Namespaces should ensure that all services are removed when a namespace is deleted [Conformance] [Serial]', async () => {
  const name = await world.namespace();
  await world.post(`${namespaces}/${name}/services`, {
    metadata: { name: 'test-service' },
    spec: { ports: [{ port: 80 }] },
  });
  await world.delete(`${namespaces}/${name}`);
  await world.isGone(`${namespaces}/${name}`);
  await world.post(namespaces, { metadata: { name } });
  assert.deepEqual(await world.list(`${namespaces}/${name}/services`), []);
});

it('[sig-api-machinery] Namespaces should patch a Namespace [Conformance] [Serial]', async () => {
  const one = `${namespaces}/${await world.namespace()}`;
  await world.patch(one, { metadata: { labels: { testLabel: 'testValue' } } }, 'strategic');
  assert.equal(at(await world.get(one), 'metadata.labels.testLabel'), 'testValue');
});

it('[sig-api-machinery] Namespaces should apply an update to a Namespace [Conformance] [Serial]', async () => {
  const one = `${namespaces}/${await world.namespace()}`;
  await world.update(one, (object) => withAnnotation(object, 'updated'));
  assert.equal(at(await world.get(one), 'metadata.annotations.updated'), 'true');
});

it('[sig-api-machinery] Namespaces should apply changes to a namespace status [Conformance] [Serial]', async () => {
  const one = `${namespaces}/${await world.namespace()}`;
  const condition = { type: 'StatusPatch', status: 'True', reason: 'E2E', message: 'Patched by an e2e test' };
  await world.patch(`${one}/status`, { status: { conditions: [condition] } });
  assert.equal(at(await world.get(`${one}/status`), 'status.conditions.0.reason'), 'E2E');
  await world.update(`${one}/status`, (object) => {
    const conditions = [condition, { ...condition, type: 'StatusUpdate' }];
    return { ...object, status: { ...(object.status as Json), conditions } };
  });
  const types = (at(await world.get(one), 'status.conditions') as Json[]).map(({ type }) => type);
  assert.deepEqual(types, ['StatusPatch', 'StatusUpdate']);
});

it('[sig-api-machinery] Namespaces should apply a finalizer to a Namespace [Conformance] [Serial]', async () => {
  const one = `${namespaces}/${await world.namespace()}`;
  const withFinalizers = (change: (finalizers: string[]) => string[]) => async (): Promise<Json> => {
    const object = await world.get(one);
    const finalizers = change(at(object, 'spec.finalizers') as string[]);
    return await world.put(`${one}/finalize`, { ...object, spec: { finalizers } });
  };
  const finalizer = 'e2e.example.com/fakeFinalizer';
  const added = await eventually(
    'it is added',
    withFinalizers((all) => [...all, finalizer]),
  );
  assert.deepEqual(at(added, 'spec.finalizers'), ['kubernetes', finalizer]);
  const removed = await eventually(
    'it is removed',
    withFinalizers((all) => all.filter((name) => name !== finalizer)),
  );
  assert.deepEqual(at(removed, 'spec.finalizers'), ['kubernetes']);
});

it('[sig-auth] ServiceAccounts should guarantee kube-root-ca.crt exist in any namespace [Conformance]', async () => {
  const one = `${namespaces}/${await world.namespace()}/configmaps/kube-root-ca.crt`;
  const certificate = async (): Promise<string | undefined> => {
    const data = (await world.get(one)).data as Json | undefined;
    return data?.['ca.crt'] as string | undefined;
  };
  const original = await eventually('it is there', certificate);
  assert.match(original, /BEGIN CERTIFICATE/);
  await world.delete(one);
  await eventually('it is there again', async () => (await certificate()) === original);
  await world.update(one, (object) => ({ ...object, data: { 'ca.crt': '' } }));
  await eventually('it is mended', async () => (await certificate()) === original);
});

/** A Service whose selector no pod fulfils, made and deleted; `check` is called while it is there and when it is gone. */
async function serviceWithoutPods(check: (namespace: string, isThere: boolean) => Promise<void>): Promise<void> {
  const name = await world.namespace();
  const service = `${namespaces}/${name}/services/empty`;
  const spec = { selector: { does: 'not-match-anything' }, ports: [{ name: 'example', port: 80, protocol: 'TCP' }] };
  await world.post(`${namespaces}/${name}/services`, { metadata: { name: 'empty' }, spec });
  await check(name, true);
  await world.delete(service);
  await check(name, false);
}

it('[sig-network] EndpointSlice should create and delete EndpointSlices for a Service with a selector that matches no pods [Conformance]', () =>
  serviceWithoutPods(async (name, isThere) => {
    const slices = `/apis/discovery.k8s.io/v1/namespaces/${name}/endpointslices?labelSelector=kubernetes.io/service-name%3Dempty`;
    await eventually(`slices: ${isThere}`, async () => {
      const all = await world.list(slices);
      assert.ok(all.every(({ endpoints }) => endpoints === null || (endpoints as Json[]).length === 0));
      return all.length > 0 === isThere;
    });
  }));

it('[sig-network] EndpointsController should create and delete Endpoints for a Service with a selector that matches no pods [Conformance]', () =>
  serviceWithoutPods(async (name, isThere) => {
    const endpoints = `${namespaces}/${name}/endpoints/empty`;
    if (!isThere) return await world.isGone(endpoints);
    const { subsets } = await eventually('endpoints', () => world.get(endpoints));
    assert.equal(subsets, undefined);
  }));

it('[sig-network] EndpointSliceMirroring should mirror a custom Endpoints resource through create update and delete [Conformance]', async () => {
  const name = await world.namespace();
  const root = `${namespaces}/${name}`;
  const slices = `/apis/discovery.k8s.io/v1/namespaces/${name}/endpointslices?labelSelector=kubernetes.io/service-name%3Dcustom`;
  await world.post(`${root}/services`, {
    metadata: { name: 'custom' },
    spec: { ports: [{ name: 'example', port: 80 }] },
  });
  const subsets = (ip: string): Json[] => [{ addresses: [{ ip }], ports: [{ port: 80 }] }];
  const mirrored = (ip: string) => async (): Promise<boolean> => {
    const all = await world.list(slices);
    return all.length === 1 && at(all[0], 'endpoints.0.addresses.0') === ip && at(all[0], 'ports.0.port') === 80;
  };
  await world.post(`${root}/endpoints`, { metadata: { name: 'custom' }, subsets: subsets('10.1.2.3') });
  await eventually('it is mirrored', mirrored('10.1.2.3'));
  await world.update(`${root}/endpoints/custom`, (object) => ({ ...object, subsets: subsets('10.2.3.4') }));
  await eventually('its change is mirrored', mirrored('10.2.3.4'));
  await world.delete(`${root}/endpoints/custom`);
  await eventually('its mirror is gone', async () => (await world.list(slices)).length === 0);
});
