/** What the conformance suite asks of admission policies that act. */

import assert from 'node:assert/strict';
import { after, before, beforeEach, it } from 'node:test';
import { StatusError } from '../../api/status-error.ts';
import { at, type Json, nameOf } from './api-user.ts';
import { World } from './world.ts';

let world: World;
let namespace: string;

before(async () => {
  world = await World.start();
});
after(() => world.stop());
beforeEach(async () => {
  namespace = await world.namespace();
});

const root = '/apis/admissionregistration.k8s.io/v1';
const matchConstraints = {
  resourceRules: [{ apiGroups: ['apps'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['deployments'] }],
};

async function bind(type: 'validating' | 'mutating', spec: Json, binding: Json = {}): Promise<void> {
  const policies = `${root}/${type}admissionpolicies`;
  const policyName = nameOf(
    await world.post(policies, { metadata: { generateName: 'e2e-' }, spec: { matchConstraints, ...spec } }),
  );
  const matchResources = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } } };
  await world.post(`${root}/${type}admissionpolicybindings`, {
    metadata: { name: policyName },
    spec: { policyName, matchResources, ...binding },
  });
}

function createDeployment(name: string, replicas: number, metadata: Json = {}): Promise<Json> {
  const labels = { app: name };
  const template = { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'registry.example.com/app' }] } };
  const spec = { replicas, selector: { matchLabels: labels }, template };
  return world.post(`/apis/apps/v1/namespaces/${namespace}/deployments`, { metadata: { name, ...metadata }, spec });
}

const isDenied = (why: RegExp) => (error: unknown) => {
  assert.ok(error instanceof StatusError, String(error));
  assert.match(error.message, why);
  return true;
};

it('[sig-api-machinery] ValidatingAdmissionPolicy [Privileged:ClusterAdmin] should validate against a Deployment [Conformance]', async () => {
  const validations = [
    {
      expression: 'object.spec.replicas > 1',
      messageExpression: "'wants replicas > 1, got ' + string(object.spec.replicas)",
    },
    {
      expression: 'namespaceObject.metadata.name == object.metadata.namespace',
      message: 'Internal error! Other namespace.',
    },
  ];
  await bind('validating', { validations }, { validationActions: ['Deny'] });
  await assert.rejects(createDeployment('few', 1), isDenied(/denied request: wants replicas > 1, got 1$/));
  await createDeployment('enough', 2);
});

it('[sig-api-machinery] ValidatingAdmissionPolicy [Privileged:ClusterAdmin] should allow expressions to refer variables. [Conformance]', async () => {
  const variables = [
    { name: 'replicas', expression: 'object.spec.replicas' },
    { name: 'oddReplicas', expression: 'variables.replicas % 2 == 1' },
  ];
  const validations = [{ expression: 'variables.replicas > 1' }, { expression: 'variables.oddReplicas' }];
  await bind('validating', { variables, validations }, { validationActions: ['Deny'] });
  await assert.rejects(createDeployment('one', 1), isDenied(/failed expression: variables.replicas > 1$/));
  await assert.rejects(createDeployment('even', 4), isDenied(/failed expression: variables.oddReplicas$/));
  await createDeployment('odd', 3);
});

const mutation = (expression: string) => ({
  reinvocationPolicy: 'Never',
  mutations: [{ patchType: 'ApplyConfiguration', applyConfiguration: { expression } }],
});

it('[sig-api-machinery] MutatingAdmissionPolicy [Privileged:ClusterAdmin] should mutate a Deployment [Conformance]', async () => {
  await bind('mutating', mutation('Object{spec: Object.spec{replicas: object.spec.replicas + 5}}'));
  assert.equal(at(await createDeployment('more', 1), 'spec.replicas'), 6);
});

it('[sig-api-machinery] MutatingAdmissionPolicy [Privileged:ClusterAdmin] should mutate a Deployment with annotations [Conformance]', async () => {
  await bind('mutating', mutation("Object{metadata: Object.metadata{annotations: {'my-annotation': 'my-value'}}}"));
  const { metadata } = await createDeployment('noted', 1, { annotations: { own: 'kept' } });
  assert.deepEqual(at(metadata, 'annotations'), { own: 'kept', 'my-annotation': 'my-value' });
});
