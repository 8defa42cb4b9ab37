/** What the conformance suite asks of the kinds of admission and of definitions as objects: nothing is called yet. */

import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { at, type Json } from './api-user.ts';
import { World } from './world.ts';

let world: World;
before(async () => {
  world = await World.start();
});
after(() => world.stop());

const root = '/apis/admissionregistration.k8s.io/v1';

/** `/apis`, the group and the version all say that these resources are there. */
async function areDiscovered(group: string, resources: readonly string[]): Promise<void> {
  const groupVersion = `${group}/v1`;
  const { groups } = await world.get('/apis');
  const listed = (groups as Json[]).find(({ name }) => name === group);
  for (const document of [listed, await world.get(`/apis/${group}`)]) {
    const served = (document?.versions as Json[] | undefined) ?? [];
    assert.ok(served.some((one) => one.version === 'v1' && one.groupVersion === groupVersion));
  }
  const list = await world.get(`/apis/${groupVersion}`);
  assert.equal(list.groupVersion, groupVersion);
  const names = (list.resources as Json[]).map(({ name }) => name);
  for (const resource of resources) assert.ok(names.includes(resource), resource);
}

it('[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] should include webhook resources in discovery documents [Conformance]', () =>
  areDiscovered('admissionregistration.k8s.io', ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations']));

it('[sig-api-machinery] CustomResourceDefinition resources [Privileged:ClusterAdmin] should include custom resource definition resources in discovery documents [Conformance]', () =>
  areDiscovered('apiextensions.k8s.io', ['customresourcedefinitions']));

const webhook = (matchConditions: readonly Json[]): Json => ({
  name: 'conditions.k8s.io',
  clientConfig: { service: { namespace: 'default', name: 'e2e-test-webhook', path: '/configmaps', port: 8443 } },
  rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] }],
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
  matchConditions,
});
const configuration = (name: string, matchConditions: readonly Json[]): Json => ({
  metadata: { name },
  webhooks: [webhook(matchConditions)],
});

async function keepsMatchConditions(plural: string): Promise<void> {
  const path = `${root}/${plural}`;
  const first = [{ name: 'expression-1', expression: "object.metadata.namespace == 'production'" }];
  await world.post(path, configuration('conditions', first));
  assert.deepEqual(at(await world.get(`${path}/conditions`), 'webhooks.0.matchConditions'), first);
  const second = [
    ...first,
    { name: 'expression-2', expression: "object.metadata.namespace == 'staging'" },
    { name: 'expression-3', expression: 'object.metadata.name.startsWith("a")' },
  ];
  await world.update(`${path}/conditions`, (object) => ({ ...object, webhooks: [webhook(second)] }));
  assert.deepEqual(at(await world.get(`${path}/conditions`), 'webhooks.0.matchConditions'), second);
  await world.delete(`${path}/conditions`);
  await world.isGone(`${path}/conditions`);
}

it('[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] should be able to create and update mutating webhook configurations with match conditions [Conformance]', () =>
  keepsMatchConditions('mutatingwebhookconfigurations'));

it('[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] should be able to create and update validating webhook configurations with match conditions [Conformance]', () =>
  keepsMatchConditions('validatingwebhookconfigurations'));

async function refusesMatchConditions(plural: string): Promise<void> {
  const path = `${root}/${plural}`;
  const wrong = [{ name: 'invalid-expression-1', expression: '... [] bad expression' }];
  await assert.rejects(world.post(path, configuration('invalid', wrong)), { code: 422, message: /compilation failed/ });
  await world.isGone(`${path}/invalid`);
}

it('[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] should reject mutating webhook configurations with invalid match conditions [Conformance]', () =>
  refusesMatchConditions('mutatingwebhookconfigurations'));

it('[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin] should reject validating webhook configurations with invalid match conditions [Conformance]', () =>
  refusesMatchConditions('validatingwebhookconfigurations'));
