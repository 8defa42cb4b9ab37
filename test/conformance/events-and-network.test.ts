/** What the conformance suite asks of events and of Services as objects. */

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

const root = async (): Promise<string> => `/api/v1/namespaces/${await world.namespace()}`;
const involvedObject = (path: string): Json => ({
  namespace: path.split('/')[4],
  kind: 'Pod',
  name: 'web',
  uid: 'u',
  apiVersion: 'v1',
});
const coreEvent = (name: string, path: string): Json => ({
  metadata: { name, labels: { 'testevent-set': 'true' } },
  message: 'This is a test event',
  reason: 'Test',
  type: 'Normal',
  count: 1,
  involvedObject: involvedObject(path),
});

it('[sig-instrumentation] Events should manage the lifecycle of an event [Conformance]', async () => {
  const path = `${await root()}/events`;
  const one = `${path}/event-test`;
  await world.post(path, coreEvent('event-test', path));
  const everywhere = await world.list('/api/v1/events?labelSelector=testevent-set%3Dtrue');
  assert.deepEqual(everywhere.map(nameOf), ['event-test']);
  await world.patch(one, { message: 'This is a test event - patched' }, 'strategic');
  assert.equal((await world.get(one)).message, 'This is a test event - patched');
  const series = { count: 100, lastObservedTime: '2026-01-01T00:00:00.505050Z' };
  await world.update(one, (object) => ({ ...object, series }));
  assert.deepEqual((await world.get(one)).series, series);
  await world.delete(one);
  await world.isGone(one);
});

it('[sig-instrumentation] Events should delete a collection of events [Conformance]', async () => {
  const path = `${await root()}/events`;
  for (const name of ['test-event-1', 'test-event-2', 'test-event-3']) await world.post(path, coreEvent(name, path));
  const selected = `${path}?labelSelector=testevent-set%3Dtrue`;
  assert.equal((await world.list(selected)).length, 3);
  await world.delete(selected);
  assert.equal((await world.list(selected)).length, 0);
});

const newEvent = (name: string, path: string): Json => ({
  metadata: { name, labels: { 'testevent-constant': 'true' } },
  action: 'Do',
  reason: 'Test',
  note: 'This is a test event',
  type: 'Normal',
  regarding: { ...involvedObject(path), namespace: path.split('/')[5] },
  eventTime: '2026-01-01T00:00:00.505050Z',
  reportingController: 'test-controller',
  reportingInstance: 'test-node',
});
const newEventsPath = async (): Promise<string> =>
  `/apis/events.k8s.io/v1/namespaces/${await world.namespace()}/events`;

it('[sig-instrumentation] Events API should ensure that an event can be fetched, patched, deleted, and listed [Conformance]', async () => {
  const path = await newEventsPath();
  const one = `${path}/event-test`;
  await world.post(path, newEvent('event-test', path));
  assert.deepEqual((await world.list(path)).map(nameOf), ['event-test']);
  assert.ok((await world.list('/apis/events.k8s.io/v1/events')).some((object) => nameOf(object) === 'event-test'));
  // One store, two shapes.
  const core = await world.list(`${path.replace('/apis/events.k8s.io/v1', '/api/v1')}?fieldSelector=reason%3DTest`);
  assert.deepEqual(
    core.map(({ message }) => message),
    ['This is a test event'],
  );
  const series = { count: 2, lastObservedTime: '2026-01-01T00:00:01.505050Z' };
  await world.patch(one, { series }, 'strategic');
  assert.deepEqual((await world.get(one)).series, series);
  await world.update(one, (object) => ({ ...object, series: { ...series, count: 100 } }));
  const stored = await world.get(one);
  assert.equal(at(stored, 'series.count'), 100);
  assert.equal(stored.eventTime, '2026-01-01T00:00:00.505050Z');
  await world.delete(one);
  assert.deepEqual(await world.list(path), []);
});

it('[sig-instrumentation] Events API should delete a collection of events [Conformance]', async () => {
  const path = await newEventsPath();
  for (const name of ['test-event-1', 'test-event-2', 'test-event-3']) await world.post(path, newEvent(name, path));
  const selected = `${path}?labelSelector=testevent-constant%3Dtrue`;
  assert.equal((await world.list(selected)).length, 3);
  await world.delete(selected);
  assert.equal((await world.list(selected)).length, 0);
});

it('[sig-network] API Server should provide secure master service [Conformance]', async () => {
  const service = await world.get('/api/v1/namespaces/default/services/kubernetes');
  assert.ok((at(service, 'spec.ports') as Json[]).some(({ port }) => port === 443));
});

it('[sig-network] API Server should have Endpoints and EndpointSlices pointing to API Server [Conformance]', async () => {
  await world.get('/api/v1/namespaces/default/services/kubernetes');
  const endpoints = await world.get('/api/v1/namespaces/default/endpoints/kubernetes');
  const subset = at(endpoints, 'subsets.0');
  const slices = await world.list(
    '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices?labelSelector=kubernetes.io/service-name%3Dkubernetes',
  );
  assert.equal(slices.length, 1);
  assert.equal(at(slices[0], 'endpoints.0.addresses.0'), at(subset, 'addresses.0.ip'));
  assert.equal(at(slices[0], 'ports.0.port'), at(subset, 'ports.0.port'));
});

it('[sig-network] Services should find a service from listing all namespaces [Conformance]', async () => {
  const all = await world.list('/api/v1/services');
  assert.ok(all.some((one) => nameOf(one) === 'kubernetes' && at(one, 'metadata.namespace') === 'default'));
});

it('[sig-network] Endpoints should test the lifecycle of an Endpoint [Conformance]', async () => {
  const path = `${await root()}/endpoints`;
  const one = `${path}/testservice`;
  const subsets = (ip: string, port: number): Json[] => [
    { addresses: [{ ip }], ports: [{ name: 'http', port, protocol: 'TCP' }] },
  ];
  const watch = await world.watch(`${path}?labelSelector=test-endpoint-static%3Dtrue`);
  const metadata = { name: 'testservice', labels: { 'test-endpoint-static': 'true' } };
  await world.post(path, { metadata, subsets: subsets('10.0.0.24', 80) });
  await watch.seen('ADDED');
  assert.equal((await world.list('/api/v1/endpoints?labelSelector=test-endpoint-static%3Dtrue')).length, 1);
  await world.update(one, (object) => ({
    ...object,
    metadata: { ...(object.metadata as Json), labels: { ...metadata.labels, updated: 'true' } },
  }));
  await watch.seen('MODIFIED', (object) => at(object, 'metadata.labels.updated') === 'true');
  await world.patch(one, { subsets: subsets('10.0.0.25', 8080) }, 'strategic');
  await watch.seen('MODIFIED', (object) => at(object, 'subsets.0.addresses.0.ip') === '10.0.0.25');
  assert.equal(at(await world.get(one), 'subsets.0.ports.0.port'), 8080);
  await world.delete(`${path}?labelSelector=test-endpoint-static%3Dtrue`);
  await watch.seen('DELETED');
  await world.isGone(one);
});

const aService = (name: string, labels: Json, spec: Json = {}): Json => ({
  metadata: { name, labels },
  spec: { ports: [{ name: 'http', protocol: 'TCP', port: 80, targetPort: 80 }], ...spec },
});

it('[sig-network] Services should complete a service status lifecycle [Conformance]', async () => {
  const path = `${await root()}/services`;
  const one = `${path}/test-service`;
  const watch = await world.watch(`${path}?labelSelector=test-service-static%3Dtrue`);
  await world.post(path, aService('test-service', { 'test-service-static': 'true' }, { type: 'LoadBalancer' }));
  await watch.seen('ADDED');
  assert.deepEqual(at(await world.get(`${one}/status`), 'status'), { loadBalancer: {} });
  const patch = {
    metadata: { annotations: { patchedstatus: 'true' } },
    status: { loadBalancer: { ingress: [{ ip: '203.0.113.1' }] } },
  };
  await world.patch(`${one}/status`, patch);
  await watch.seen('MODIFIED', (object) => at(object, 'status.loadBalancer.ingress.0.ip') === '203.0.113.1');
  const condition = {
    type: 'StatusUpdate',
    status: 'True',
    reason: 'E2E',
    message: 'Set from e2e test',
    lastTransitionTime: '2026-01-01T00:00:00Z',
  };
  await world.update(`${one}/status`, (object) => ({
    ...object,
    status: { ...(object.status as Json), conditions: [condition] },
  }));
  await watch.seen('MODIFIED', (object) => at(object, 'status.conditions.0.reason') === 'E2E');
  await world.patch(one, { metadata: { labels: { 'test-service': 'patched' } } }, 'strategic');
  await watch.seen('MODIFIED', (object) => at(object, 'metadata.labels.test-service') === 'patched');
  const updated = await world.update(one, (object) => withAnnotation(object, 'updated'));
  assert.equal(at(updated, 'status.loadBalancer.ingress.0.ip'), '203.0.113.1');
  await world.delete(one);
  await watch.seen('DELETED');
});

it('[sig-network] Services should delete a collection of services [Conformance]', async () => {
  const path = `${await root()}/services`;
  for (const name of ['e2e-svc-a', 'e2e-svc-b'])
    await world.post(path, aService(name, { 'e2e-test-service': 'delete' }));
  await world.post(path, aService('e2e-svc-c', { 'e2e-test-service': 'retain' }));
  assert.equal((await world.list(path)).length, 3);
  await world.delete(`${path}?labelSelector=e2e-test-service%3Ddelete`);
  assert.deepEqual((await world.list(path)).map(nameOf), ['e2e-svc-c']);
});
