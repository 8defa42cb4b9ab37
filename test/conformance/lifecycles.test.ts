/** The conformance tests that lead one kind of object through its life, where no controller or node takes part. */

import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { withAnnotation } from './api-operations.ts';
import { at, type Json, nameOf } from './api-user.ts';
import { World } from './world.ts';

let world: World;
before(async () => {
  world = await World.start();
});
after(() => world.stop());

const inNamespace = async (plural: string, root = '/api/v1'): Promise<string> =>
  `${root}/namespaces/${await world.namespace()}/${plural}`;
const withLabels = (name: string, labels: Json = { test: 'conformance' }): Json => ({ metadata: { name, labels } });
const selected = (path: string, selector = 'test=conformance'): string =>
  `${path}?labelSelector=${encodeURIComponent(selector)}`;
const isInvalid = { code: 422 };

async function createAndDeleteCollection(path: string, make: (name: string) => Json): Promise<void> {
  for (const name of ['one', 'two', 'three']) await world.post(path, make(name));
  assert.equal((await world.list(selected(path))).length, 3);
  await world.delete(selected(path));
  assert.equal((await world.list(selected(path))).length, 0);
}

it('[sig-node] ConfigMap should run through a ConfigMap lifecycle [Conformance]', async () => {
  const path = await inNamespace('configmaps');
  const watch = await world.watch(selected(path));
  await world.post(path, { ...withLabels('life'), data: { valueName: 'value' } });
  await watch.seen('ADDED');
  const patched = await world.patch(
    `${path}/life`,
    { ...withLabels('life', { patched: 'true' }), data: { valueName: 'value1' } },
    'strategic',
  );
  await watch.seen('MODIFIED', (object) => at(object, 'metadata.labels.patched') === 'true');
  assert.equal(at(patched, 'data.valueName'), 'value1');
  const everywhere = await world.list('/api/v1/configmaps?labelSelector=patched%3Dtrue');
  assert.deepEqual(everywhere.map(nameOf), ['life']);
  await world.delete(selected(path));
  await watch.seen('DELETED');
  assert.deepEqual(await world.list(selected(path)), []);
});

it('[sig-node] ConfigMap should update ConfigMap successfully [Conformance] [NodeConformance]', async () => {
  const path = await inNamespace('configmaps');
  await world.post(path, { ...withLabels('changed'), data: { data: 'value' } });
  await world.update(`${path}/changed`, (object) => ({ ...object, data: { data: 'value', more: 'value-1' } }));
  assert.deepEqual((await world.get(`${path}/changed`)).data, { data: 'value', more: 'value-1' });
});

it('[sig-node] ConfigMap should fail to create ConfigMap with empty key [Conformance]', async () => {
  await assert.rejects(
    world.post(await inNamespace('configmaps'), { ...withLabels('empty'), data: { '': 'value-1' } }),
    isInvalid,
  );
});

it('[sig-node] Secrets should fail to create secret due to empty secret key [Conformance]', async () => {
  await assert.rejects(
    world.post(await inNamespace('secrets'), { ...withLabels('empty'), data: { '': 'dmFsdWUtMQ==' } }),
    isInvalid,
  );
});

it('[sig-node] Secrets should patch a secret [Conformance]', async () => {
  const path = await inNamespace('secrets');
  await world.post(path, { ...withLabels('patched'), type: 'Opaque', data: { key: 'dmFsdWU=' } });
  const all = await world.list('/api/v1/secrets?labelSelector=test%3Dconformance');
  assert.ok(all.some((one) => nameOf(one) === 'patched'));
  await world.patch(
    `${path}/patched`,
    { metadata: { labels: { more: 'yes' } }, data: { key: 'dmFsdWUx' } },
    'strategic',
  );
  const stored = await world.get(`${path}/patched`);
  assert.deepEqual([at(stored, 'data.key'), at(stored, 'metadata.labels.more')], ['dmFsdWUx', 'yes']);
  await world.delete(selected(path));
  assert.deepEqual(await world.list(selected(path)), []);
});

for (const [title, plural] of [
  ['[sig-storage] ConfigMap should be immutable if `immutable` field is set [Conformance]', 'configmaps'],
  ['[sig-storage] Secrets should be immutable if `immutable` field is set [Conformance]', 'secrets'],
] as const) {
  it(title, async () => {
    const path = await inNamespace(plural);
    const one = `${path}/frozen`;
    await world.post(path, { ...withLabels('frozen'), data: { key: 'QUFB' } });
    await world.patch(one, { data: { key: 'QkJC' } });
    await world.patch(one, { immutable: true });
    await assert.rejects(world.patch(one, { immutable: false }), isInvalid);
    await assert.rejects(world.patch(one, { data: { key: 'Q0ND' } }), isInvalid);
    await assert.rejects(world.patch(one, { data: { another: 'Q0ND' } }), isInvalid);
    // Metadata is not frozen.
    await world.patch(one, { metadata: { labels: { label: 'value' } } });
    await world.delete(one);
    await world.isGone(one);
  });
}

const podTemplate = (name: string): Json => ({
  ...withLabels(name),
  template: { spec: { containers: [{ name: 'nginx', image: 'registry.local/nginx:1' }] } },
});

it('[sig-node] PodTemplates should run the lifecycle of PodTemplates [Conformance]', async () => {
  const path = await inNamespace('podtemplates');
  await world.post(path, podTemplate('life'));
  assert.ok((await world.list(selected('/api/v1/podtemplates'))).some((one) => nameOf(one) === 'life'));
  await world.patch(`${path}/life`, { metadata: { labels: { podtemplate: 'patched' } } }, 'strategic');
  assert.equal(at(await world.get(`${path}/life`), 'metadata.labels.podtemplate'), 'patched');
  await world.delete(`${path}/life`);
  await world.isGone(`${path}/life`);
});

it('[sig-node] PodTemplates should delete a collection of pod templates [Conformance]', async () =>
  createAndDeleteCollection(await inNamespace('podtemplates'), podTemplate));

it('[sig-node] PodTemplates should replace a pod template [Conformance]', async () => {
  const path = await inNamespace('podtemplates');
  await world.post(path, podTemplate('replaced'));
  await world.update(`${path}/replaced`, (object) => withAnnotation(object, 'updated'));
  assert.equal(at(await world.get(`${path}/replaced`), 'metadata.annotations.updated'), 'true');
});

it('[sig-node] Lease lease API should be available [Conformance]', async () => {
  const path = await inNamespace('leases', '/apis/coordination.k8s.io/v1');
  const time = '2026-01-01T00:00:00.123456Z';
  const spec = {
    holderIdentity: 'holder',
    leaseDurationSeconds: 30,
    acquireTime: time,
    renewTime: time,
    leaseTransitions: 0,
  };
  await world.post(path, { ...withLabels('lease'), spec });
  assert.deepEqual((await world.get(`${path}/lease`)).spec, spec);
  const next = { ...spec, holderIdentity: 'holder2', leaseDurationSeconds: 60, leaseTransitions: 1 };
  await world.update(`${path}/lease`, (object) => ({ ...object, spec: next }));
  assert.deepEqual((await world.get(`${path}/lease`)).spec, next);
  await world.patch(`${path}/lease`, { spec: { holderIdentity: 'holder3' } }, 'strategic');
  assert.deepEqual((await world.get(`${path}/lease`)).spec, { ...next, holderIdentity: 'holder3' });
  await world.post(path, { ...withLabels('lease2'), spec });
  assert.equal((await world.list(path)).length, 2);
  await world.delete(selected(path));
  assert.equal((await world.list(path)).length, 0);
});

it('[sig-node] Node Lifecycle should run through the lifecycle of a node [Conformance]', async () => {
  const path = '/api/v1/nodes';
  const spec = { unschedulable: true };
  const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'False', message: 'fake' }] };
  await world.post(path, { ...withLabels('e2e-fake-node', { fake: 'yes' }), spec, status });
  assert.equal(nameOf(await world.get(`${path}/e2e-fake-node`)), 'e2e-fake-node');
  const patched = await world.patch(
    `${path}/e2e-fake-node`,
    { metadata: { labels: { fake: 'patched' } } },
    'strategic',
  );
  assert.equal(at(patched, 'metadata.labels.fake'), 'patched');
  const updated = await world.update(`${path}/e2e-fake-node`, (object) => withAnnotation(object, 'updated'));
  assert.equal(at(updated, 'metadata.annotations.updated'), 'true');
  await world.delete(selected(path, 'fake=patched'));
  await world.isGone(`${path}/e2e-fake-node`);
});

const aPod = (name: string, spec: Json = {}): Json => ({
  ...withLabels(name),
  spec: { containers: [{ name: 'c', image: 'registry.local/app:1' }], ...spec },
});

it('[sig-node] Pods Extended Pods Set QOS Class should be set on Pods with matching resource requests and limits for memory and cpu [Conformance]', async () => {
  const path = await inNamespace('pods');
  const amounts = { cpu: '100m', memory: '100Mi' };
  const containers = [{ name: 'c', image: 'registry.local/app:1', resources: { limits: amounts, requests: amounts } }];
  await world.post(path, aPod('guaranteed', { containers }));
  assert.equal(at(await world.get(`${path}/guaranteed`), 'status.qosClass'), 'Guaranteed');
});

it('[sig-node] RuntimeClass should reject a Pod requesting a non-existent RuntimeClass [Conformance] [NodeConformance]', async () => {
  await assert.rejects(world.post(await inNamespace('pods'), aPod('p', { runtimeClassName: 'nonexistent' })), {
    code: 403,
  });
});

it('[sig-node] RuntimeClass should reject a Pod requesting a deleted RuntimeClass [Conformance] [NodeConformance]', async () => {
  const path = await inNamespace('pods');
  const classes = '/apis/node.k8s.io/v1/runtimeclasses';
  await world.post(classes, { ...withLabels('delete-me'), handler: 'runc' });
  await world.delete(`${classes}/delete-me`);
  await world.isGone(`${classes}/delete-me`);
  await assert.rejects(world.post(path, aPod('p', { runtimeClassName: 'delete-me' })), { code: 403 });
});

it('[sig-node] Sysctls [LinuxOnly] should reject invalid sysctls [Conformance] [NodeConformance]', async () => {
  const names = ['foo-', 'kernel.shmmax', 'safe-and-unsafe', 'bar..'];
  const sysctls = names.map((name) => ({ name, value: '1' }));
  await assert.rejects(
    world.post(await inNamespace('pods'), aPod('p', { securityContext: { sysctls } })),
    (error: Error) => {
      for (const wrong of ['foo-', 'bar..']) assert.match(error.message, new RegExp(`Invalid value: "${wrong}"`));
      assert.doesNotMatch(error.message, /kernel\.shmmax/);
      return true;
    },
  );
});

it('[sig-auth] ServiceAccounts should run through the lifecycle of a ServiceAccount [Conformance]', async () => {
  const path = await inNamespace('serviceaccounts');
  const watch = await world.watch(selected(path));
  await world.post(path, withLabels('robot'));
  await watch.seen('ADDED');
  await world.patch(`${path}/robot`, { automountServiceAccountToken: false }, 'strategic');
  await watch.seen('MODIFIED', ({ automountServiceAccountToken }) => automountServiceAccountToken === false);
  assert.ok((await world.list(selected('/api/v1/serviceaccounts'))).some((one) => nameOf(one) === 'robot'));
  await world.delete(selected(path));
  await watch.seen('DELETED');
});

it('[sig-auth] ServiceAccounts should update a ServiceAccount [Conformance]', async () => {
  const path = await inNamespace('serviceaccounts');
  const made = await world.post(path, withLabels('robot'));
  assert.equal(made.automountServiceAccountToken, undefined);
  await world.update(`${path}/robot`, (object) => ({ ...object, automountServiceAccountToken: true }));
  assert.equal((await world.get(`${path}/robot`)).automountServiceAccountToken, true);
});

it('[sig-auth] ServiceAccounts should create a serviceAccountToken and ensure a successful TokenReview [Conformance]', async () => {
  const path = await inNamespace('serviceaccounts');
  const made = await world.post(path, withLabels('reviewed'));
  const { status } = await world.post(`${path}/reviewed/token`, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { audiences: [], expirationSeconds: 3600 },
  });
  const review = await world.post('/apis/authentication.k8s.io/v1/tokenreviews', {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenReview',
    spec: { token: at(status, 'token') },
  });
  const namespace = at(made, 'metadata.namespace');
  assert.equal(at(review, 'status.authenticated'), true);
  assert.equal(at(review, 'status.error'), undefined);
  assert.equal(at(review, 'status.user.username'), `system:serviceaccount:${namespace}:reviewed`);
  assert.equal(at(review, 'status.user.uid'), at(made, 'metadata.uid'));
  assert.deepEqual(at(review, 'status.user.groups'), [
    'system:serviceaccounts',
    `system:serviceaccounts:${namespace}`,
    'system:authenticated',
  ]);
});

it('[sig-auth] SubjectReview should support SubjectReview API operations [Conformance]', async () => {
  const namespace = await world.namespace();
  await world.post(`/api/v1/namespaces/${namespace}/serviceaccounts`, withLabels('e2e'));
  const user = `system:serviceaccount:${namespace}:e2e`;
  const spec = { user, resourceAttributes: { verb: 'list', resource: 'configmaps', version: 'v1', namespace } };
  const root = '/apis/authorization.k8s.io/v1';
  const global = await world.post(`${root}/subjectaccessreviews`, {
    kind: 'SubjectAccessReview',
    apiVersion: 'authorization.k8s.io/v1',
    spec,
  });
  const local = await world.post(`${root}/namespaces/${namespace}/localsubjectaccessreviews`, {
    kind: 'LocalSubjectAccessReview',
    apiVersion: 'authorization.k8s.io/v1',
    metadata: { namespace },
    spec,
  });
  const allowed = await world.server.client
    .raw('GET', `/api/v1/namespaces/${namespace}/configmaps`, { headers: { 'impersonate-user': user } })
    .then(
      () => true,
      (error: { code?: number }) => {
        assert.equal(error.code, 403);
        return false;
      },
    );
  assert.equal(at(global, 'status.allowed'), allowed);
  assert.equal(at(local, 'status.allowed'), allowed);
});

it('[sig-api-machinery] ResourceQuota should be able to update and delete ResourceQuota. [Conformance]', async () => {
  const path = await inNamespace('resourcequotas');
  await world.post(path, { ...withLabels('quota'), spec: { hard: { cpu: '500m', memory: '500Mi' } } });
  assert.equal(at(await world.get(`${path}/quota`), 'spec.hard.cpu'), '500m');
  await world.update(`${path}/quota`, (object) => ({ ...object, spec: { hard: { cpu: '1', memory: '1Gi' } } }));
  assert.deepEqual(at(await world.get(`${path}/quota`), 'spec.hard'), { cpu: '1', memory: '1Gi' });
  await world.delete(`${path}/quota`);
  await world.isGone(`${path}/quota`);
});

it('[sig-api-machinery] ResourceQuota should manage the lifecycle of a ResourceQuota [Conformance]', async () => {
  const path = await inNamespace('resourcequotas');
  await world.post(path, { ...withLabels('quota'), spec: { hard: { cpu: '500m' } } });
  assert.equal((await world.list(selected('/api/v1/resourcequotas'))).length, 1);
  const patched = await world.patch(
    `${path}/quota`,
    { metadata: { labels: { quota: 'patched' } }, spec: { hard: { memory: '750Mi' } } },
    'strategic',
  );
  assert.deepEqual(at(patched, 'spec.hard'), { cpu: '500m', memory: '750Mi' });
  await world.delete(selected(path, 'quota=patched'));
  await world.isGone(`${path}/quota`);
});

it('[sig-scheduling] LimitRange should list, patch and delete a LimitRange by collection [Conformance]', async () => {
  const path = await inNamespace('limitranges');
  const range = (name: string): Json => ({
    ...withLabels(name),
    spec: { limits: [{ type: 'Container', min: { cpu: '50m' }, max: { cpu: '500m' }, default: { cpu: '100m' } }] },
  });
  await world.post(path, range('range'));
  assert.equal((await world.list(selected('/api/v1/limitranges'))).length, 1);
  const limits = [{ type: 'Container', min: { cpu: '9m' }, max: { cpu: '500m' } }];
  const patched = await world.patch(
    `${path}/range`,
    { metadata: { labels: { range: 'patched' } }, spec: { limits } },
    'strategic',
  );
  assert.equal(at(patched, 'spec.limits.0.min.cpu'), '9m');
  await world.delete(selected(path, 'range=patched'));
  await world.isGone(`${path}/range`);
});

it('[sig-scheduling] LimitRange should create a LimitRange with defaults and ensure pod has those defaults applied. [Conformance]', async () => {
  const path = await inNamespace('limitranges');
  const pods = path.replace('limitranges', 'pods');
  const limits = {
    ...{ type: 'Container', min: { cpu: '50m', memory: '100Mi' }, max: { cpu: '500m', memory: '500Mi' } },
    ...{ defaultRequest: { cpu: '100m', memory: '200Mi' }, default: { cpu: '500m', memory: '500Mi' } },
  };
  const pod = (name: string, resources: Json = {}): Json => ({
    ...withLabels(name),
    spec: { containers: [{ name: 'main', image: 'registry.example/app:1', resources }] },
  });
  const resourcesOf = (object: unknown): unknown => at(object, 'spec.containers.0.resources');
  await world.post(path, { ...withLabels('range'), spec: { limits: [limits] } });
  assert.deepEqual(resourcesOf(await world.post(pods, pod('defaults'))), {
    requests: limits.defaultRequest,
    limits: limits.default,
  });
  const asked = { requests: { cpu: '300m', memory: '150Mi' }, limits: { cpu: '300m' } };
  assert.deepEqual(resourcesOf(await world.post(pods, pod('partly', asked))), {
    requests: asked.requests,
    limits: { cpu: '300m', memory: '500Mi' },
  });
  const isForbidden = { code: 403 };
  await assert.rejects(world.post(pods, pod('too-little', { requests: { cpu: '10m', memory: '50Mi' } })), isForbidden);
  const much = { cpu: '600m', memory: '600Mi' };
  await assert.rejects(world.post(pods, pod('too-much', { requests: much, limits: much })), isForbidden);
  const lower = { ...limits, min: { cpu: '9m', memory: '49Mi' } };
  await world.patch(`${path}/range`, { spec: { limits: [lower] } }, 'merge');
  await world.post(pods, pod('little', { requests: { cpu: '10m', memory: '50Mi' } }));
  await world.delete(`${path}/range`);
  await world.isGone(`${path}/range`);
  await world.post(pods, pod('much', { requests: much, limits: much }));
});

it('[sig-scheduling] SchedulerPreemption PriorityClass endpoints verify PriorityClass endpoints can be operated with different HTTP methods [Conformance] [Serial]', async () => {
  const path = '/apis/scheduling.k8s.io/v1/priorityclasses';
  for (const [name, value] of [
    ['p1', 1],
    ['p2', 2],
  ] as const)
    await world.post(path, { ...withLabels(name), value });
  // The value is for ever.
  await assert.rejects(world.put(`${path}/p1`, { ...(await world.get(`${path}/p1`)), value: 10 }), isInvalid);
  await assert.rejects(world.patch(`${path}/p1`, { value: 10 }), isInvalid);
  const patched = await world.patch(`${path}/p1`, { description: 'updated description' });
  assert.deepEqual([patched.value, patched.description], [1, 'updated description']);
  assert.equal((await world.list(selected(path))).length, 2);
  await world.delete(selected(path));
  assert.equal((await world.list(selected(path))).length, 0);
});
