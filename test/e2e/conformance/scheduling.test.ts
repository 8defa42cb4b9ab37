/** What the conformance suite asks of the scheduler, on one node: what fits where, and who makes room for whom. */

import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { parseQuantity } from '../../../api/quantity.ts';
import { at, type Json, nameOf } from '../../conformance/api-user.ts';
import { eventually } from '../../support/eventually.ts';
import { ClusterWorld, isReady, podsOf, scriptPod } from './cluster-world.ts';

/** Something that only these pods want; the node has five of it. */
const scarce = 'scheduling.k8s.io/foo';
const fake = 'example.com/fakecpu';
const priorities = { low: 1, medium: 10, high: 1000, p1: 1, p2: 2, p3: 3, p4: 4 };

let world: ClusterWorld;
let namespace: string;
let node: string;
before(async () => {
  world = await ClusterWorld.start();
  namespace = await world.namespace();
  node = `/api/v1/nodes/${nameOf((await world.list('/api/v1/nodes'))[0])}`;
  const amounts = { [scarce]: '5', [fake]: '1000' };
  await world.patch(`${node}/status`, { status: { capacity: amounts, allocatable: amounts } }, 'strategic');
  for (const [name, value] of Object.entries(priorities)) {
    await world.post('/apis/scheduling.k8s.io/v1/priorityclasses', { metadata: { name }, value });
  }
});
after(() => world.stop());

const sleep = 'exec sleep 100000';
const asking = (resources: Json): Json => ({ resources: { requests: resources, limits: resources } });
const pathOf = (name: string): string => `${podsOf(namespace)}/${name}`;
const remove = async (...names: readonly string[]): Promise<void> => {
  for (const name of names) await world.delete(pathOf(name), { gracePeriodSeconds: 0 });
  for (const name of names) await world.isGone(pathOf(name));
};

/** Makes a pod that nothing has room for; what the scheduler says. */
async function isNotScheduled(pod: Json): Promise<string> {
  await world.post(podsOf(namespace), pod);
  const { status } = await world.until(pathOf(nameOf(pod)), 'is unschedulable', ({ status }) =>
    ((at(status, 'conditions') ?? []) as Json[]).some(({ reason }) => reason === 'Unschedulable'),
  );
  const conditions = at(status, 'conditions') as Json[];
  const scheduled = conditions.find(({ type }) => type === 'PodScheduled');
  assert.equal(scheduled?.status, 'False');
  assert.equal(at(await world.get(pathOf(nameOf(pod))), 'spec.nodeName'), undefined);
  return String(scheduled?.message);
}

it('[sig-scheduling] SchedulerPredicates validates resource limits of pods that are allowed to run [Conformance] [Serial]', async () => {
  const allocatable = Number(parseQuantity(String(at(await world.get(node), 'status.allocatable.cpu'))));
  const cpu = (share: number): Json => asking({ cpu: `${Math.floor(allocatable * share * 1000)}m` });
  // Nothing else that asks for time of a processor is here.
  await world.startPod(namespace, scriptPod('filler-pod', sleep, { container: cpu(0.7) }));
  assert.match(await isNotScheduled(scriptPod('additional-pod', sleep, { container: cpu(0.5) })), /Insufficient cpu/);
  await remove('filler-pod', 'additional-pod');
});

it('[sig-scheduling] SchedulerPredicates validates that NodeSelector is respected if not matching [Conformance] [Serial]', async () => {
  await isNotScheduled(scriptPod('restricted-pod', sleep, { spec: { nodeSelector: { label: 'nonempty' } } }));
  await remove('restricted-pod');
});

it('[sig-scheduling] SchedulerPredicates validates that NodeSelector is respected if matching [Conformance] [Serial]', async () => {
  const key = 'kubernetes.io/e2e-selected';
  await world.patch(node, { metadata: { labels: { [key]: '42' } } });
  const pod = await world.startPod(
    namespace,
    scriptPod('with-labels', sleep, { spec: { nodeSelector: { [key]: '42' } } }),
  );
  assert.equal(at(pod, 'spec.nodeName'), node.split('/').at(-1));
  await world.patch(node, { metadata: { labels: { [key]: null } } });
  await remove('with-labels');
});

it('[sig-scheduling] SchedulerPredicates validates that there exists conflict between pods with same hostPort and protocol but one using 0.0.0.0 hostIP [Conformance] [Serial]', async () => {
  const ports = (hostIP: string): Json => ({
    ports: [{ hostPort: 54_322, containerPort: 8080, hostIP, protocol: 'TCP' }],
  });
  await world.startPod(namespace, scriptPod('pod4', sleep, { container: ports('') }));
  assert.match(await isNotScheduled(scriptPod('pod5', sleep, { container: ports('127.0.0.1') })), /free ports/);
  await remove('pod4', 'pod5');
});

const wanting = (name: string, priorityClassName: string, count: number, more: { metadata?: Json } = {}): Json => {
  const pod = scriptPod(name, sleep, { spec: { priorityClassName }, container: asking({ [scarce]: String(count) }) });
  return { ...pod, metadata: { ...(pod.metadata as Json), ...more.metadata } };
};

/** Two pods that leave one of five; the one that wants two takes the room of the lesser. */
async function preempts(name: string, take: (name: string) => Promise<Json>): Promise<void> {
  const [low, medium] = [`${name}-low`, `${name}-medium`];
  await world.startPod(namespace, wanting(low, 'low', 2));
  const stays = await world.startPod(namespace, wanting(medium, 'medium', 2));
  await take(name);
  await world.isGone(pathOf(low));
  assert.equal(at(await world.get(pathOf(medium)), 'metadata.uid'), at(stays, 'metadata.uid'));
  assert.equal(at(await world.get(pathOf(medium)), 'metadata.deletionTimestamp'), undefined);
  await remove(medium);
}

it('[sig-scheduling] SchedulerPreemption validates basic preemption works [Conformance] [Serial]', () =>
  preempts('basic', async (name) => {
    const pod = await world.startPod(namespace, wanting(name, 'high', 2));
    await remove(name);
    return pod;
  }));

it('[sig-scheduling] SchedulerPreemption validates lower priority pod preemption by critical pod [Conformance] [Serial]', () =>
  preempts('critical', async (name) => {
    const pod = await world.startPod('kube-system', wanting(name, 'system-cluster-critical', 2));
    const one = `${podsOf('kube-system')}/${name}`;
    await world.delete(one, { gracePeriodSeconds: 0 });
    await world.isGone(one);
    return pod;
  }));

it('[sig-scheduling] SchedulerPreemption validates pod disruption condition is added to the preempted pod [Conformance] [Serial]', async () => {
  await world.startPod(
    namespace,
    wanting('victim', 'low', 5, { metadata: { finalizers: ['example.com/test-finalizer'] } }),
  );
  await world.post(podsOf(namespace), wanting('preemptor', 'high', 5));
  const victim = await world.until(
    pathOf('victim'),
    'is ending',
    (pod) => at(pod, 'metadata.deletionTimestamp') !== undefined,
  );
  const condition = (at(victim, 'status.conditions') as Json[]).find(({ type }) => type === 'DisruptionTarget');
  assert.deepEqual([condition?.status, condition?.reason], ['True', 'PreemptionByScheduler']);
  await world.patch(pathOf('victim'), { metadata: { finalizers: null } });
  await world.isGone(pathOf('victim'));
  await world.until(pathOf('preemptor'), 'is ready', isReady);
  await remove('preemptor');
});

it('[sig-scheduling] SchedulerPreemption PreemptionExecutionPath runs ReplicaSets to verify preemption running path [Conformance] [Serial]', async () => {
  const own = await world.namespace();
  const watch = await world.watch(podsOf(own));
  const startSet = async (name: string, amount: number): Promise<void> => {
    const labels = { name };
    const pod = scriptPod('', sleep, { container: asking({ [fake]: String(amount) }) });
    const podSpec = { ...(pod.spec as Json), restartPolicy: 'Always', priorityClassName: name };
    const spec = { replicas: 1, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: podSpec } };
    await world.post(`/apis/apps/v1/namespaces/${own}/replicasets`, { metadata: { name, labels }, spec });
  };
  for (const [name, amount] of [
    ['p1', 200],
    ['p2', 300],
    ['p3', 450],
  ] as const) {
    await startSet(name, amount);
    await world.readyPods(own, `name=${name}`, 1);
  }
  // Of 1000 there are 50 left: the first two have to go, and are made again without room.
  await startSet('p4', 500);
  await world.readyPods(own, 'name=p4', 1);
  const madeOf = (name: string): number =>
    watch.events.filter(({ type, object }) => type === 'ADDED' && at(object, 'metadata.labels.name') === name).length;
  await eventually('the first two were replaced', () => madeOf('p1') === 2 && madeOf('p2') === 2);
  assert.equal(madeOf('p3'), 1);
  assert.equal((await world.readyPods(own, 'name=p3', 1)).length, 1);
});
