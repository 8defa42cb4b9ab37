/** What the conformance suite asks of replication controllers, replica sets, Jobs and namespaces, with pods that run. */

import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { withAnnotation } from '../../conformance/api-operations.ts';
import { at, type Json, nameOf } from '../../conformance/api-user.ts';
import { eventually } from '../../support/eventually.ts';
import { ClusterWorld, podsOf, scriptPod } from './cluster-world.ts';

let world: ClusterWorld;
before(async () => {
  world = await ClusterWorld.start();
});
after(() => world.stop());

const sleep = 'exec sleep 100000';
const serveHostname = 'mkdir /www; echo "$HOSTNAME" >/www/index.html; exec httpd -f -p 9376 -h /www';

interface Kind {
  readonly kind: string;
  collection(namespace: string): string;
  selector(labels: Json): Json;
}
const replicationController: Kind = {
  kind: 'ReplicationController',
  collection: (namespace) => `/api/v1/namespaces/${namespace}/replicationcontrollers`,
  selector: (labels) => labels,
};
const replicaSet: Kind = {
  kind: 'ReplicaSet',
  collection: (namespace) => `/apis/apps/v1/namespaces/${namespace}/replicasets`,
  selector: (matchLabels) => ({ matchLabels }),
};

interface Wanted {
  readonly name: string;
  readonly replicas: number;
  readonly script?: string;
}

/** Makes it, with labels `name: NAME`; its path. */
async function start(kind: Kind, namespace: string, { name, replicas, script = sleep }: Wanted): Promise<string> {
  const labels = { name };
  const template = { metadata: { labels }, spec: { ...(scriptPod('', script).spec as Json), restartPolicy: 'Always' } };
  const spec = { replicas, selector: kind.selector(labels), template };
  await world.post(kind.collection(namespace), { metadata: { name, labels }, spec });
  return `${kind.collection(namespace)}/${name}`;
}

const readyReplicas = (path: string, count: number): Promise<Json> =>
  world.until(path, `has ${count} ready`, ({ status }) => (at(status, 'readyReplicas') ?? 0) === count);
const ownersOf = (pod: Json): Json[] => (at(pod, 'metadata.ownerReferences') ?? []) as Json[];
const isOwnedBy = (uid: unknown) => (pod: Json) =>
  ownersOf(pod).some((one) => one.uid === uid && one.controller === true);

async function adopts(kind: Kind): Promise<string> {
  const namespace = await world.namespace();
  const pod = scriptPod('orphan', sleep, { labels: { name: 'orphan' }, spec: { restartPolicy: 'Always' } });
  await world.startPod(namespace, pod);
  const owner = await start(kind, namespace, { name: 'orphan', replicas: 1 });
  const { metadata } = await world.get(owner);
  await world.until(`${podsOf(namespace)}/orphan`, 'is adopted', isOwnedBy(at(metadata, 'uid')));
  assert.equal((await world.list(podsOf(namespace))).length, 1);
  return namespace;
}

/** Of the pods of `name`, one whose label is changed. */
async function releases(kind: Kind, namespace: string, name: string): Promise<void> {
  const { metadata } = await world.get(`${kind.collection(namespace)}/${name}`);
  const [pod] = await world.readyPods(namespace, `name=${name}`, 1);
  const one = `${podsOf(namespace)}/${nameOf(pod)}`;
  await world.patch(one, { metadata: { labels: { name: 'not-matching-name' } } });
  await world.until(one, 'is released', (object) => !isOwnedBy(at(metadata, 'uid'))(object));
  await world.readyPods(namespace, `name=${name}`, 1);
}

async function servesFromEach(kind: Kind): Promise<void> {
  const namespace = await world.namespace();
  await start(kind, namespace, { name: 'my-hostname-basic', replicas: 2, script: serveHostname });
  for (const pod of await world.readyPods(namespace, 'name=my-hostname-basic', 2)) {
    const path = `${podsOf(namespace)}/${nameOf(pod)}:9376/proxy/`;
    const { text } = await eventually('it answers', () => world.client.raw('GET', path));
    assert.equal(text.trim(), nameOf(pod));
  }
}

it('[sig-apps] ReplicationController should adopt matching pods on creation [Conformance]', async () => {
  await adopts(replicationController);
});

it('[sig-apps] ReplicationController should release no longer matching pods [Conformance]', async () => {
  const namespace = await world.namespace();
  await start(replicationController, namespace, { name: 'pod-release', replicas: 1 });
  await releases(replicationController, namespace, 'pod-release');
});

it('[sig-apps] ReplicationController should serve a basic image on each replica with a public image [Conformance]', () =>
  servesFromEach(replicationController));

it('[sig-apps] ReplicationController should get and update a ReplicationController scale [Conformance]', async () => {
  const namespace = await world.namespace();
  const one = await start(replicationController, namespace, { name: 'e2e-rc', replicas: 1 });
  await readyReplicas(one, 1);
  const scale = await world.get(`${one}/scale`);
  assert.equal(at(scale, 'spec.replicas'), 1);
  const updated = await world.put(`${one}/scale`, { ...scale, spec: { replicas: 2 } });
  assert.equal(at(updated, 'spec.replicas'), 2);
  assert.equal(at(await world.get(one), 'spec.replicas'), 2);
  await readyReplicas(one, 2);
});

it('[sig-apps] ReplicationController should test the lifecycle of a ReplicationController [Conformance]', async () => {
  const namespace = await world.namespace();
  const collection = `${replicationController.collection(namespace)}?labelSelector=name%3Drc-test`;
  const watch = await world.watch(collection);
  const one = await start(replicationController, namespace, { name: 'rc-test', replicas: 1 });
  await watch.seen('ADDED');
  await readyReplicas(one, 1);
  const template = { spec: { terminationGracePeriodSeconds: 0 } };
  await world.patch(
    one,
    { metadata: { labels: { 'test-rc': 'patched' } }, spec: { replicas: 1, template } },
    'strategic',
  );
  await watch.seen('MODIFIED', (object) => at(object, 'metadata.labels.test-rc') === 'patched');
  await world.patch(`${one}/status`, { status: { readyReplicas: 0, availableReplicas: 0 } });
  await watch.seen('MODIFIED', (object) => {
    const isPatched = at(object, 'metadata.labels.test-rc') === 'patched';
    return isPatched && at(object, 'status.replicas') === 1 && at(object, 'status.readyReplicas') === undefined;
  });
  assert.equal((await world.get(`${one}/status`)).kind, 'ReplicationController');
  await world.patch(`${one}/scale`, { spec: { replicas: 2 } });
  await watch.seen('MODIFIED', (object) => at(object, 'status.availableReplicas') === 2);
  const everywhere = '/api/v1/replicationcontrollers?labelSelector=test-rc%3Dpatched';
  assert.deepEqual((await world.list(everywhere)).map(nameOf), ['rc-test']);
  await world.update(one, (object) => withAnnotation(object, 'updated'));
  await watch.seen('MODIFIED', (object) => at(object, 'metadata.annotations.updated') === 'true');
  await world.delete(collection);
  await watch.seen('DELETED');
});

it('[sig-apps] ReplicaSet should adopt matching pods on creation and release no longer matching pods [Conformance]', async () => {
  const namespace = await adopts(replicaSet);
  await releases(replicaSet, namespace, 'orphan');
});

it('[sig-apps] ReplicaSet should serve a basic image on each replica with a public image [Conformance]', () =>
  servesFromEach(replicaSet));

it('[sig-apps] ReplicaSet Replicaset should have a working scale subresource [Conformance]', async () => {
  const namespace = await world.namespace();
  const one = await start(replicaSet, namespace, { name: 'test-rs', replicas: 1 });
  await readyReplicas(one, 1);
  const scale = await world.get(`${one}/scale`);
  assert.equal(at(scale, 'spec.replicas'), 1);
  await world.put(`${one}/scale`, { ...scale, spec: { replicas: 2 } });
  assert.equal(at(await world.get(one), 'spec.replicas'), 2);
  await world.patch(`${one}/scale`, { spec: { replicas: 4 } });
  assert.equal(at(await world.get(one), 'spec.replicas'), 4);
});

it('[sig-apps] ReplicaSet Replace and Patch tests [Conformance]', async () => {
  const namespace = await world.namespace();
  const one = await start(replicaSet, namespace, { name: 'test-rs', replicas: 1 });
  await readyReplicas(one, 1);
  await world.update(one, (object) => ({ ...object, spec: { ...(object.spec as Json), replicas: 2 } }));
  await readyReplicas(one, 2);
  const containers = [{ name: 'c', image: 'registry.local/pause:1' }];
  const patch = {
    metadata: { labels: { 'test-rs': 'patched' } },
    spec: { replicas: 3, template: { spec: { terminationGracePeriodSeconds: 0, containers } } },
  };
  const patched = await world.patch(one, patch, 'strategic');
  assert.equal(at(patched, 'metadata.labels.test-rs'), 'patched');
  assert.equal(at(patched, 'spec.template.spec.containers.0.image'), 'registry.local/pause:1');
  assert.equal(at(patched, 'spec.template.spec.terminationGracePeriodSeconds'), 0);
  await world.until(one, 'has three', ({ status }) => at(status, 'replicas') === 3);
});

it('[sig-apps] ReplicaSet should list and delete a collection of ReplicaSets [Conformance]', async () => {
  const namespace = await world.namespace();
  const one = await start(replicaSet, namespace, { name: 'listed-rs', replicas: 3 });
  await readyReplicas(one, 3);
  assert.deepEqual((await world.list('/apis/apps/v1/replicasets?labelSelector=name%3Dlisted-rs')).map(nameOf), [
    'listed-rs',
  ]);
  const collection = `${replicaSet.collection(namespace)}?labelSelector=name%3Dlisted-rs`;
  await world.delete(collection, { propagationPolicy: 'Background' });
  await eventually('none is left', async () => (await world.list(collection)).length === 0);
});

it('[sig-apps] ReplicaSet should validate Replicaset Status endpoints [Conformance]', async () => {
  const namespace = await world.namespace();
  const one = await start(replicaSet, namespace, { name: 'test-rs', replicas: 1 });
  const watch = await world.watch(`${replicaSet.collection(namespace)}?labelSelector=name%3Dtest-rs`);
  await readyReplicas(one, 1);
  assert.equal(at(await world.get(`${one}/status`), 'status.replicas'), 1);
  const condition = { type: 'StatusUpdate', status: 'True', reason: 'E2E', message: 'Set from e2e test' };
  await world.update(`${one}/status`, (object) => ({
    ...object,
    status: { ...(object.status as Json), conditions: [condition] },
  }));
  const has = (type: string) => (object: Json) =>
    ((at(object, 'status.conditions') ?? []) as Json[]).some((one) => one.type === type && one.status === 'True');
  await watch.seen('MODIFIED', has('StatusUpdate'));
  await world.patch(`${one}/status`, { status: { conditions: [{ type: 'StatusPatched', status: 'True' }] } });
  await watch.seen('MODIFIED', has('StatusPatched'));
});

it('[sig-api-machinery] OrderedNamespaceDeletion namespace deletion should delete pod first [Conformance]', async () => {
  const namespace = await world.namespace();
  const [self, pod] = [`/api/v1/namespaces/${namespace}`, `${podsOf(namespace)}/test-pod`];
  const made = scriptPod('test-pod', sleep);
  await world.startPod(namespace, {
    ...made,
    metadata: { name: 'test-pod', finalizers: ['e2e.example.com/finalizer'] },
  });
  await world.post(`${self}/configmaps`, { metadata: { name: 'test-configmap' }, data: { key: 'value' } });
  await world.delete(self);
  await world.until(self, 'is being emptied', ({ status }) => {
    const conditions = (at(status, 'conditions') ?? []) as Json[];
    const isLooked = conditions.some(({ type }) => type === 'NamespaceDeletionContentFailure');
    return at(status, 'phase') === 'Terminating' && isLooked;
  });
  assert.ok(at(await world.get(pod), 'metadata.deletionTimestamp'));
  assert.equal(at(await world.get(`${self}/configmaps/test-configmap`), 'metadata.deletionTimestamp'), undefined);
  await world.update(pod, (object) => ({ ...object, metadata: { ...(object.metadata as Json), finalizers: [] } }));
  await world.isGone(pod);
  await world.isGone(self);
});

const jobsOf = (namespace: string): string => `/apis/batch/v1/namespaces/${namespace}/jobs`;

/** Makes a Job whose pods run the script; its path. */
async function startJob(namespace: string, script: string, more: { name?: string; spec?: Json; pod?: Json } = {}) {
  const { name = 'work', spec = {}, pod = {} } = more;
  const template = { metadata: { labels: { job: name } }, spec: { ...(scriptPod('', script).spec as Json), ...pod } };
  await world.post(jobsOf(namespace), { metadata: { name }, spec: { template, ...spec } });
  return `${jobsOf(namespace)}/${name}`;
}

const isSo = (type: string) => (object: Json) =>
  ((at(object, 'status.conditions') ?? []) as Json[]).some((one) => one.type === type && one.status === 'True');
const podsOfJob = (namespace: string) => world.list(`${podsOf(namespace)}?labelSelector=job-name%3Dwork`);

it('[sig-apps] Job should run a job to completion when tasks sometimes fail and are locally restarted [Conformance]', async () => {
  const namespace = await world.namespace();
  const script = 'if [ -e /data/seen ]; then exit 0; fi; touch /data/seen; exit 1';
  const pod = { restartPolicy: 'OnFailure', volumes: [{ name: 'data', emptyDir: {} }] };
  const [container] = (scriptPod('', script).spec as { containers: Json[] }).containers;
  const containers = [{ ...container, volumeMounts: [{ name: 'data', mountPath: '/data' }] }];
  const one = await startJob(namespace, script, {
    spec: { completions: 2, parallelism: 2 },
    pod: { ...pod, containers },
  });
  const done = await world.until(one, 'is complete', isSo('Complete'));
  assert.equal(at(done, 'status.succeeded'), 2);
});

it('[sig-apps] Job should create pods for an Indexed job with completion indexes and specified hostname [Conformance]', async () => {
  const namespace = await world.namespace();
  const spec = { completions: 3, parallelism: 2, completionMode: 'Indexed' };
  const one = await startJob(namespace, 'echo "$JOB_COMPLETION_INDEX $HOSTNAME"', { spec });
  const done = await world.until(one, 'is complete', isSo('Complete'));
  assert.equal(at(done, 'status.completedIndexes'), '0-2');
  const logs = await Promise.all(
    (await podsOfJob(namespace)).map((pod) => world.log(`${podsOf(namespace)}/${nameOf(pod)}`)),
  );
  assert.deepEqual(logs.sort(), ['0 work-0\n', '1 work-1\n', '2 work-2\n']);
});

it('[sig-apps] Job should allow to use the pod failure policy on exit code to fail the job early [Conformance]', async () => {
  const namespace = await world.namespace();
  const rule = { action: 'FailJob', onExitCodes: { operator: 'In', values: [1] } };
  const spec = { completions: 2, parallelism: 2, backoffLimit: 6, podFailurePolicy: { rules: [rule] } };
  const one = await startJob(namespace, 'exit 1', { spec });
  const failed = await world.until(one, 'has failed', isSo('Failed'));
  const reasons = (at(failed, 'status.conditions') as Json[]).map(({ reason }) => reason);
  assert.deepEqual(reasons, ['PodFailurePolicy', 'PodFailurePolicy']);
});

it('[sig-apps] Job should delete a job [Conformance]', async () => {
  const namespace = await world.namespace();
  const one = await startJob(namespace, sleep, { spec: { completions: 4, parallelism: 2 } });
  await world.until(one, 'runs', ({ status }) => at(status, 'active') === 2);
  await world.delete(one, { propagationPolicy: 'Foreground' });
  await world.isGone(one);
  assert.deepEqual(await podsOfJob(namespace), []);
});

it('[sig-apps] Job should adopt matching orphans and release non-matching pods [Conformance]', async () => {
  const namespace = await world.namespace();
  const one = await startJob(namespace, sleep, { spec: { completions: 4, parallelism: 2 } });
  await world.until(one, 'runs', ({ status }) => at(status, 'active') === 2);
  const uid = at(await world.get(one), 'metadata.uid');
  const [pod] = await podsOfJob(namespace);
  assert.ok(pod);
  const path = `${podsOf(namespace)}/${nameOf(pod)}`;
  await world.patch(path, { metadata: { ownerReferences: null } });
  await world.until(path, 'is adopted again', isOwnedBy(uid));
  await world.patch(path, { metadata: { labels: null } });
  await world.until(path, 'is released', (object) => ownersOf(object).length === 0);
});

it('a missed run of a CronJob starts a Job, which runs to its end', async () => {
  const namespace = await world.namespace();
  const collection = `/apis/batch/v1/namespaces/${namespace}/cronjobs`;
  const jobTemplate = { spec: { template: { spec: scriptPod('', 'true').spec } } };
  await world.post(collection, {
    metadata: { name: 'tick' },
    spec: { schedule: '0 0 1 1 *', suspend: true, jobTemplate },
  });
  const one = `${collection}/tick`;
  await world.patch(`${one}/status`, { status: { lastScheduleTime: '2024-06-01T00:00:00Z' } });
  await world.patch(one, { spec: { suspend: false } });
  await world.until(one, 'has succeeded', ({ status }) => at(status, 'lastSuccessfulTime') !== undefined);
});
