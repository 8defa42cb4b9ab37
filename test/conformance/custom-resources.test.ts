/** What the conformance suite asks of custom resources: their definitions, versions and selectors, and who judges them. */

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, beforeEach, it } from 'node:test';
import { StatusError } from '../../api/status-error.ts';
import { AdmissionWebhook, patchOf } from '../support/admission-webhook.ts';
import { eventually } from '../support/eventually.ts';
import { at, type Json, nameOf } from './api-user.ts';
import { World } from './world.ts';

let world: World;
let hook: AdmissionWebhook;
let namespace: string;
let group: string;

before(async () => {
  [world, hook] = [await World.start(), await AdmissionWebhook.start()];
});
after(async () => {
  await world.stop();
  await hook.stop();
});
beforeEach(async () => {
  namespace = await world.namespace();
  await world.patch(`/api/v1/namespaces/${namespace}`, { metadata: { labels: { marked: namespace } } });
  group = `e2e-${randomBytes(4).toString('hex')}.example.com`;
});

const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const anything: Json = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
const version = (name: string, more: Json = {}): Json => ({
  ...{ name, served: true, storage: name === 'v1', schema: { openAPIV3Schema: anything } },
  ...more,
});
const widgetsOf = (name: string) => `/apis/${group}/${name}/namespaces/${namespace}/widgets`;
const widget = (name: string, apiVersion: string, more: Json = {}): Json => ({
  ...{ apiVersion: `${group}/${apiVersion}`, kind: 'Widget', metadata: { name } },
  ...more,
});

function definition({ spec = {}, labels = {} }: { spec?: Json; labels?: Json } = {}): Json {
  const names = { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' };
  return {
    metadata: { name: `widgets.${group}`, labels },
    spec: { ...{ group, scope: 'Namespaced', names, versions: [version('v1')] }, ...spec },
  };
}

/** The path of a definition that is served. */
async function define(options: Parameters<typeof definition>[0] = {}): Promise<string> {
  const path = `${definitions}/${nameOf(await world.post(definitions, definition(options)))}`;
  await eventually('it is established', async () => (await conditionOf(path, 'Established'))?.status === 'True');
  return path;
}

async function conditionOf(path: string, type: string): Promise<Json | undefined> {
  const conditions = at(await world.get(path), 'status.conditions');
  return Array.isArray(conditions) ? conditions.find((one: Json) => one.type === type) : undefined;
}

const isRefused = (asked: Promise<unknown>, why: RegExp): Promise<void> =>
  assert.rejects(asked, (error) => error instanceof StatusError && why.test(error.message));

it('[sig-api-machinery] CustomResourceDefinition resources [Privileged:ClusterAdmin] Simple CustomResourceDefinition creating/deleting custom resource definition objects works [Conformance]', async () => {
  const path = await define();
  await world.delete(path);
  await world.isGone(path);
});

it('[sig-api-machinery] CustomResourceDefinition resources [Privileged:ClusterAdmin] Simple CustomResourceDefinition listing custom resource definition objects works [Conformance]', async () => {
  const marked = group;
  for (let count = 0; count < 3; count += 1) {
    group = `n${count}.${marked}`;
    await define({ labels: { marked } });
  }
  const selected = `${definitions}?labelSelector=marked%3D${marked}`;
  assert.equal((await world.list(selected)).length, 3);
  await world.delete(selected);
  await eventually('all are gone', async () => (await world.list(selected)).length === 0);
});

it('[sig-api-machinery] CustomResourceDefinition resources [Privileged:ClusterAdmin] Simple CustomResourceDefinition getting/updating/patching custom resource definition status sub-resource works [Conformance]', async () => {
  const path = await define();
  assert.equal(at(await world.get(`${path}/status`), 'metadata.name'), `widgets.${group}`);
  const condition = { type: 'Checked', status: 'True', reason: 'E2E', message: 'by an update' };
  const withCondition = (object: Json, more: Json): Json => {
    const conditions = [at(object, 'status.conditions')].flat().filter((one) => at(one, 'type') !== condition.type);
    return {
      ...object,
      status: { ...(object.status as Json), conditions: [...conditions, { ...condition, ...more }] },
    };
  };
  await world.update(`${path}/status`, (object) => withCondition(object, {}));
  assert.equal((await conditionOf(path, 'Checked'))?.message, 'by an update');
  const patched = withCondition(await world.get(path), { message: 'by a patch' });
  await world.patch(`${path}/status`, { status: patched.status });
  assert.equal((await conditionOf(path, 'Checked'))?.message, 'by a patch');
});

it('[sig-api-machinery] CustomResourceDefinition resources [Privileged:ClusterAdmin] custom resource defaulting for requests and from storage works [Conformance]', async () => {
  const schemaOf = (defaults: Json) => ({
    openAPIV3Schema: {
      type: 'object',
      properties: Object.fromEntries(
        ['a', 'b', 'c'].map((name) => [
          name,
          { type: 'string', ...(defaults[name] ? { default: defaults[name] } : {}) },
        ]),
      ),
    },
  });
  const path = await define({ spec: { versions: [version('v1', { schema: schemaOf({ a: 'A' }) })] } });
  const made = await world.post(widgetsOf('v1'), widget('w', 'v1', { c: 'own' }));
  assert.deepEqual([made.a, made.b, made.c], ['A', undefined, 'own']);
  await world.patch(path, { spec: { versions: [version('v1', { schema: schemaOf({ b: 'B', c: 'C' }) })] } });
  await eventually('what is read gets the new default', async () => {
    const { a, b, c } = await world.get(`${widgetsOf('v1')}/w`);
    return a === 'A' && b === 'B' && c === 'own';
  });
  const { a, b, c } = await world.post(widgetsOf('v1'), widget('x', 'v1'));
  assert.deepEqual([a, b, c], [undefined, 'B', 'C']);
});

it('[sig-api-machinery] CustomResourceDefinition Watch [Privileged:ClusterAdmin] CustomResourceDefinition Watch watch on custom resource definition objects [Conformance]', async () => {
  await define();
  const watch = await world.watch(widgetsOf('v1'));
  for (const name of ['a', 'b']) {
    await world.post(widgetsOf('v1'), widget(name, 'v1'));
    await watch.seen('ADDED', (object) => nameOf(object) === name);
    await world.patch(`${widgetsOf('v1')}/${name}`, { spec: { changed: true } });
    await watch.seen('MODIFIED', (object) => nameOf(object) === name);
    await world.delete(`${widgetsOf('v1')}/${name}`);
    const { object } = await watch.seen('DELETED', (gone) => nameOf(gone) === name);
    assert.equal(object.kind, 'Widget');
  }
});

it('[sig-api-machinery] CustomResourceFieldSelectors [Privileged:ClusterAdmin] CustomResourceFieldSelectors MUST list and watch custom resources matching the field selector [Conformance]', async () => {
  const schema = {
    openAPIV3Schema: {
      type: 'object',
      properties: { hostPort: { type: 'string' }, host: { type: 'string' }, port: { type: 'string' } },
    },
  };
  const versions = [
    version('v1', { schema, selectableFields: [{ jsonPath: '.host' }, { jsonPath: '.port' }] }),
    version('v2', { schema, selectableFields: [{ jsonPath: '.hostPort' }] }),
  ];
  await define({ spec: { versions } });
  const onPort = `${widgetsOf('v1')}?fieldSelector=host%3Dhost1,port%3D80`;
  const [selected, other] = [
    await world.watch(onPort),
    await world.watch(`${widgetsOf('v2')}?fieldSelector=hostPort%3Dx`),
  ];
  for (const [name, port] of [
    ['a', '80'],
    ['b', '8080'],
  ])
    await world.post(widgetsOf('v1'), widget(String(name), 'v1', { host: 'host1', port }));
  assert.deepEqual((await world.list(onPort)).map(nameOf), ['a']);
  await selected.seen('ADDED', (object) => nameOf(object) === 'a');
  await world.patch(`${widgetsOf('v1')}/a`, { port: '8080' });
  await selected.seen('DELETED', (object) => nameOf(object) === 'a');
  await world.patch(`${widgetsOf('v2')}/b`, { hostPort: 'x' });
  await other.seen('ADDED', (object) => nameOf(object) === 'b');
  assert.ok(selected.events.every(({ object }) => nameOf(object) === 'a'));
  await isRefused(world.get(`${widgetsOf('v1')}?fieldSelector=hostPort%3Dx`), /field label not supported: hostPort/);
});

/** v1 has `hostPort`, v2 has `host` and `port`. */
function convertsPorts(): Json {
  hook.on('/convert', ({ request: { objects, desiredAPIVersion } }) => ({
    result: { status: 'Success' },
    convertedObjects: (objects ?? []).map(({ hostPort, host, port, ...rest }) => ({
      ...rest,
      apiVersion: desiredAPIVersion,
      ...(desiredAPIVersion?.endsWith('v2')
        ? { host: String(hostPort).split(':')[0], port: String(hostPort).split(':')[1] }
        : { hostPort: `${host}:${port}` }),
    })),
  }));
  const clientConfig = { url: `${hook.url}/convert`, caBundle: hook.caBundle };
  return {
    versions: [version('v1'), version('v2')],
    conversion: { strategy: 'Webhook', webhook: { clientConfig, conversionReviewVersions: ['v1', 'v1beta1'] } },
  };
}

it('[sig-api-machinery] CustomResourceConversionWebhook [Privileged:ClusterAdmin] should be able to convert from CR v1 to CR v2 [Conformance]', async () => {
  await define({ spec: convertsPorts() });
  await world.post(widgetsOf('v1'), widget('w', 'v1', { hostPort: 'local:80' }));
  const { apiVersion, host, port } = await world.get(`${widgetsOf('v2')}/w`);
  assert.deepEqual([apiVersion, host, port], [`${group}/v2`, 'local', '80']);
});

it('[sig-api-machinery] CustomResourceConversionWebhook [Privileged:ClusterAdmin] should be able to convert a non homogeneous list of CRs [Conformance]', async () => {
  const spec = convertsPorts();
  const path = await define({ spec });
  await world.post(widgetsOf('v1'), widget('a', 'v1', { hostPort: 'local:80' }));
  const versions = [version('v1', { storage: false }), version('v2', { storage: true })];
  await world.patch(path, { spec: { versions } });
  await eventually('v2 is stored from now on', async () => {
    const stored = at(await world.get(path), 'status.storedVersions');
    return Array.isArray(stored) && stored.includes('v2');
  });
  await world.post(widgetsOf('v2'), widget('b', 'v2', { host: 'other', port: '81' }));
  for (const [name, field, values] of [
    ['v1', 'hostPort', ['local:80', 'other:81']],
    ['v2', 'host', ['local', 'other']],
  ] as const) {
    const items = await world.list(widgetsOf(name));
    assert.deepEqual(
      items.map((item) => [item.apiVersion, item[field]]),
      values.map((value) => [`${group}/${name}`, value]),
    );
  }
});

/** Configurations are asked in the order of their names, which is that of the paths here. */
async function register(type: 'mutating' | 'validating', path: string, operations: readonly string[]): Promise<string> {
  const collection = `/apis/admissionregistration.k8s.io/v1/${type}webhookconfigurations`;
  const webhook = {
    ...{ name: 'widgets.k8s.io', sideEffects: 'None', admissionReviewVersions: ['v1'] },
    rules: [{ apiGroups: [group], apiVersions: ['*'], resources: ['widgets'], operations }],
    namespaceSelector: { matchLabels: { marked: namespace } },
    clientConfig: { url: `${hook.url}${path}`, caBundle: hook.caBundle },
  };
  return `${collection}/${nameOf(await world.post(collection, { metadata: { generateName: `e2e-${path.slice(1)}-` }, webhooks: [webhook] }))}`;
}

function marksStages(): void {
  for (const [path, needed] of [
    ['/mark-1', 'mutation-start'],
    ['/mark-2', 'mutation-stage-1'],
  ] as const) {
    hook.on(path, ({ request: { object } }) =>
      object.data?.[needed] === 'yes'
        ? patchOf([{ op: 'add', path: `/data/mutation-stage-${path.at(-1)}`, value: 'yes' }])
        : { allowed: true },
    );
  }
}

it('[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] should be able to deny custom resource creation, update and deletion [Conformance]', async () => {
  await define();
  hook.on('/deny-widgets', ({ request: { object, oldObject, operation } }) => ({
    allowed: (operation === 'DELETE' ? oldObject : object)?.data?.['webhook-e2e-test'] !== 'webhook-disallow',
    status: { message: 'the custom resource contains unwanted data' },
  }));
  const configuration = await register('validating', '/deny-widgets', ['CREATE', 'UPDATE', 'DELETE']);
  const unwanted = { data: { 'webhook-e2e-test': 'webhook-disallow' } };
  await isRefused(world.post(widgetsOf('v1'), widget('w', 'v1', unwanted)), /contains unwanted data/);
  const path = `${widgetsOf('v1')}/w`;
  await world.post(widgetsOf('v1'), widget('w', 'v1', { data: {} }));
  await isRefused(world.patch(path, unwanted), /contains unwanted data/);
  await world.delete(configuration);
  await world.patch(path, unwanted);
  await register('validating', '/deny-widgets', ['DELETE']);
  await isRefused(world.delete(path), /contains unwanted data/);
  await world.patch(path, { data: { 'webhook-e2e-test': 'webhook-allow' } });
  await world.delete(path);
});

it('[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] should mutate custom resource [Conformance]', async () => {
  await define();
  marksStages();
  for (const path of ['/mark-1', '/mark-2']) await register('mutating', path, ['CREATE', 'UPDATE']);
  const { data } = await world.post(widgetsOf('v1'), widget('w', 'v1', { data: { 'mutation-start': 'yes' } }));
  assert.deepEqual(data, { 'mutation-start': 'yes', 'mutation-stage-1': 'yes', 'mutation-stage-2': 'yes' });
});

it('[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] should mutate custom resource with pruning [Conformance]', async () => {
  const data = {
    type: 'object',
    properties: Object.fromEntries(['start', 'stage-1'].map((name) => [`mutation-${name}`, { type: 'string' }])),
  };
  const schema = { openAPIV3Schema: { type: 'object', properties: { data } } };
  await define({ spec: { versions: [version('v1', { schema })] } });
  marksStages();
  for (const path of ['/mark-1', '/mark-2']) await register('mutating', path, ['CREATE', 'UPDATE']);
  const made = await world.post(widgetsOf('v1'), widget('w', 'v1', { data: { 'mutation-start': 'yes' } }));
  assert.deepEqual(made.data, { 'mutation-start': 'yes', 'mutation-stage-1': 'yes' });
});

it('[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] should mutate custom resource with different stored version [Conformance]', async () => {
  const path = await define({ spec: { versions: [version('v1'), version('v2')] } });
  marksStages();
  await register('mutating', '/mark-1', ['CREATE', 'UPDATE']);
  await world.post(widgetsOf('v1'), widget('w', 'v1'));
  const versions = [version('v1', { storage: false }), version('v2', { storage: true })];
  await world.patch(path, { spec: { versions } });
  await eventually('v2 is stored from now on', async () => {
    const stored = at(await world.get(path), 'status.storedVersions');
    return Array.isArray(stored) && stored.includes('v2');
  });
  const { data } = await world.patch(`${widgetsOf('v1')}/w`, { data: { 'mutation-start': 'yes' } });
  assert.deepEqual(data, { 'mutation-start': 'yes', 'mutation-stage-1': 'yes' });
});
