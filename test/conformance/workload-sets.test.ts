/**
 * What the conformance suite asks of StatefulSets, DaemonSets and their history, with a scheduler and kubelets that are
 * played: pods become ready as they come.
 */

import assert from 'node:assert/strict';
import { after, afterEach, before, it } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { at, type Json, nameOf, type Watch } from './api-user.ts';
import { World } from './world.ts';

let world: World;
let namespace = '';
const nodesMade: string[] = [];
before(async () => {
  world = await World.start({ controllers: true });
});
after(() => world.stop());
afterEach(async () => {
  for (const node of nodesMade.splice(0)) await world.delete(`/api/v1/nodes/${node}`);
});

const apps = (plural: string) => `/apis/apps/v1/namespaces/${namespace}/${plural}`;
const podsPath = () => `/api/v1/namespaces/${namespace}/pods`;
const image = (pod: Json) => at(pod, 'spec.containers.0.image');
const isGoing = (pod: Json) => at(pod, 'metadata.deletionTimestamp') !== undefined;
const isReady = (pod: Json) =>
  ((at(pod, 'status.conditions') as Json[] | undefined) ?? []).some(
    ({ type, status }) => type === 'Ready' && status === 'True',
  );
const say = (name: string, status: Json) => world.patch(`${podsPath()}/${name}/status`, { status });
const readiness = (status: 'True' | 'False'): Json => ({
  phase: 'Running',
  conditions: [{ type: 'Ready', status, lastTransitionTime: new Date().toISOString() }],
});

/** Makes pods ready as they come, but for those that `leaves` names, until `check` holds. */
async function play(
  what: string,
  check: (pods: readonly Json[]) => boolean | Promise<boolean>,
  leaves: (pod: Json) => boolean = () => false,
): Promise<void> {
  await eventually(what, async () => {
    const pods = await world.list(podsPath());
    const waiting = pods.filter((pod) => at(pod, 'status.phase') === 'Pending' && !isGoing(pod) && !leaves(pod));
    await Promise.allSettled(waiting.map((pod) => say(nameOf(pod), readiness('True'))));
    return await check(pods);
  });
}

const template = (tag: string): Json => ({
  metadata: { labels: { app: 'set' } },
  spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'c', image: `registry.local/app:${tag}` }] },
});
const selector: Json = { matchLabels: { app: 'set' } };

async function statefulSet(spec: Json = {}): Promise<string> {
  namespace = await world.namespace();
  const body = { metadata: { name: 'ss', labels: { app: 'set' } }, spec: { ...stateful, ...spec } };
  await world.post(apps('statefulsets'), body);
  return `${apps('statefulsets')}/ss`;
}
const stateful: Json = { replicas: 3, serviceName: 'test', selector, template: template('1') };
const statusOf = async (path: string, field: string) => at(await world.get(path), `status.${field}`);
const isComplete = async (one: string, replicas: number) =>
  (await statusOf(one, 'availableReplicas')) === replicas &&
  (await statusOf(one, 'updatedReplicas')) === replicas &&
  (await statusOf(one, 'currentRevision')) === (await statusOf(one, 'updateRevision'));
const imagesAre = (pods: readonly Json[], tag: string) => pods.every((pod) => String(image(pod)).endsWith(`:${tag}`));

/** Names of the first three objects of which there is such an event; a watch is a little behind. */
async function firstThree({ events }: Watch, wanted: string): Promise<string[]> {
  const found = () => events.filter(({ type }) => type === wanted).map(({ object }) => nameOf(object));
  await eventually(`three ${wanted} events`, () => found().length >= 3);
  return found().slice(0, 3);
}

it('[sig-apps] StatefulSet Basic StatefulSet functionality [StatefulSetBasic] should perform rolling updates and roll backs of template modifications [Conformance]', async () => {
  const one = await statefulSet();
  await play('it is there', () => isComplete(one, 3));
  const first = await statusOf(one, 'currentRevision');
  const watch = await world.watch(podsPath(), String(at(await world.get(podsPath()), 'metadata.resourceVersion')));
  await world.patch(one, { spec: { template: template('2') } });
  await play('all are new', async (pods) => imagesAre(pods, '2') && (await isComplete(one, 3)));
  assert.deepEqual(await firstThree(watch, 'DELETED'), ['ss-2', 'ss-1', 'ss-0']);
  assert.notEqual(await statusOf(one, 'currentRevision'), first);
  await world.patch(one, { spec: { template: template('1') } });
  await play('all are old again', async (pods) => imagesAre(pods, '1') && (await isComplete(one, 3)));
  assert.equal(await statusOf(one, 'currentRevision'), first);
});

it('[sig-apps] StatefulSet Basic StatefulSet functionality [StatefulSetBasic] should perform canary updates and phased rolling updates of template modifications [Conformance]', async () => {
  const one = await statefulSet({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 3 } } });
  await play('it is there', () => isComplete(one, 3));
  const rolling = (partition: number): Json => ({ spec: { updateStrategy: { rollingUpdate: { partition } } } });
  await world.patch(one, { spec: { template: template('2') } });
  await eventually('it has a new revision', async () => {
    return (await statusOf(one, 'updateRevision')) !== (await statusOf(one, 'currentRevision'));
  });
  assert.ok(imagesAre(await world.list(podsPath()), '1'), 'nothing is replaced above the last ordinal');
  for (const partition of [2, 1, 0]) {
    await world.patch(one, rolling(partition));
    await play(
      `those from ${partition} on are new`,
      (pods) =>
        pods.length === 3 &&
        pods.every((pod) => imagesAre([pod], Number(nameOf(pod).slice(3)) >= partition ? '2' : '1') && isReady(pod)),
    );
  }
  await play('it is complete', () => isComplete(one, 3));
});

it('[sig-apps] StatefulSet Basic StatefulSet functionality [StatefulSetBasic] Scaling should happen in predictable order and halt if any stateful pod is unhealthy [Conformance] [Slow]', async () => {
  const one = await statefulSet({ replicas: 1 });
  await play('one is there', () => isComplete(one, 1));
  await say('ss-0', readiness('False'));
  await eventually('it has seen that', async () => (await statusOf(one, 'readyReplicas')) === undefined);
  await world.patch(`${one}/scale`, { spec: { replicas: 3 } });
  await eventually('it has seen the scale', async () => {
    return (await statusOf(one, 'observedGeneration')) === at(await world.get(one), 'metadata.generation');
  });
  assert.deepEqual((await world.list(podsPath())).map(nameOf), ['ss-0']);
  const watch = await world.watch(podsPath(), String(at(await world.get(podsPath()), 'metadata.resourceVersion')));
  await say('ss-0', readiness('True'));
  await play('three are there', () => isComplete(one, 3));
  const added = () => watch.events.filter(({ type }) => type === 'ADDED').map(({ object }) => nameOf(object));
  await eventually('two are seen', () => added().length === 2);
  assert.deepEqual(added(), ['ss-1', 'ss-2']);
  for (const name of ['ss-0', 'ss-1', 'ss-2']) await say(name, readiness('False'));
  await eventually('it has seen that', async () => (await statusOf(one, 'readyReplicas')) === undefined);
  await world.patch(`${one}/scale`, { spec: { replicas: 0 } });
  await eventually('it has seen the scale', async () => {
    return (await statusOf(one, 'observedGeneration')) === at(await world.get(one), 'metadata.generation');
  });
  assert.equal((await world.list(podsPath())).length, 3);
  for (const name of ['ss-0', 'ss-1', 'ss-2']) await say(name, readiness('True')).catch(() => undefined);
  await play('none is there', (pods) => pods.length === 0);
  assert.deepEqual(await firstThree(watch, 'DELETED'), ['ss-2', 'ss-1', 'ss-0']);
});

it('[sig-apps] StatefulSet Basic StatefulSet functionality [StatefulSetBasic] Burst scaling should run to completion even with unhealthy pods [Conformance] [Slow]', async () => {
  const one = await statefulSet({ replicas: 1, podManagementPolicy: 'Parallel' });
  await play('one is there', () => isComplete(one, 1));
  await say('ss-0', readiness('False'));
  await world.patch(`${one}/scale`, { spec: { replicas: 3 } });
  await eventually('three are made', async () => (await world.list(podsPath())).length === 3);
  await world.patch(`${one}/scale`, { spec: { replicas: 0 } });
  await eventually('none is left', async () => (await world.list(podsPath())).length === 0);
  await eventually('it says so', async () => (await statusOf(one, 'replicas')) === 0);
});

it('[sig-apps] StatefulSet Basic StatefulSet functionality [StatefulSetBasic] Should recreate evicted statefulset [Conformance]', async () => {
  const one = await statefulSet({ replicas: 1 });
  await play('one is there', () => isComplete(one, 1));
  const uid = at(await world.get(`${podsPath()}/ss-0`), 'metadata.uid');
  await say('ss-0', { phase: 'Failed', reason: 'Evicted' });
  await play('another one is there', ([pod]) => at(pod, 'metadata.uid') !== uid && isReady(pod ?? {}));
});

it('[sig-apps] StatefulSet Basic StatefulSet functionality [StatefulSetBasic] should have a working scale subresource [Conformance]', async () => {
  const one = await statefulSet({ replicas: 1 });
  await play('one is there', () => isComplete(one, 1));
  const scale = await world.get(`${one}/scale`);
  assert.deepEqual([at(scale, 'spec.replicas'), at(scale, 'status.replicas')], [1, 1]);
  await world.update(`${one}/scale`, (object) => ({ ...object, spec: { replicas: 2 } }));
  assert.equal(at(await world.get(one), 'spec.replicas'), 2);
  await world.patch(`${one}/scale`, { spec: { replicas: 4 } });
  assert.equal(at(await world.get(one), 'spec.replicas'), 4);
});

it('[sig-apps] StatefulSet Basic StatefulSet functionality [StatefulSetBasic] should list, patch and delete a collection of StatefulSets [Conformance]', async () => {
  const one = await statefulSet({ replicas: 1 });
  const selected = `${apps('statefulsets')}?labelSelector=app%3Dset`;
  assert.deepEqual((await world.list(selected)).map(nameOf), ['ss']);
  await world.patch(one, { metadata: { labels: { patched: 'yes' } }, spec: { replicas: 2, template: template('2') } });
  const patched = await world.get(one);
  assert.deepEqual([at(patched, 'spec.replicas'), at(patched, 'metadata.labels.patched')], [2, 'yes']);
  await play('two are there', async (pods) => imagesAre(pods, '2') && (await isComplete(one, 2)));
  await world.delete(selected);
  await world.isGone(one);
});

it('[sig-apps] StatefulSet Basic StatefulSet functionality [StatefulSetBasic] should validate Statefulset Status endpoints [Conformance]', async () => {
  const one = await statefulSet({ replicas: 1 });
  await play('one is there', () => isComplete(one, 1));
  await statusEndpoints(one);
});

/** A condition of somebody else is written by an update and a patch of the status, and seen by a watch. */
async function statusEndpoints(one: string): Promise<void> {
  const watch = await world.watch(one.replace(/\/[^/]+$/, ''));
  const of = (object: Json) => (at(object, 'status.conditions') as Json[] | undefined) ?? [];
  await world.update(`${one}/status`, (object) => ({
    ...object,
    status: { ...(object.status as Json), conditions: [{ type: 'StatusUpdate', status: 'True', reason: 'E2E' }] },
  }));
  await watch.seen('MODIFIED', (object) => of(object).some(({ type }) => type === 'StatusUpdate'));
  await world.patch(`${one}/status`, { status: { conditions: [{ type: 'StatusPatched', status: 'True' }] } });
  await watch.seen('MODIFIED', (object) => of(object).some(({ type }) => type === 'StatusPatched'));
  assert.deepEqual(
    of(await world.get(`${one}/status`)).map(({ type }) => type),
    ['StatusPatched'],
  );
}

async function addNode(labels: Json = {}): Promise<string> {
  const name = `${namespace}-${nodesMade.length}`;
  await world.post('/api/v1/nodes', { metadata: { name, labels } });
  nodesMade.push(name);
  await world.patch(`/api/v1/nodes/${name}/status`, { status: { conditions: [{ type: 'Ready', status: 'True' }] } });
  await eventually(
    'it has no taints',
    async () => at(await world.get(`/api/v1/nodes/${name}`), 'spec.taints') === undefined,
  );
  return name;
}

async function daemonSet({ nodes = 1, nodeSelector }: { nodes?: number; nodeSelector?: Json } = {}): Promise<string> {
  namespace = await world.namespace();
  for (let i = 0; i < nodes; i += 1) await addNode();
  const made = template('1');
  const body = {
    metadata: { name: 'ds', labels: { app: 'set' } },
    spec: { selector, template: { ...made, spec: { ...(made.spec as Json), ...(nodeSelector && { nodeSelector }) } } },
  };
  await world.post(apps('daemonsets'), body);
  return `${apps('daemonsets')}/ds`;
}
const isDaemonComplete = async (one: string, wanted: number) =>
  ((await statusOf(one, 'numberAvailable')) ?? 0) === wanted &&
  (await statusOf(one, 'desiredNumberScheduled')) === wanted &&
  ((await statusOf(one, 'updatedNumberScheduled')) ?? 0) === wanted;

it('[sig-apps] Daemon set should run and stop simple daemon [Conformance] [Serial]', async () => {
  const one = await daemonSet({ nodes: 2 });
  await play('one on each node', () => isDaemonComplete(one, 2));
  const [pod] = await world.list(podsPath());
  await world.delete(`${podsPath()}/${nameOf(pod)}`);
  await play(
    'it is revived',
    async (pods) => pods.every((other) => nameOf(other) !== nameOf(pod)) && (await isDaemonComplete(one, 2)),
  );
});

it('[sig-apps] Daemon set should run and stop complex daemon [Conformance] [Serial]', async () => {
  const one = await daemonSet({ nodeSelector: { color: 'blue' } });
  await eventually('it is wanted nowhere', async () => (await statusOf(one, 'observedGeneration')) === 1);
  assert.deepEqual(await world.list(podsPath()), []);
  const [node = ''] = nodesMade;
  await world.patch(`/api/v1/nodes/${node}`, { metadata: { labels: { color: 'blue' } } });
  await play('one runs', () => isDaemonComplete(one, 1));
  await world.patch(`/api/v1/nodes/${node}`, { metadata: { labels: { color: 'green' } } });
  await play('none runs', async (pods) => pods.length === 0 && (await isDaemonComplete(one, 0)));
  await world.patch(one, {
    spec: { updateStrategy: { type: 'RollingUpdate' }, template: { spec: { nodeSelector: { color: 'green' } } } },
  });
  await play('one runs again', () => isDaemonComplete(one, 1));
});

it('[sig-apps] Daemon set should retry creating failed daemon pods [Conformance] [Serial]', async () => {
  const one = await daemonSet();
  await play('one runs', () => isDaemonComplete(one, 1));
  const [pod] = await world.list(podsPath());
  await say(nameOf(pod), { phase: 'Failed' });
  await play(
    'it is revived',
    async (pods) => pods.every((other) => nameOf(other) !== nameOf(pod)) && (await isDaemonComplete(one, 1)),
  );
});

it('[sig-apps] Daemon set should update pod when spec was updated and update strategy is RollingUpdate [Conformance] [Serial]', async () => {
  const one = await daemonSet({ nodes: 2 });
  await play('one on each node', () => isDaemonComplete(one, 2));
  const hashes = async () =>
    (await world.list(apps('controllerrevisions'))).map((object) =>
      at(object, 'metadata.labels.controller-revision-hash'),
    );
  const [first] = await hashes();
  await world.patch(one, { spec: { template: template('2') } });
  await play('all are new', async (pods) => imagesAre(pods, '2') && (await isDaemonComplete(one, 2)));
  const second = (await hashes()).find((hash) => hash !== first);
  for (const pod of await world.list(podsPath()))
    assert.equal(at(pod, 'metadata.labels.controller-revision-hash'), second);
});

it('[sig-apps] Daemon set should rollback without unnecessary restarts [Conformance] [Serial]', async () => {
  const one = await daemonSet({ nodes: 2 });
  await play('one on each node', () => isDaemonComplete(one, 2));
  const before = (await world.list(podsPath())).map((pod) => at(pod, 'metadata.uid'));
  await world.patch(one, { spec: { template: template('nowhere') } });
  const isBroken = (pod: Json) => String(image(pod)).endsWith(':nowhere');
  await play('one is of the broken template', (pods) => pods.some(isBroken), isBroken);
  await world.patch(one, { spec: { template: template('1') } });
  await play('all are as before', async (pods) => imagesAre(pods, '1') && (await isDaemonComplete(one, 2)));
  const kept = (await world.list(podsPath())).filter((pod) => before.includes(at(pod, 'metadata.uid')));
  assert.equal(kept.length, 1, 'the one that was not replaced was not restarted');
});

it('[sig-apps] Daemon set should list and delete a collection of DaemonSets [Conformance] [Serial]', async () => {
  const one = await daemonSet();
  await play('one runs', () => isDaemonComplete(one, 1));
  const selected = `${apps('daemonsets')}?labelSelector=app%3Dset`;
  assert.deepEqual((await world.list(selected)).map(nameOf), ['ds']);
  await world.delete(selected);
  await world.isGone(one);
});

it('[sig-apps] Daemon set should verify changes to a daemon set status [Conformance] [Serial]', async () => {
  const one = await daemonSet();
  await play('one runs', () => isDaemonComplete(one, 1));
  await statusEndpoints(one);
});

it('[sig-apps] ControllerRevision should manage the lifecycle of a ControllerRevision [Conformance] [Serial]', async () => {
  const one = await daemonSet();
  await play('one runs', () => isDaemonComplete(one, 1));
  const path = apps('controllerrevisions');
  const [initial] = await world.list(path);
  assert.equal(at(initial, 'metadata.ownerReferences.0.kind'), 'DaemonSet');
  const everywhere = '/apis/apps/v1/controllerrevisions?labelSelector=app%3Dset';
  assert.ok((await world.list(everywhere)).some((object) => nameOf(object) === nameOf(initial)));
  const patched = await world.patch(`${path}/${nameOf(initial)}`, { metadata: { labels: { patched: 'yes' } } });
  assert.equal(at(patched, 'metadata.labels.patched'), 'yes');
  const mine = { metadata: { name: 'mine', labels: { mine: 'yes' } }, data: at(initial, 'data'), revision: 7 };
  await world.post(path, mine);
  const updated = await world.update(`${path}/mine`, (object) => ({
    ...object,
    metadata: { ...(object.metadata as Json), labels: { mine: 'updated' } },
  }));
  assert.equal(at(updated, 'metadata.labels.mine'), 'updated');
  await world.delete(`${path}/mine`);
  await world.isGone(`${path}/mine`);
  await world.patch(one, { spec: { template: template('2') } });
  await play('the next revision is there', async () => (await world.list(path)).length === 2);
  await world.delete(`${path}?labelSelector=patched%3Dyes`);
  await eventually('one is left', async () => (await world.list(path)).length === 1);
});
