/** What the conformance suite asks of webhooks that are called: by a server of the test's own, over TLS. */

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, it } from 'node:test';
import { StatusError } from '../../api/status-error.ts';
import { AdmissionWebhook, patchOf } from '../support/admission-webhook.ts';
import { at, type Json, nameOf } from './api-user.ts';
import { World } from './world.ts';

let world: World;
let hook: AdmissionWebhook;
let namespace: string;
let made: string[] = [];

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
});
afterEach(async () => {
  for (const path of made) await world.delete(path);
  made = [];
});

type Type = 'mutating' | 'validating';

const collectionOf = (type: Type) => `/apis/admissionregistration.k8s.io/v1/${type}webhookconfigurations`;
const configMaps = () => `/api/v1/namespaces/${namespace}/configmaps`;
const configMapRule = {
  apiGroups: [''],
  apiVersions: ['v1'],
  operations: ['CREATE', 'UPDATE'],
  resources: ['configmaps'],
};

const webhookAt = (path: string, more: Json = {}): Json => ({
  ...{
    name: `hook${path.replace(/\W/g, '-')}.k8s.io`,
    sideEffects: 'None',
    admissionReviewVersions: ['v1', 'v1beta1'],
  },
  ...{ rules: [configMapRule], namespaceSelector: { matchLabels: { marked: namespace } } },
  clientConfig: { url: `${hook.url}${path}`, caBundle: hook.caBundle },
  ...more,
});

async function register(type: Type, webhooks: readonly Json[], labels: Json = {}): Promise<string> {
  const object = { metadata: { generateName: 'e2e-', labels }, webhooks };
  const path = `${collectionOf(type)}/${nameOf(await world.post(collectionOf(type), object))}`;
  made.push(path);
  return path;
}

async function isRefused(asked: Promise<unknown>, why: RegExp): Promise<void> {
  await assert.rejects(asked, (error) => {
    assert.ok(error instanceof StatusError, String(error));
    assert.match(error.message, why);
    return true;
  });
}

const configMap = (name: string, data: Json = {}): Json => ({ metadata: { name }, data });
const pod = (name: string, image = 'registry.example.com/pause') => ({
  metadata: { name },
  spec: { containers: [{ name: 'c', image }] },
});

const refusesUnwanted = () =>
  hook.on('/deny', ({ request: { object } }) => ({
    allowed: object?.data?.['webhook-e2e-test'] !== 'webhook-disallow',
    status: { message: 'the configmap contains unwanted key and value' },
  }));
const marksStages = () => {
  for (const stage of ['1', '2']) {
    hook.on(`/stage-${stage}`, ({ request: { object } }) => {
      const needed = stage === '1' ? object.data?.['mutation-start'] : object.data?.['mutation-stage-1'];
      return needed ? patchOf([{ op: 'add', path: `/data/mutation-stage-${stage}`, value: 'yes' }]) : { allowed: true };
    });
  }
};

it('[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] should be able to deny pod and configmap creation [Conformance]', async () => {
  refusesUnwanted();
  hook.on('/deny-pods', () => ({ allowed: false, status: { message: 'the pod contains unwanted container name' } }));
  const podRule = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] };
  await register('validating', [webhookAt('/deny'), webhookAt('/deny-pods', { rules: [podRule] })]);
  await isRefused(world.post(`/api/v1/namespaces/${namespace}/pods`, pod('a')), /unwanted container name/);
  await isRefused(world.post(configMaps(), configMap('a', { 'webhook-e2e-test': 'webhook-disallow' })), /unwanted key/);
  await world.post(configMaps(), configMap('b', { 'webhook-e2e-test': 'webhook-allow' }));
  const unwanted = { data: { 'webhook-e2e-test': 'webhook-disallow' } };
  await isRefused(world.patch(`${configMaps()}/b`, unwanted), /unwanted key/);
  await isRefused(
    world.update(`${configMaps()}/b`, (object) => ({ ...object, ...unwanted })),
    /unwanted key/,
  );
});

it('[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] should be able to deny attaching pod [Conformance]', async () => {
  hook.on('/attach', ({ request }) => ({
    allowed: request.kind.kind !== 'PodAttachOptions',
    status: { message: `attaching to pod '${request.name}' is not allowed` },
  }));
  const rules = [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CONNECT'], resources: ['pods/attach'] }];
  await register('validating', [webhookAt('/attach', { rules })]);
  const attach = `/api/v1/namespaces/${namespace}/pods/p/attach?container=c&stdin=true`;
  await isRefused(world.post(attach, undefined), /attaching to pod 'p' is not allowed/);
});

it('[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] should unconditionally reject operations on fail closed webhook [Conformance]', async () => {
  const nobody = { clientConfig: { service: { namespace, name: 'not-there', path: '/x' } }, failurePolicy: 'Fail' };
  await register('validating', [webhookAt('/closed', nobody)]);
  await isRefused(world.post(configMaps(), configMap('a')), /failed calling webhook .*service "not-there" not found/);
});

it('[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] should mutate configmap [Conformance]', async () => {
  marksStages();
  await register('mutating', [webhookAt('/stage-1'), webhookAt('/stage-2')]);
  const { data } = await world.post(configMaps(), configMap('a', { 'mutation-start': 'yes' }));
  assert.deepEqual(data, { 'mutation-start': 'yes', 'mutation-stage-1': 'yes', 'mutation-stage-2': 'yes' });
});

it('[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] should mutate pod and apply defaults after mutation [Conformance]', async () => {
  const init = { name: 'webhook-added-init-container', image: 'registry.example.com/init' };
  hook.on('/init', () => patchOf([{ op: 'add', path: '/spec/initContainers', value: [init] }]));
  const rules = [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }];
  await register('mutating', [webhookAt('/init', { rules })]);
  const created = await world.post(`/api/v1/namespaces/${namespace}/pods`, pod('a'));
  assert.equal(at(created, 'spec.initContainers.0.name'), init.name);
  assert.equal(at(created, 'spec.initContainers.0.terminationMessagePolicy'), 'File');
});

it("[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] should mutate everything except 'skip-me' configmaps [Conformance]", async () => {
  hook.on('/all', () => patchOf([{ op: 'add', path: '/data/mutated', value: 'yes' }]));
  const matchConditions = [{ name: 'skip', expression: "object.metadata.name != 'skip-me'" }];
  await register('mutating', [webhookAt('/all', { matchConditions })]);
  assert.equal(at(await world.post(configMaps(), configMap('skip-me', { a: 'b' })), 'data.mutated'), undefined);
  assert.equal(at(await world.post(configMaps(), configMap('mutate-me', { a: 'b' })), 'data.mutated'), 'yes');
});

it('[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] should not be able to mutate or prevent deletion of webhook configuration objects [Conformance]', async () => {
  hook.on('/never', () => ({ allowed: false }));
  hook.on('/change', () => patchOf([{ op: 'add', path: '/metadata/labels', value: { changed: 'yes' } }]));
  const resources = ['validatingwebhookconfigurations', 'mutatingwebhookconfigurations'];
  const rules = [{ apiGroups: ['admissionregistration.k8s.io'], apiVersions: ['*'], operations: ['*'], resources }];
  await register('validating', [webhookAt('/never', { rules, namespaceSelector: {} })]);
  await register('mutating', [webhookAt('/change', { rules, namespaceSelector: {} })]);
  for (const type of ['mutating', 'validating'] as const) {
    const created = await world.post(collectionOf(type), { metadata: { generateName: 'e2e-' }, webhooks: [] });
    assert.equal(at(created, 'metadata.labels'), undefined);
    await world.delete(`${collectionOf(type)}/${nameOf(created)}`);
  }
});

it('[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] should deny crd creation [Conformance]', async () => {
  hook.on('/crd', ({ request: { object } }) => ({
    allowed: object.metadata.labels?.['webhook-e2e-test'] !== 'webhook-disallow',
    status: { message: 'the crd contains unwanted label' },
  }));
  const resources = ['customresourcedefinitions'];
  const rules = [{ apiGroups: ['apiextensions.k8s.io'], apiVersions: ['*'], operations: ['CREATE'], resources }];
  await register('validating', [webhookAt('/crd', { rules })]);
  const names = { plural: 'guests', singular: 'guest', kind: 'Guest', listKind: 'GuestList' };
  const schema = { openAPIV3Schema: { type: 'object' } };
  const definition = {
    metadata: { name: 'guests.e2e.example.com', labels: { 'webhook-e2e-test': 'webhook-disallow' } },
    spec: {
      ...{ group: 'e2e.example.com', scope: 'Namespaced', names },
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    },
  };
  const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  await isRefused(world.post(path, definition), /unwanted label/);
});

it('[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] should honor timeout [Conformance]', async () => {
  hook.onRaw('/slow', (response, request) => {
    request.resume();
    response.on('close', () => response.destroy());
  });
  const slow = (more: Json) => register('validating', [webhookAt('/slow', more)]);
  await slow({ timeoutSeconds: 1, failurePolicy: 'Fail' });
  await isRefused(world.post(configMaps(), configMap('a')), /slow\?timeout=1s": context deadline exceeded/);
  await world.delete(made.pop() ?? '');
  await slow({ timeoutSeconds: 1, failurePolicy: 'Ignore' });
  await world.post(configMaps(), configMap('a'));
});

async function changesWithItsConfiguration(type: Type): Promise<void> {
  refusesUnwanted();
  marksStages();
  const path = await register(type, [webhookAt(type === 'validating' ? '/deny' : '/stage-1')]);
  let count = 0;
  const isJudged = async (): Promise<boolean> => {
    count += 1;
    const data = { 'mutation-start': 'yes', 'webhook-e2e-test': 'webhook-disallow' };
    try {
      return at(await world.post(configMaps(), configMap(`c${count}`, data)), 'data.mutation-stage-1') === 'yes';
    } catch (error) {
      if (error instanceof StatusError && /unwanted key/.test(error.message)) return true;
      throw error;
    }
  };
  assert.equal(await isJudged(), true);
  const rulesFor = (operations: readonly string[]) => (object: Json) => ({
    ...object,
    webhooks: [webhookAt(type === 'validating' ? '/deny' : '/stage-1', { rules: [{ ...configMapRule, operations }] })],
  });
  await world.update(path, rulesFor(['UPDATE']));
  assert.equal(await isJudged(), false);
  await world.patch(path, [{ op: 'replace', path: '/webhooks/0/rules/0/operations', value: ['CREATE'] }], 'json');
  assert.equal(await isJudged(), true);
}

it('[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] patching/updating a validating webhook should work [Conformance]', () =>
  changesWithItsConfiguration('validating'));

it('[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] patching/updating a mutating webhook should work [Conformance]', () =>
  changesWithItsConfiguration('mutating'));

async function goesWithItsCollection(type: Type): Promise<void> {
  refusesUnwanted();
  marksStages();
  const labels = { 'e2e-list-test': namespace };
  for (let i = 0; i < 3; i += 1)
    await register(type, [webhookAt(type === 'validating' ? '/deny' : '/stage-1')], labels);
  const selected = `${collectionOf(type)}?labelSelector=e2e-list-test=${namespace}`;
  assert.equal((await world.list(selected)).length, 3);
  const data = { 'mutation-start': 'yes', 'webhook-e2e-test': 'webhook-disallow' };
  const asked = world.post(configMaps(), configMap('a', data));
  if (type === 'validating') await isRefused(asked, /unwanted key/);
  else assert.equal(at(await asked, 'data.mutation-stage-1'), 'yes');
  await world.delete(selected);
  made = [];
  assert.equal(at(await world.post(configMaps(), configMap('b', data)), 'data.mutation-stage-1'), undefined);
}

it('[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] listing validating webhooks should work [Conformance]', () =>
  goesWithItsCollection('validating'));

it('[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] listing mutating webhooks should work [Conformance]', () =>
  goesWithItsCollection('mutating'));
