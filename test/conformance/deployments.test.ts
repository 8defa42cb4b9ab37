/** What the conformance suite asks of Deployments and of failures of ReplicaSets; scheduler and kubelets are played. */

import assert from 'node:assert/strict';
import { after, afterEach, before, it } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { type PlayedPods, playPods } from '../support/played-pods.ts';
import { at, type Json, nameOf } from './api-user.ts';
import { World } from './world.ts';

let world: World;
let namespace = '';
let played: PlayedPods | undefined;
before(async () => {
  world = await World.start({ controllers: true });
});
after(() => world.stop());
afterEach(async () => {
  await played?.stop();
  played = undefined;
});

const path = (plural: string) => `/apis/apps/v1/namespaces/${namespace}/${plural}`;
const labels: Json = { name: 'sample' };
const template = (image: string): Json => ({ metadata: { labels }, spec: { containers: [{ name: 'c', image }] } });

/** A namespace whose pods run, but for those of images with `bad` in them. */
async function begin(): Promise<void> {
  namespace = await world.namespace();
  played = await playPods(world.client, namespace, { isGood: (image) => !image.includes('bad'), onChange: () => {} });
}

async function deployment(spec: Json): Promise<string> {
  const body = { metadata: { name: 'sample', labels }, spec: { selector: { matchLabels: labels }, ...spec } };
  await world.post(path('deployments'), body);
  return `${path('deployments')}/sample`;
}

const statusOf = (object: Json, field: string) => at(object, `status.${field}`) ?? 0;
const complete = (one: string, replicas: number): Promise<Json> =>
  eventually(`${replicas} are there`, async () => {
    const object = await world.get(one);
    const counts = ['replicas', 'updatedReplicas', 'availableReplicas'].map((field) => statusOf(object, field));
    const isSeen = statusOf(object, 'observedGeneration') === at(object, 'metadata.generation');
    return isSeen && counts.every((count) => count === replicas) && object;
  });
const sets = () => world.list(path('replicasets'));
const setOf = (image: string) =>
  eventually(`a set of ${image}`, async () =>
    (await sets()).find((set) => at(set, 'spec.template.spec.containers.0.image') === image),
  );
const sizeOf = (object: Json) => at(object, 'spec.replicas');
const conditionsOf = (object: Json) => (at(object, 'status.conditions') as Json[] | undefined) ?? [];
const revisionOf = (object: Json) =>
  (at(object, 'metadata.annotations') as Json | undefined)?.['deployment.kubernetes.io/revision'];
const setImage = (one: string, image: string) => world.patch(one, { spec: { template: template(image) } });

it('[sig-apps] Deployment RollingUpdateDeployment should delete old pods and create new ones [Conformance]', async () => {
  await begin();
  const annotations = { 'deployment.kubernetes.io/revision': '3546343826724305832' };
  const old = await world.post(path('replicasets'), {
    metadata: { name: 'test-rolling-update-controller', labels, annotations },
    spec: { replicas: 1, selector: { matchLabels: labels }, template: template('app:1') },
  });
  await eventually('one runs', () => played?.counts()['app:1']?.ready === 1);
  const one = await deployment({ replicas: 1, template: template('app:2') });
  const done = await complete(one, 1);
  // It adopts the ReplicaSet that was there, and its revision comes after that one's.
  assert.equal(revisionOf(done), '3546343826724305833');
  const adopted = await world.get(`${path('replicasets')}/${nameOf(old)}`);
  assert.equal(at(adopted, 'metadata.ownerReferences.0.uid'), at(done, 'metadata.uid'));
  assert.equal(sizeOf(adopted), 0);
  await eventually('new pods only', () => Object.keys(played?.counts() ?? {}).join() === 'app:2');
});

it('[sig-apps] Deployment RecreateDeployment should delete old pods and create new ones [Conformance]', async () => {
  await begin();
  const one = await deployment({ replicas: 3, strategy: { type: 'Recreate' }, template: template('app:1') });
  await complete(one, 3);
  const watch = await world.watch(
    `/api/v1/namespaces/${namespace}/pods`,
    String(at(await world.get(one), 'metadata.resourceVersion')),
  );
  await setImage(one, 'app:2');
  await complete(one, 3);
  const running = new Set<string>();
  for (const { type, object } of watch.events) {
    const isNew = at(object, 'spec.containers.0.image') === 'app:2';
    if (type === 'DELETED') running.delete(nameOf(object));
    else {
      running.add(nameOf(object));
      assert.ok(!isNew || watchedOld(watch.events).every((name) => !running.has(name)), 'old and new at once');
    }
  }
});

const watchedOld = (events: readonly { readonly object: Json }[]): string[] =>
  events
    .map(({ object }) => object)
    .filter((pod) => at(pod, 'spec.containers.0.image') === 'app:1')
    .map(nameOf);

it('[sig-apps] Deployment deployment should delete old replica sets [Conformance]', async () => {
  await begin();
  const one = await deployment({ replicas: 1, revisionHistoryLimit: 0, template: template('app:1') });
  await complete(one, 1);
  await setImage(one, 'app:2');
  await complete(one, 1);
  await eventually('one set is left', async () => (await sets()).length === 1);
});

it('[sig-apps] Deployment deployment should support rollover [Conformance]', async () => {
  await begin();
  const one = await deployment({
    replicas: 1,
    strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
    template: template('app:1'),
  });
  await complete(one, 1);
  await setImage(one, 'bad:1');
  await eventually('the second has a pod', () => played?.counts()['bad:1']?.all === 1);
  await setImage(one, 'app:3');
  await complete(one, 1);
  for (const image of ['app:1', 'bad:1']) assert.equal(sizeOf(await setOf(image)), 0);
});

it('[sig-apps] Deployment deployment should support proportional scaling [Conformance]', async () => {
  await begin();
  const one = await deployment({
    replicas: 10,
    strategy: { rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } },
    template: template('app:1'),
  });
  await complete(one, 10);
  await setImage(one, 'bad:1');
  const sizes = (first: number, second: number) =>
    eventually(
      `sizes ${first} and ${second}`,
      async () => sizeOf(await setOf('app:1')) === first && sizeOf(await setOf('bad:1')) === second,
    );
  await sizes(8, 5);
  await world.patch(one, { spec: { replicas: 30 } });
  await sizes(20, 13);
});

it('[sig-apps] Deployment should have a working scale subresource [Conformance]', async () => {
  await begin();
  const one = await deployment({ replicas: 1, template: template('app:1') });
  await complete(one, 1);
  const scale = await world.get(`${one}/scale`);
  assert.deepEqual([at(scale, 'spec.replicas'), at(scale, 'status.replicas')], [1, 1]);
  await world.update(`${one}/scale`, (object) => ({ ...object, spec: { replicas: 2 } }));
  assert.equal(sizeOf(await world.get(one)), 2);
  await world.patch(`${one}/scale`, { spec: { replicas: 4 } });
  await complete(one, 4);
});

it('[sig-apps] Deployment should run the lifecycle of a Deployment [Conformance]', async () => {
  await begin();
  const watch = await world.watch(`${path('deployments')}?labelSelector=name%3Dsample`);
  const one = await deployment({ replicas: 1, template: template('app:1') });
  await watch.seen('ADDED');
  await watch.seen('MODIFIED', (object) => statusOf(object, 'readyReplicas') === 1);
  await world.patch(one, {
    metadata: { labels: { patched: 'yes' } },
    spec: { replicas: 2, template: template('app:2') },
  });
  await watch.seen('MODIFIED', (object) => at(object, 'metadata.labels.patched') === 'yes');
  assert.equal((await world.list(`/apis/apps/v1/deployments?labelSelector=patched%3Dyes`)).length, 1);
  await complete(one, 2);
  const condition = { type: 'Available', status: 'False', reason: 'Patched' };
  await world.patch(`${one}/status`, { status: { readyReplicas: 2, conditions: [condition] } });
  await watch.seen('MODIFIED', (object) => conditionsOf(object).some(({ reason }) => reason === 'Patched'));
  assert.equal(at(await world.get(`${one}/status`), 'kind'), 'Deployment');
  await complete(one, 2);
  await world.update(one, (object) => ({
    ...object,
    metadata: { ...(object.metadata as Json), labels: { ...labels, updated: 'yes' } },
  }));
  await watch.seen('MODIFIED', (object) => at(object, 'metadata.labels.updated') === 'yes');
  await world.delete(`${path('deployments')}?labelSelector=name%3Dsample`);
  await watch.seen('DELETED');
});

it('[sig-apps] Deployment should validate Deployment Status endpoints [Conformance]', async () => {
  await begin();
  const one = await deployment({ replicas: 1, template: template('app:1') });
  await complete(one, 1);
  const watch = await world.watch(path('deployments'));
  const says = (wanted: string) =>
    watch.seen('MODIFIED', (object) => conditionsOf(object).some(({ type }) => type === wanted));
  await world.update(`${one}/status`, (object) => ({
    ...object,
    status: {
      ...(object.status as Json),
      conditions: [...conditionsOf(object), { type: 'StatusUpdate', status: 'True', reason: 'E2E' }],
    },
  }));
  await says('StatusUpdate');
  await world.patch(`${one}/status`, { status: { conditions: [{ type: 'StatusPatched', status: 'True' }] } });
  await says('StatusPatched');
});

it('[sig-api-machinery] Garbage collector should delete RS created by deployment when not orphaning [Conformance]', async () => {
  await begin();
  const one = await deployment({ replicas: 2, template: template('app:1') });
  await setOf('app:1');
  await world.delete(one, { propagationPolicy: 'Background' });
  await eventually('no sets', async () => (await sets()).length === 0);
});

it('[sig-api-machinery] Garbage collector should orphan RS created by deployment when deleteOptions.PropagationPolicy is Orphan [Conformance]', async () => {
  await begin();
  const one = await deployment({ replicas: 2, template: template('app:1') });
  await complete(one, 2);
  await world.delete(one, { propagationPolicy: 'Orphan' });
  await world.isGone(one);
  const [set, ...others] = await sets();
  assert.equal(others.length, 0);
  assert.equal(at(set, 'metadata.ownerReferences'), undefined);
  assert.equal(sizeOf(await setOf('app:1')), 2);
});

it('[sig-apps] ReplicationController should surface a failure condition on a common issue like exceeded quota [Conformance]', async () => {
  await begin();
  const core = `/api/v1/namespaces/${namespace}`;
  await world.post(`${core}/resourcequotas`, { metadata: { name: 'two' }, spec: { hard: { pods: '2' } } });
  await eventually('it is counted', async () => at(await world.get(`${core}/resourcequotas/two`), 'status.hard.pods'));
  const spec = { replicas: 3, selector: labels, template: template('app:1') };
  await world.post(`${core}/replicationcontrollers`, { metadata: { name: 'sample' }, spec });
  const one = `${core}/replicationcontrollers/sample`;
  const fails = async () => conditionsOf(await world.get(one)).some(({ type }) => type === 'ReplicaFailure');
  await eventually('the failure is told', fails);
  await world.patch(one, { spec: { replicas: 2 } });
  await eventually('it is over', async () => !(await fails()));
});
