/**
 * What the conformance suite asks of CronJobs and PodDisruptionBudgets. The controller manager runs; pods are what the
 * tests say they are. Instead of waiting for a minute to end, a run is made due by what was scheduled last.
 */

import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../support/eventually.ts';
import { withAnnotation } from './api-operations.ts';
import { at, type Json, nameOf } from './api-user.ts';
import { World } from './world.ts';

let world: World;
before(async () => {
  world = await World.start({ controllers: true });
});
after(() => world.stop());

/** Long enough for a controller to do wrong: it acts within milliseconds of what it sees. */
const quietMs = 1500;
const newYear = '0 0 1 1 *';
const nextDay = '0 0 2 1 *';
const pod: Json = { restartPolicy: 'OnFailure', containers: [{ name: 'c', image: 'registry.local/app:1' }] };

async function cronJob(concurrencyPolicy: string, suspend = false) {
  const batch = `/apis/batch/v1/namespaces/${await world.namespace()}`;
  const one = `${batch}/cronjobs/tick`;
  const jobTemplate = { spec: { template: { spec: pod } } };
  const spec = { schedule: newYear, concurrencyPolicy, suspend: true, jobTemplate };
  await world.post(`${batch}/cronjobs`, { metadata: { name: 'tick' }, spec });
  /** That run, of years ago, was the last: those since then have been missed. */
  const miss = () => world.patch(`${one}/status`, { status: { lastScheduleTime: '2024-06-01T00:00:00Z' } });
  await miss();
  if (!suspend) await world.patch(one, { spec: { suspend: false } });
  const jobs = async () =>
    (await world.list(`${batch}/jobs`)).filter((job) => at(job, 'metadata.deletionTimestamp') === undefined);
  /** Another run is due: that of another day. */
  const missAnother = async () => {
    await world.patch(one, { spec: { schedule: nextDay } });
    await miss();
  };
  return { one, jobs, missAnother };
}

it('[sig-apps] CronJob should not schedule jobs when suspended [Conformance] [Slow]', async () => {
  const { one, jobs } = await cronJob('Allow', true);
  await delay(quietMs);
  assert.deepEqual(await jobs(), []);
  await world.patch(one, { spec: { suspend: false } });
  await eventually('then it does', async () => (await jobs()).length === 1);
});

it('[sig-apps] CronJob should not schedule new jobs when ForbidConcurrent [Conformance] [Slow]', async () => {
  const { one, jobs, missAnother } = await cronJob('Forbid');
  const isActive = async () => ((at(await world.get(one), 'status.active') ?? []) as Json[]).length === 1;
  await eventually('one is active', isActive);
  const [first] = await jobs();
  await missAnother();
  await delay(quietMs);
  assert.deepEqual((await jobs()).map(nameOf), [first && nameOf(first)]);
});

it('[sig-apps] CronJob should replace jobs when ReplaceConcurrent [Conformance]', async () => {
  const { jobs, missAnother } = await cronJob('Replace');
  const [first] = await eventually('a Job', async () => ((await jobs()).length === 1 ? await jobs() : undefined));
  assert.ok(first);
  await missAnother();
  await eventually('another one alone', async () => {
    const names = (await jobs()).map(nameOf);
    return names.length === 1 && names[0] !== nameOf(first);
  });
});

it('[sig-apps] CronJob should schedule multiple jobs concurrently [Conformance]', async () => {
  const { one, jobs, missAnother } = await cronJob('Allow');
  await eventually('a Job', async () => (await jobs()).length === 1);
  await missAnother();
  await eventually('two Jobs', async () => (await jobs()).length === 2);
  await eventually('both are active', async () => {
    const active = (at(await world.get(one), 'status.active') ?? []) as Json[];
    return active.length === 2;
  });
});

const labels = { foo: 'bar' };
const selector = { matchLabels: labels };
const budgetsOf = (namespace: string): string => `/apis/policy/v1/namespaces/${namespace}/poddisruptionbudgets`;

async function budget(namespace: string, spec: Json, name = 'foo'): Promise<string> {
  await world.post(budgetsOf(namespace), { metadata: { name, labels }, spec: { selector, ...spec } });
  const one = `${budgetsOf(namespace)}/${name}`;
  await eventually('it is observed', async () => {
    const object = await world.get(one);
    return at(object, 'status.observedGeneration') === at(object, 'metadata.generation');
  });
  return one;
}

/** Pods that run and are ready, as a kubelet would say. */
async function readyPods(namespace: string, count: number): Promise<string[]> {
  const path = `/api/v1/namespaces/${namespace}/pods`;
  const names = Array.from({ length: count }, (_, i) => `pod-${i}`);
  for (const name of names) {
    await world.post(path, { metadata: { name, labels }, spec: { ...pod, terminationGracePeriodSeconds: 0 } });
    const conditions = [{ type: 'Ready', status: 'True' }];
    await world.patch(`${path}/${name}/status`, { status: { phase: 'Running', conditions } });
  }
  return names.map((name) => `${path}/${name}`);
}

const allows = (one: string, count: number): Promise<unknown> =>
  eventually(`${count} may go`, async () => at(await world.get(one), 'status.disruptionsAllowed') === count);

it('[sig-apps] DisruptionController should create a PodDisruptionBudget [Conformance]', async () => {
  const namespace = await world.namespace();
  const one = await budget(namespace, { minAvailable: '1%' });
  await world.update(one, (object) => ({ ...object, spec: { ...(object.spec as Json), minAvailable: '2%' } }));
  const patched = await world.patch(one, { spec: { minAvailable: '3%' } });
  assert.equal(at(patched, 'spec.minAvailable'), '3%');
  await world.delete(one);
  await world.isGone(one);
});

it('[sig-apps] DisruptionController Listing PodDisruptionBudgets for all namespaces should list and delete a collection of PodDisruptionBudgets [Conformance]', async () => {
  const [first, second] = [await world.namespace(), await world.namespace()];
  const run = { run: first };
  for (const [namespace, name] of [
    [first, 'foo'],
    [first, 'foo2'],
    [second, 'foo3'],
  ] as const)
    await world.post(budgetsOf(namespace), { metadata: { name, labels: run }, spec: { minAvailable: 1, selector } });
  const query = `?labelSelector=run%3D${first}`;
  const everywhere = await world.list(`/apis/policy/v1/poddisruptionbudgets${query}`);
  assert.deepEqual(everywhere.map(nameOf).sort(), ['foo', 'foo2', 'foo3']);
  assert.deepEqual((await world.list(`${budgetsOf(first)}${query}`)).map(nameOf).sort(), ['foo', 'foo2']);
  await world.delete(`${budgetsOf(first)}${query}`);
  await eventually('none is left', async () => (await world.list(budgetsOf(first))).length === 0);
  assert.equal((await world.list(budgetsOf(second))).length, 1);
});

it('[sig-apps] DisruptionController should observe PodDisruptionBudget status updated [Conformance]', async () => {
  const namespace = await world.namespace();
  const one = await budget(namespace, { minAvailable: 1 });
  await readyPods(namespace, 3);
  await allows(one, 2);
});

it('[sig-apps] DisruptionController should update/patch PodDisruptionBudget status [Conformance]', async () => {
  const namespace = await world.namespace();
  const one = await budget(namespace, { minAvailable: 1 });
  await readyPods(namespace, 1);
  await eventually('it counts the pod', async () => at(await world.get(one), 'status.currentHealthy') === 1);
  const condition = {
    type: 'StatusUpdate',
    status: 'True',
    reason: 'E2E',
    message: 'set',
    lastTransitionTime: '2026-01-01T00:00:00Z',
  };
  const conditions = (object: Json) => (at(object, 'status.conditions') ?? []) as Json[];
  const updated = await world.update(`${one}/status`, (object) => ({
    ...withAnnotation(object, 'updated'),
    status: { ...(object.status as Json), conditions: [...conditions(object), condition] },
  }));
  assert.ok(conditions(updated).some(({ type }) => type === 'StatusUpdate'));
  const disruptedPods = { 'pod-0': '2020-01-01T00:00:00Z' };
  const patched = await world.patch(`${one}/status`, { status: { disruptedPods } });
  assert.deepEqual(at(patched, 'status.disruptedPods'), disruptedPods);
});

it('[sig-apps] DisruptionController should block an eviction until the PDB is updated to allow it [Conformance]', async () => {
  const namespace = await world.namespace();
  const pods = await readyPods(namespace, 3);
  const one = await budget(namespace, { minAvailable: 3 });
  const [victim = ''] = pods;
  const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'pod-0', namespace } };
  await eventually('it counts the pods', async () => at(await world.get(one), 'status.currentHealthy') === 3);
  await assert.rejects(world.post(`${victim}/eviction`, eviction), { code: 429 });
  await world.patch(one, { spec: { minAvailable: 2 } });
  await allows(one, 1);
  await world.post(`${victim}/eviction`, eviction);
  await world.isGone(victim);
  await world.patch(one, { spec: { minAvailable: 3 } });
  const [, next = ''] = pods;
  await assert.rejects(world.post(`${next}/eviction`, { ...eviction, metadata: { name: 'pod-1', namespace } }), {
    code: 429,
  });
  await world.delete(one);
  await world.post(`${next}/eviction`, { ...eviction, metadata: { name: 'pod-1', namespace } });
  await world.isGone(next);
});
