/** Writes as the API server takes them: what is the same, what is kept, and in which words it refuses. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { namespaces } from '../../api/resources/core.ts';
import { StatusError } from '../../api/status-error.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

let server: TestApiServer;
const namespace = 'writes';
before(async () => {
  server = await startTestApiServer();
  await server.client.create(namespaces, { metadata: { name: namespace } });
});
after(() => server.stop());

interface Answer {
  readonly code: number;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the server said, to be looked into by the test
  readonly json: any;
}

async function send(method: string, path: string, body?: unknown, contentType = 'application/json'): Promise<Answer> {
  try {
    const { code, text } = await server.client.raw(method, path.replace('{ns}', namespace), {
      ...(body !== undefined && { body }),
      headers: { 'content-type': contentType },
    });
    return { code, json: JSON.parse(text) };
  } catch (error) {
    if (error instanceof StatusError) return { code: error.code, json: error.status };
    throw error;
  }
}

const pod = (name: string, container: object = {}) => ({
  metadata: { name },
  spec: { automountServiceAccountToken: false, containers: [{ name: 'app', image: 'img:1', ...container }] },
});

describe('objects that mean the same', () => {
  it('may spell ephemeral containers in another order', async () => {
    const pods = '/api/v1/namespaces/{ns}/pods';
    await send('POST', pods, pod('debugged'));
    const { json: made } = await send('GET', `${pods}/debugged`);
    const first = { name: 'one', image: 'img:2', securityContext: { runAsUser: 1, privileged: false } };
    const path = `${pods}/debugged/ephemeralcontainers`;
    const { json: once } = await send('PUT', path, { ...made, spec: { ...made.spec, ephemeralContainers: [first] } });
    const [stored] = once.spec.ephemeralContainers;
    const reordered = Object.fromEntries(Object.entries(stored).reverse());
    const second = { name: 'two', image: 'img:2' };
    const ephemeralContainers = [reordered, second];
    const twice = await send('PUT', path, { ...once, spec: { ...once.spec, ephemeralContainers } });
    assert.equal(twice.code, 200, twice.json.message);
    assert.deepEqual(
      twice.json.spec.ephemeralContainers.map(({ name }: { name: string }) => name),
      ['one', 'two'],
    );
    const changed = [{ ...stored, image: 'img:3' }, second];
    const refused = await send('PUT', path, {
      ...twice.json,
      spec: { ...twice.json.spec, ephemeralContainers: changed },
    });
    assert.equal(refused.code, 422);
  });

  it('are no new generation when an amount is spelled otherwise', async () => {
    const replicaSets = '/apis/apps/v1/namespaces/{ns}/replicasets';
    const replicaSet = (memory: string) => ({
      metadata: { name: 'amounts' },
      spec: {
        selector: { matchLabels: { app: 'x' } },
        template: {
          metadata: { labels: { app: 'x' } },
          spec: { containers: [{ name: 'app', image: 'img:1', resources: { limits: { memory } } }] },
        },
      },
    });
    await send('POST', replicaSets, replicaSet('1Gi'));
    const same = await send('PUT', `${replicaSets}/amounts`, replicaSet('1073741824'));
    assert.equal(same.json.metadata.generation, 1);
    const changed = await send('PUT', `${replicaSets}/amounts`, replicaSet('2Gi'));
    assert.equal(changed.json.metadata.generation, 2);
  });
});

describe('the network of Services', () => {
  it('is there from the start, and ready', async () => {
    const { json } = await send('GET', '/apis/networking.k8s.io/v1/servicecidrs/kubernetes');
    assert.deepEqual(json.spec, { cidrs: ['10.96.0.0/16'] });
    assert.deepEqual(json.metadata.finalizers, ['networking.k8s.io/service-cidr-finalizer']);
    const [{ lastTransitionTime, ...ready }] = json.status.conditions;
    assert.match(lastTransitionTime, /^\d{4}-/);
    const message = 'Kubernetes default Service CIDR is ready';
    assert.deepEqual(ready, { type: 'Ready', status: 'True', reason: '', message });
  });
});

describe('server-side apply', () => {
  it('makes no object for a configuration that names the uid of another', async () => {
    const uid = '11111111-1111-4111-8111-111111111111';
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'gone', uid } };
    const path = '/api/v1/namespaces/{ns}/configmaps/gone?fieldManager=a';
    const { code, json } = await send('PATCH', path, body, 'application/apply-patch+yaml');
    assert.equal(code, 409);
    assert.match(
      json.message,
      /uid mismatch: the provided object specified uid 1{8}-.*, and no existing object was found$/,
    );
  });
});

describe('a PUT of what is not there', () => {
  it('makes the kinds that upstream makes, and no other', async () => {
    const limits = { metadata: { name: 'limits' }, spec: { limits: [{ type: 'Pod', max: { cpu: '1' } }] } };
    assert.equal((await send('PUT', '/api/v1/namespaces/{ns}/limitranges/limits', limits)).code, 201);
    const storageClass = { metadata: { name: 'fast' }, provisioner: 'example.com/fast' };
    assert.equal((await send('PUT', '/apis/storage.k8s.io/v1/storageclasses/fast', storageClass)).code, 404);
  });
});

describe('a field that may not be updated', () => {
  it('is refused: the external id of a node', async () => {
    await send('POST', '/api/v1/nodes', { metadata: { name: 'node' } });
    const path = '/api/v1/nodes/node';
    const { code, json } = await send('PATCH', path, { spec: { externalID: 'x' } }, 'application/merge-patch+json');
    assert.equal(code, 422);
    assert.deepEqual(json.details.causes, [
      { field: 'spec.externalID', reason: 'FieldValueForbidden', message: 'Forbidden: may not be updated' },
    ]);
  });
});

describe('a Service that is no load balancer any more', () => {
  it('loses the addresses that its balancer had', async () => {
    const path = '/api/v1/namespaces/{ns}/services';
    const merge = 'application/merge-patch+json';
    await send('POST', path, { metadata: { name: 'lb' }, spec: { type: 'LoadBalancer', ports: [{ port: 80 }] } });
    const status = { loadBalancer: { ingress: [{ ip: '192.0.2.9' }] } };
    const shown = await send('PATCH', `${path}/lb/status`, { status }, merge);
    assert.equal(shown.json.status.loadBalancer.ingress[0].ip, '192.0.2.9');
    const { json } = await send('PATCH', `${path}/lb`, { spec: { type: 'ClusterIP' } }, merge);
    assert.deepEqual(json.status, { loadBalancer: {} });
  });
});

describe('an empty namespace in a path', () => {
  it('does not mean all of them', async () => {
    const secrets = '/api/v1/namespaces/{ns}/secrets';
    await send('POST', secrets, { metadata: { name: 'kept' } });
    for (const method of ['DELETE', 'GET', 'POST', 'PUT', 'PATCH']) {
      const { code } = await send(method, '/api/v1/namespaces//secrets', method === 'GET' ? undefined : {});
      assert.equal(code, 404, method);
    }
    assert.equal((await send('GET', `${secrets}/kept`)).code, 200);
  });
});

describe('a binding', () => {
  const spec = { containers: [{ name: 'c', image: 'x', resources: { limits: { cpu: '1' } } }] };
  const path = '/api/v1/namespaces/{ns}';
  const target = { apiVersion: 'v1', kind: 'Node', name: 'n1' };
  const mirror = 'kubernetes.io/config.mirror';

  it('makes no mirror pod of one that is none', async () => {
    const made = await send('POST', `${path}/pods`, { metadata: { name: 'plain' }, spec });
    assert.equal(made.code, 201, JSON.stringify(made.json));
    const metadata = { name: 'plain', annotations: { [mirror]: 'x', note: 'kept' } };
    for (const where of ['pods/plain/binding', 'bindings']) {
      const { code, json } = await send('POST', `${path}/${where}`, { metadata, target });
      assert.equal(code, 422, where);
      assert.match(json.message, /may not add mirror pod annotation/);
    }
    assert.equal((await send('GET', `${path}/pods/plain`)).json.spec.nodeName, undefined);
    const bound = await send('POST', `${path}/bindings`, {
      metadata: { name: 'plain', annotations: { note: 'x' } },
      target,
    });
    assert.equal(bound.code, 201);
    assert.deepEqual((await send('GET', `${path}/pods/plain`)).json.metadata.annotations, { note: 'x' });
  });

  it('leaves the owners of the fields as they are', async () => {
    const { code, json: made } = await send('POST', `${path}/pods`, { metadata: { name: 'owned' }, spec });
    assert.equal(code, 201, JSON.stringify(made));
    const bound = await send('POST', `${path}/pods/owned/binding`, { metadata: { name: 'owned' }, target });
    assert.equal(bound.code, 201);
    const { json } = await send('GET', `${path}/pods/owned`);
    assert.equal(json.spec.nodeName, 'n1');
    assert.deepEqual(json.metadata.managedFields, made.metadata.managedFields);
  });
});
