/** What the conformance suite asks of pods from their creation to their end, of taints and of runtime classes. */

import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { Connection } from '../../../client/connection.ts';
import { readKubeconfig } from '../../../client/kubeconfig.ts';
import { at, type Json, nameOf } from '../../conformance/api-user.ts';
import { eventually } from '../../support/eventually.ts';
import { ClusterWorld, image, isReady, podsOf, scriptPod } from './cluster-world.ts';

let world: ClusterWorld;
let namespace: string;
let path: string;
before(async () => {
  world = await ClusterWorld.start();
  namespace = await world.namespace();
  path = podsOf(namespace);
});
after(() => world.stop());

const sleep = 'exec sleep 100000';
const labelled = (name: string, more: { spec?: Json; container?: Json } = {}): Json =>
  scriptPod(name, sleep, { labels: { name }, ...more });
const selected = (name: string): string => `${path}?labelSelector=name%3D${name}`;

it('[sig-node] Pods should get a host IP [NodeConformance] [Conformance]', async () => {
  const pod = await world.startPod(namespace, labelled('hosted'));
  const { items } = await world.get('/api/v1/nodes');
  const addresses = (items as Json[]).flatMap(({ status }) => at(status, 'addresses') as Json[]);
  const hostIp = at(pod, 'status.hostIP');
  assert.ok(
    addresses.some(({ type, address }) => type === 'InternalIP' && address === hostIp),
    String(hostIp),
  );
});

it('[sig-node] Pods should be submitted and removed [NodeConformance] [Conformance]', async () => {
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

it('[sig-node] Pods should be updated [NodeConformance] [Conformance]', async () => {
  await world.startPod(namespace, labelled('updated'));
  await world.update(`${path}/updated`, (object) => {
    const metadata = object.metadata as Json;
    return { ...object, metadata: { ...metadata, labels: { ...(metadata.labels as Json), time: 'later' } } };
  });
  assert.deepEqual((await world.list(`${path}?labelSelector=time%3Dlater`)).map(nameOf), ['updated']);
});

it('[sig-node] Pods should allow activeDeadlineSeconds to be updated [NodeConformance] [Conformance]', async () => {
  await world.startPod(namespace, labelled('deadline'));
  await world.update(`${path}/deadline`, (object) => ({
    ...object,
    spec: { ...(object.spec as Json), activeDeadlineSeconds: 2 },
  }));
  const pod = await world.until(`${path}/deadline`, 'has failed', (object) => at(object, 'status.phase') === 'Failed');
  assert.equal(at(pod, 'status.reason'), 'DeadlineExceeded');
});

it('[sig-node] Pods should contain environment variables for services [NodeConformance] [Conformance]', async () => {
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

/** What comes by a WebSocket of the API until it is closed. */
async function readSocket(url: string, protocol: string): Promise<Buffer[]> {
  const connection: Connection = await readKubeconfig(world.cluster.kubeconfig);
  const socket = new WebSocket(`${connection.servers[0]?.replace('https', 'wss')}${url}`, protocol, {
    ca: connection.certificateAuthority,
    cert: connection.clientCertificate,
    key: connection.clientKey,
  });
  const messages: Buffer[] = [];
  socket.on('message', (data: Buffer) => messages.push(data));
  await new Promise((resolve, reject) => {
    socket.on('close', resolve);
    socket.on('error', reject);
  });
  assert.equal(socket.protocol, protocol);
  return messages;
}

it('[sig-node] Pods should support remote command execution over websockets [NodeConformance] [Conformance]', async () => {
  await world.startPod(namespace, labelled('exec'));
  const command = ['echo', 'remote execution test'].map((word) => `command=${encodeURIComponent(word)}`).join('&');
  const messages = await readSocket(`${path}/exec/exec?stderr=1&stdout=1&container=c&${command}`, 'v4.channel.k8s.io');
  const output = messages.filter((message) => message[0] === 1).map((message) => message.subarray(1).toString());
  assert.equal(output.join(''), 'remote execution test\n');
});

it('[sig-node] Pods should support retrieving logs from the container over websockets [NodeConformance] [Conformance]', async () => {
  await world.startPod(namespace, scriptPod('logs', `echo container is alive; ${sleep}`));
  await eventually('it has written', async () => (await world.log(`${path}/logs`)) !== '');
  const messages = await readSocket(`${path}/logs/log?container=c`, 'binary.k8s.io');
  assert.equal(Buffer.concat(messages).toString(), 'container is alive\n');
  const texts = await readSocket(`${path}/logs/log?container=c`, 'base64.binary.k8s.io');
  assert.equal(Buffer.from(texts.join(''), 'base64').toString(), 'container is alive\n');
  await assert.rejects(readSocket(`${path}/logs/log?container=none`, 'binary.k8s.io'), /400/);
});

const generationOf = (pod: Json): unknown => at(pod, 'metadata.generation');
const isObserved = (generation: number) => (object: Json) =>
  generationOf(object) === generation && at(object, 'status.observedGeneration') === generation;

it('[sig-node] Pods Extended (pod generation) Pod Generation pod generation should start at 1 and increment per update [MinimumKubeletVersion:1.34] [Conformance]', async () => {
  const one = `${path}/generation`;
  assert.equal(generationOf(await world.startPod(namespace, labelled('generation'))), 1);
  await world.until(one, 'is observed', isObserved(1));
  const toleration = { key: 'other', operator: 'Exists', effect: 'NoSchedule' };
  const changes: readonly ((object: Json) => Json)[] = [
    (object) => ({ ...(object.spec as Json), activeDeadlineSeconds: 5000 }),
    (object) => ({
      ...(object.spec as Json),
      tolerations: [...(at(object, 'spec.tolerations') as Json[]), toleration],
    }),
  ];
  for (const [i, change] of changes.entries()) {
    await world.update(one, (object) => ({ ...object, spec: change(object) }));
    await world.until(one, 'is observed', isObserved(i + 2));
  }
  const labelledPod = await world.patch(one, { metadata: { labels: { generation: 'same' } } });
  assert.equal(generationOf(labelledPod), 3);
});

it('[sig-node] Pods Extended (pod generation) Pod Generation custom-set generation on new pods and graceful delete [Conformance]', async () => {
  const pod = labelled('generation-set');
  const made = await world.startPod(namespace, { ...pod, metadata: { ...(pod.metadata as Json), generation: 100 } });
  assert.equal(generationOf(made), 1);
  const watch = await world.watch(selected('generation-set'));
  await world.delete(`${path}/generation-set`, { gracePeriodSeconds: 5 });
  await watch.seen('MODIFIED', (object) => {
    return at(object, 'metadata.deletionTimestamp') !== undefined && generationOf(object) === 2;
  });
  await watch.seen('DELETED');
});

it('[sig-node] Pods Extended (pod generation) Pod Generation issue 500 podspec updates and verify generation and observedGeneration eventually converge [MinimumKubeletVersion:1.34] [Conformance]', async () => {
  await world.startPod(namespace, labelled('generation-500'));
  const one = `${path}/generation-500`;
  for (let i = 0; i < 500; i += 1) await world.patch(one, { spec: { activeDeadlineSeconds: 100_000 - i } });
  await world.until(one, 'is observed', isObserved(501));
});

const ephemeral = (name: string): Json => ({
  name,
  image,
  command: ['sh', '-c', 'echo polo; exec sleep 100000'],
});

/** Adds a container to the pod and waits until it runs and has written. */
async function addEphemeral(pod: string, name: string): Promise<void> {
  await world.update(`${pod}/ephemeralcontainers`, (object) => {
    const before = (at(object, 'spec.ephemeralContainers') ?? []) as Json[];
    return { ...object, spec: { ...(object.spec as Json), ephemeralContainers: [...before, ephemeral(name)] } };
  });
  await world.until(pod, `${name} runs`, (object) => {
    const all = (at(object, 'status.ephemeralContainerStatuses') ?? []) as Json[];
    return all.some((one) => one.name === name && at(one, 'state.running') !== undefined);
  });
  await eventually('it has written', async () => (await world.log(pod, name)) === 'polo\n');
}

it('[sig-node] Ephemeral Containers [NodeConformance] will start an ephemeral container in an existing pod [Conformance]', async () => {
  await world.startPod(namespace, labelled('ephemeral'));
  await addEphemeral(`${path}/ephemeral`, 'debugger');
});

it('[sig-node] Ephemeral Containers [NodeConformance] should update the ephemeral containers in an existing pod [Conformance]', async () => {
  await world.startPod(namespace, labelled('ephemeral-two'));
  const one = `${path}/ephemeral-two`;
  const countOf = async () => (at(await world.get(one), 'spec.ephemeralContainers') as Json[]).length;
  await addEphemeral(one, 'debugger');
  assert.equal(await countOf(), 1);
  await addEphemeral(one, 'debugger2');
  assert.equal(await countOf(), 2);
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

it('[sig-node] RuntimeClass should schedule a Pod requesting a RuntimeClass without PodOverhead [NodeConformance] [Conformance]', async () => {
  const pod = await scheduledWith('plain', {});
  assert.equal(at(pod, 'spec.overhead'), undefined);
  await world.delete(`${path}/plain`, { gracePeriodSeconds: 0 });
});

it('[sig-node] RuntimeClass should schedule a Pod requesting a RuntimeClass and initialize its Overhead [NodeConformance] [Conformance]', async () => {
  const podFixed = { cpu: '10m', memory: '1Mi' };
  const pod = await scheduledWith('heavy', { overhead: { podFixed } });
  assert.deepEqual(at(pod, 'spec.overhead'), podFixed);
  await world.delete(`${path}/heavy`, { gracePeriodSeconds: 0 });
});

const taint = { key: 'kubernetes.io/e2e-evict-taint-key', value: 'evictTaintVal', effect: 'NoExecute' };

/** Runs `act` while the node has the taint. */
async function whileTainted(node: string, act: () => Promise<void>): Promise<void> {
  const one = `/api/v1/nodes/${node}`;
  const setTaints = (change: (taints: Json[]) => Json[]) =>
    world.update(one, (object) => {
      const spec = object.spec as Json;
      return { ...object, spec: { ...spec, taints: change((spec.taints ?? []) as Json[]) } };
    });
  await setTaints((taints) => [...taints, taint]);
  try {
    await act();
  } finally {
    await setTaints((taints) => taints.filter(({ key }) => key !== taint.key));
  }
}

const tolerant = (name: string, tolerationSeconds: number): Json =>
  labelled(name, {
    spec: {
      tolerations: [{ key: taint.key, operator: 'Equal', value: taint.value, effect: taint.effect, tolerationSeconds }],
    },
  });
const isLeaving = async (name: string): Promise<boolean> => {
  const left = await world.list(selected(name));
  return left.every((pod) => at(pod, 'metadata.deletionTimestamp') !== undefined);
};

it('[sig-node] NoExecuteTaintManager Multiple Pods [Serial] evicts pods with minTolerationSeconds [Disruptive] [Conformance]', async () => {
  const pod = await world.startPod(namespace, tolerant('taint-eviction-1', 2));
  await world.startPod(namespace, tolerant('taint-eviction-2', 60));
  await whileTainted(String(at(pod, 'spec.nodeName')), async () => {
    await eventually('the first is evicted', () => isLeaving('taint-eviction-1'));
    assert.equal(await isLeaving('taint-eviction-2'), false);
  });
});

it('[sig-node] NoExecuteTaintManager Single Pod [Serial] removing taint cancels eviction [Disruptive] [Conformance]', async () => {
  const toleratedSeconds = 4;
  const pod = await world.startPod(namespace, tolerant('taint-eviction-4', toleratedSeconds));
  // Evicted at once: the taint has been acted on.
  await world.startPod(namespace, labelled('intolerant'));
  await whileTainted(String(at(pod, 'spec.nodeName')), async () => {
    await eventually('who does not tolerate is evicted', () => isLeaving('intolerant'));
  });
  await delay((toleratedSeconds + 2) * 1000);
  assert.equal(await isLeaving('taint-eviction-4'), false);
});
