/** What the conformance suite asks of pods from their creation to their end, and of runtime classes. */

import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { at, type Json, nameOf } from '../../../conformance/api-user.ts';
import { eventually } from '../../../support/eventually.ts';
import { type ClusterWorld, isReady, podsOf, scriptPod, sleep } from '../cluster-world.ts';
import type { SharedCluster } from '../shared-cluster.ts';

export function lives(cluster: SharedCluster): void {
  let world: ClusterWorld;
  let namespace: string;
  let path: string;
  before(async () => {
    ({ world, namespace } = await cluster.enter());
    path = podsOf(namespace);
  });

  const labelled = (name: string, more: { spec?: Json; container?: Json } = {}): Json =>
    scriptPod(name, sleep, { labels: { name }, ...more });
  const selected = (name: string): string => `${path}?labelSelector=name%3D${name}`;

  it('[sig-node] Pods should get a host IP [Conformance] [NodeConformance]', async () => {
    const pod = await world.startPod(namespace, labelled('hosted'));
    const { items } = await world.get('/api/v1/nodes');
    const addresses = (items as Json[]).flatMap(({ status }) => at(status, 'addresses') as Json[]);
    const hostIp = at(pod, 'status.hostIP');
    assert.ok(
      addresses.some(({ type, address }) => type === 'InternalIP' && address === hostIp),
      String(hostIp),
    );
  });

  it('[sig-node] Pods should be submitted and removed [Conformance] [NodeConformance]', async () => {
    assert.deepEqual(await world.list(selected('removed')), []);
    const watch = await world.watch(selected('removed'));
    await world.post(
      path,
      scriptPod('removed', 'trap "exit 0" TERM; while :; do sleep 0.1; done', { labels: { name: 'removed' } }),
    );
    await watch.seen('ADDED');
    assert.equal((await world.list(selected('removed'))).length, 1);
    await world.until(`${path}/removed`, 'is ready', isReady);
    await world.delete(`${path}/removed`, { gracePeriodSeconds: 30 });
    await watch.seen('MODIFIED', (object) => at(object, 'metadata.deletionTimestamp') !== undefined);
    const { object } = await watch.seen('DELETED');
    assert.ok(at(object, 'metadata.deletionTimestamp'));
    assert.deepEqual(await world.list(selected('removed')), []);
  });

  it('[sig-node] Pods should be updated [Conformance] [NodeConformance]', async () => {
    await world.startPod(namespace, labelled('updated'));
    await world.update(`${path}/updated`, (object) => {
      const metadata = object.metadata as Json;
      return { ...object, metadata: { ...metadata, labels: { ...(metadata.labels as Json), time: 'later' } } };
    });
    assert.deepEqual((await world.list(`${path}?labelSelector=time%3Dlater`)).map(nameOf), ['updated']);
  });

  it('[sig-node] Pods should allow activeDeadlineSeconds to be updated [Conformance] [NodeConformance]', async () => {
    await world.startPod(namespace, labelled('deadline'));
    await world.update(`${path}/deadline`, (object) => ({
      ...object,
      spec: { ...(object.spec as Json), activeDeadlineSeconds: 2 },
    }));
    const pod = await world.until(
      `${path}/deadline`,
      'has failed',
      (object) => at(object, 'status.phase') === 'Failed',
    );
    assert.equal(at(pod, 'status.reason'), 'DeadlineExceeded');
  });

  it('[sig-node] Pods should contain environment variables for services [Conformance] [NodeConformance]', async () => {
    await world.startPod(namespace, labelled('server'));
    const service = await world.post(`/api/v1/namespaces/${namespace}/services`, {
      metadata: { name: 'fooservice' },
      spec: { selector: { name: 'server' }, ports: [{ port: 8765, targetPort: 8080 }] },
    });
    const { log } = await world.runPod(namespace, scriptPod('client-envvars', 'env'));
    const lines = log.split('\n');
    const ip = at(service, 'spec.clusterIP');
    for (const line of [
      `FOOSERVICE_SERVICE_HOST=${ip}`,
      'FOOSERVICE_SERVICE_PORT=8765',
      `FOOSERVICE_PORT=tcp://${ip}:8765`,
      'FOOSERVICE_PORT_8765_TCP_PORT=8765',
      'FOOSERVICE_PORT_8765_TCP_PROTO=tcp',
      `FOOSERVICE_PORT_8765_TCP=tcp://${ip}:8765`,
      `FOOSERVICE_PORT_8765_TCP_ADDR=${ip}`,
    ]) {
      assert.ok(lines.includes(line), `${line} in:\n${log}`);
    }
  });

  it('[sig-node] Pods should delete a collection of pods [Conformance]', async () => {
    const names = ['test-pod-1', 'test-pod-2', 'test-pod-3'];
    const collection = `${path}?labelSelector=type%3DTesting`;
    await Promise.all(
      names.map((name) => world.startPod(namespace, scriptPod(name, sleep, { labels: { type: 'Testing' } }))),
    );
    assert.deepEqual((await world.list(collection)).map(nameOf), names);
    await world.delete(collection, { gracePeriodSeconds: 1 });
    await eventually('all are gone', async () => (await world.list(collection)).length === 0);
  });

  it('[sig-node] Pods should patch a pod status [Conformance]', async () => {
    await world.startPod(namespace, labelled('patched-status'));
    const one = `${path}/patched-status`;
    const patch = { status: { message: 'Patched by e2e test', reason: 'E2E' } };
    const { status } = await world.patch(`${one}/status`, patch, 'strategic');
    assert.deepEqual([at(status, 'message'), at(status, 'reason')], ['Patched by e2e test', 'E2E']);
    assert.equal((await world.get(`${one}/status`)).kind, 'Pod');
  });

  it('[sig-node] Pods should run through the lifecycle of Pods and PodStatus [Conformance]', async () => {
    const watch = await world.watch(`${path}?labelSelector=test-pod-static%3Dtrue`);
    const pod = scriptPod('pod-test', sleep, {
      labels: { 'test-pod-static': 'true' },
      spec: { restartPolicy: 'Always' },
    });
    const made = await world.startPod(namespace, pod);
    await watch.seen('ADDED');
    const one = `${path}/pod-test`;
    const containers = [{ name: 'c', image: 'registry.local/other:1' }];
    const patched = await world.patch(
      one,
      { metadata: { labels: { 'test-pod': 'patched' } }, spec: { terminationGracePeriodSeconds: 1, containers } },
      'strategic',
    );
    assert.equal(at(patched, 'spec.containers.0.image'), 'registry.local/other:1');
    await watch.seen('MODIFIED', (object) => at(object, 'metadata.labels.test-pod') === 'patched');
    assert.equal(at(await world.get(`${one}/status`), 'metadata.uid'), at(made, 'metadata.uid'));
    const isTold = (object: Json) =>
      (at(object, 'status.conditions') as Json[]).some(({ type, status }) => type === 'Told' && status === 'True');
    const updated = await world.update(`${one}/status`, (object) => {
      const status = object.status as Json;
      const conditions = [...(status.conditions as Json[]), { type: 'Told', status: 'True' }];
      return { ...object, status: { ...status, conditions } };
    });
    assert.ok(isTold(updated));
    await watch.seen('MODIFIED', isTold);
    assert.ok(isTold(await world.get(`${one}/status`)));
    await world.delete(`${path}?labelSelector=test-pod-static%3Dtrue`);
    await watch.seen('DELETED');
  });

  /** A pod of the class that has been given a node; whether its handler exists is the runtime's affair. */
  async function scheduledWith(name: string, runtimeClass: Json): Promise<Json> {
    await world.post('/apis/node.k8s.io/v1/runtimeclasses', {
      metadata: { name },
      handler: 'test-handler',
      ...runtimeClass,
    });
    await world.post(path, labelled(name, { spec: { runtimeClassName: name } }));
    return await world.until(`${path}/${name}`, 'has a node', ({ spec }) => at(spec, 'nodeName') !== undefined);
  }

  it('[sig-node] RuntimeClass should schedule a Pod requesting a RuntimeClass without PodOverhead [Conformance] [NodeConformance]', async () => {
    const pod = await scheduledWith('plain', {});
    assert.equal(at(pod, 'spec.overhead'), undefined);
    await world.delete(`${path}/plain`, { gracePeriodSeconds: 0 });
  });

  it('[sig-node] RuntimeClass should schedule a Pod requesting a RuntimeClass and initialize its Overhead [Conformance] [NodeConformance]', async () => {
    const podFixed = { cpu: '10m', memory: '1Mi' };
    const pod = await scheduledWith('heavy', { overhead: { podFixed } });
    assert.deepEqual(at(pod, 'spec.overhead'), podFixed);
    await world.delete(`${path}/heavy`, { gracePeriodSeconds: 0 });
  });
}
