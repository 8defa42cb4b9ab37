/** Devices of a node from what its administrator declares to the containers that get them: the whole way, without an engine. */

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Stored } from '../../api/object.ts';
import { events, nodes, pods } from '../../api/resources/core.ts';
import { deviceClasses, resourceClaims, resourceClaimTemplates, resourceSlices } from '../../api/resources/resource.ts';
import type { Event, Node, Pod } from '../../api/types/core/v1.ts';
import type { DeviceClass, ResourceClaim, ResourceClaimTemplate, ResourceSlice } from '../../api/types/resource/v1.ts';
import type { Running } from '../../base/lifecycle.ts';
import { silentLogger } from '../../base/logger.ts';
import { FakeClock } from '../../base/testing/fake-clock.ts';
import { startControllerManager } from '../../controller-manager/controller-manager.ts';
import type { ContainerConfig } from '../../kubelet/runtime/runtime.ts';
import { type Scheduler, startScheduler } from '../../scheduler/scheduler.ts';
import { eventually } from '../support/eventually.ts';
import { FakeKubelet } from '../support/fake-kubelet.ts';
import { container, type PodSpec } from '../support/kubelet-world.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

const namespace = 'default';
const declared = `
apiVersion: kubelet.longshore.dev/v1
kind: NodeDevices
devices:
- name: gpu
  shared: true
  nodes: [{ path: /dev/null, containerPath: /dev/gpu0 }]
  environment: { GPU: "0" }
  attributes: { model: A100 }
  capacity: { memory: { value: 40Gi, requestPolicy: { default: 10Gi, validRange: { min: 1Gi, step: 1Gi } } } }
- name: fuse
  count: 2
  nodes: [{ path: /dev/zero, containerPath: /dev/fuse }]
  extendedResource: example.com/fuse
`;

describe('the devices of a node', { timeout: 300_000 }, () => {
  let folder: string;
  let file: string;
  let api: TestApiServer;
  let manager: Running;
  let scheduler: Scheduler;
  let kubelet: FakeKubelet;
  const clock = new FakeClock(Date.now());

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'longshore-devices-'));
    file = join(folder, 'devices.yaml');
    await writeFile(file, declared);
    api = await startTestApiServer();
    const options = { connection: api.connection, logger: silentLogger, leaderElect: false, identity: 'one' };
    const controllers = ['resourceclaim-controller', 'garbage-collector-controller'];
    manager = await startControllerManager({ ...options, controllers });
    scheduler = await startScheduler(options);
    kubelet = await FakeKubelet.start(api, { clock, devicesFile: file });
    await api.client.patch(nodes, { name: 'node-1' }, { type: 'merge', body: { spec: { taints: null } } });
    await api.client.create<DeviceClass>(deviceClasses, {
      metadata: { name: 'gpu' },
      spec: { selectors: [{ cel: { expression: 'device.driver == "docker.longshore.dev"' } }] },
    });
    await api.client.create<ResourceClaimTemplate>(resourceClaimTemplates, {
      metadata: { namespace, name: 'share' },
      spec: {
        spec: {
          devices: {
            requests: [{ name: 'gpu', exactly: { deviceClassName: 'gpu', capacity: { requests: { memory: '8Gi' } } } }],
          },
        },
      },
    });
  });
  after(async () => {
    await kubelet.remove();
    await scheduler.stop();
    await manager.stop();
    await api.stop();
    await rm(folder, { recursive: true });
  });

  const share = { name: 'gpu', resourceClaimTemplateName: 'share' };
  const usingShare = { resources: { claims: [{ name: 'gpu' }] } };
  const usingFuse = { resources: { limits: { 'example.com/fuse': '1' } } };

  const createPod = (name: string, spec: Partial<PodSpec>) =>
    api.client.create<Pod>(pods, {
      metadata: { namespace, name },
      spec: { terminationGracePeriodSeconds: 0, containers: [container()], ...spec },
    });
  const podOf = (name: string) => api.client.get(pods, { namespace, name });
  /** While time passes. */
  const until = <T>(what: string, check: () => Promise<T | undefined | false>) =>
    eventually(what, async () => {
      const found = await check();
      if (found === undefined || found === false) await clock.advance(1_000);
      return found;
    });
  const podUntil = (name: string, check: (pod: Stored<Pod>) => boolean) =>
    until(`pod ${name}`, async () => {
      const pod = await podOf(name);
      return check(pod) && pod;
    });
  const runs = (name: string) => podUntil(name, ({ status }) => status?.phase === 'Running');
  const madeWith = async (podName: string): Promise<ContainerConfig> => {
    const { containers } = await kubelet.runtime.list();
    const newest = containers.filter(({ pod }) => pod.name === podName).sort((a, b) => b.attempt - a.attempt)[0];
    const config = newest && kubelet.runtime.configOf(newest.id);
    assert.ok(config, `a container of ${podName}`);
    return config;
  };
  const remove = async (...names: string[]) => {
    for (const name of names) {
      await api.client.delete(pods, { namespace, name }, { gracePeriodSeconds: 0 });
      await until(`${name} is gone`, async () => {
        const { items } = await api.client.list(pods, { namespace });
        return items.every(({ metadata }) => metadata.name !== name);
      });
    }
  };
  const slices = async () => (await api.client.list<ResourceSlice>(resourceSlices)).items;
  const publishedUntil = (what: string, check: (slices: readonly Stored<ResourceSlice>[]) => boolean) =>
    until(what, async () => {
      const found = await slices();
      return check(found) && found;
    });
  const messagesOf = async (about: string, reason: string): Promise<string[]> => {
    const fieldSelector = `involvedObject.name=${about},reason=${reason}`;
    const { items } = await api.client.list<Event>(events, { fieldSelector });
    return items.map(({ message = '' }) => message);
  };
  const fusesOf = async () =>
    (await api.client.get<Node>(nodes, { name: 'node-1' })).status?.allocatable?.['example.com/fuse'];

  it('are published for claims, with the node as their owner, or counted in its capacity', async () => {
    const [slice] = await publishedUntil('the slice is there', (all) => all.length === 1);
    assert.equal(slice?.spec.nodeName, 'node-1');
    assert.deepEqual(slice?.spec.pool, { name: 'node-1', generation: 1, resourceSliceCount: 1 });
    assert.deepEqual(
      slice?.metadata.ownerReferences?.map(({ kind, name }) => `${kind} ${name}`),
      ['Node node-1'],
    );
    assert.deepEqual(slice?.spec.devices, [
      {
        name: 'gpu',
        attributes: { model: { string: 'A100' } },
        capacity: {
          memory: { value: '40Gi', requestPolicy: { default: '10Gi', validRange: { min: '1Gi', step: '1Gi' } } },
        },
        allowMultipleAllocations: true,
      },
    ]);
    await until('both fuses are counted', async () => (await fusesOf()) === '2');
  });

  it('are shared by pods, each of which is told how much of it is its own', async () => {
    const names = ['a', 'b'];
    for (const name of names)
      await createPod(name, { containers: [container(undefined, usingShare)], resourceClaims: [share] });
    for (const name of names) {
      await runs(name);
      const { devices, environment } = await madeWith(name);
      assert.deepEqual(devices, [{ hostPath: '/dev/null', containerPath: '/dev/gpu0', permissions: 'rwm' }]);
      assert.deepEqual(environment.filter((line) => /GPU/.test(line)).sort(), [
        ...['GPU=0', 'LONGSHORE_DEVICES_GPU=gpu', 'LONGSHORE_SHARE_GPU_MEMORY=8589934592'],
      ]);
    }
    await createPod('without', { containers: [container()], resourceClaims: [share] });
    await runs('without');
    assert.deepEqual((await madeWith('without')).devices, []);
    await remove(...names, 'without');
  });

  it('are given by number, and once each, also after the kubelet was started again', async () => {
    const containers = [container(undefined, usingFuse)];
    for (const name of ['one', 'two']) await createPod(name, { containers });
    await Promise.all(['one', 'two'].map(runs));
    await kubelet.stop();
    await kubelet.start();
    // Past the scheduler, which would have let it wait.
    await createPod('three', { nodeName: 'node-1', containers });
    const { status } = await podUntil('three', (pod) => pod.status?.phase === 'Failed');
    assert.equal(status?.reason, 'UnexpectedAdmissionError');
    assert.equal(
      status?.message,
      'Pod was rejected: Allocate failed due to requested number of devices unavailable for example.com/fuse. Requested: 1, Available: 0, which is unexpected',
    );
    await remove('one', 'three');
    await createPod('four', { containers });
    await runs('four');
    const given = await Promise.all(
      ['two', 'four'].map(async (name) => (await madeWith(name)).annotations['extended-devices']),
    );
    assert.deepEqual(given.sort(), ['{"example.com/fuse":["fuse-0"]}', '{"example.com/fuse":["fuse-1"]}']);
    await remove('two', 'four');
  });

  it('stay with a container that is started again by another kubelet', async () => {
    await createPod('lasting', { containers: [container(undefined, usingShare)], resourceClaims: [share] });
    await runs('lasting');
    await kubelet.stop();
    await kubelet.start();
    const { containers } = await kubelet.runtime.list();
    const first = containers.find(({ pod }) => pod.name === 'lasting');
    kubelet.runtime.exit(first?.id ?? '', 1);
    await podUntil(
      'lasting',
      ({ status }) => status?.containerStatuses?.[0]?.restartCount === 1 && status.phase === 'Running',
    );
    const { attempt, devices } = await madeWith('lasting');
    assert.deepEqual([attempt, devices.length], [1, 1]);
    await remove('lasting');
  });

  it('are waited for while the claim is not reserved for the pod, and said so', async () => {
    await api.client.create<ResourceClaim>(resourceClaims, {
      metadata: { namespace, name: 'mine' },
      spec: { devices: { requests: [{ name: 'gpu', exactly: { deviceClassName: 'gpu' } }] } },
    });
    const ofClaim = [{ name: 'gpu', resourceClaimName: 'mine' }];
    // Bound by hand: nobody has given the claim anything.
    await createPod('early', {
      nodeName: 'node-1',
      containers: [container(undefined, usingShare)],
      resourceClaims: ofClaim,
    });
    const [message] = await until('the kubelet says why', async () => {
      const found = await messagesOf('early', 'FailedPrepareDynamicResources');
      return found.length > 0 && found;
    });
    assert.match(
      message ?? '',
      /^Failed to prepare dynamic resources: prepare dynamic resources: pod early \(.+\) is not allowed to use ResourceClaim mine \(.+\)$/,
    );
    // Another pod brings the claim its device, by the scheduler; the controller of claims then notes both.
    await createPod('other', { containers: [container(undefined, usingShare)], resourceClaims: ofClaim });
    await Promise.all(['other', 'early'].map(runs));
    assert.equal((await madeWith('early')).devices.length, 1);
    await remove('early', 'other');
    await api.client.delete(resourceClaims, { namespace, name: 'mine' });
  });

  it('are kept true: against changes by others, mistakes in the file, and when they go', async () => {
    const [slice] = await slices();
    assert.ok(slice);
    await api.client.delete(resourceSlices, { name: slice.metadata.name });
    await publishedUntil('it is published again', (all) => all.length === 1);

    await writeFile(file, 'devices: 7');
    const [message] = await until('the mistake is told', async () => {
      const found = await messagesOf('node-1', 'InvalidDevices');
      return found.length > 0 && found;
    });
    assert.match(message ?? '', /devices\.yaml: .*devices: Invalid value: 7: must be a list$/);
    assert.equal((await slices()).length, 1);

    await rm(file);
    await publishedUntil('nothing is published', (all) => all.length === 0);
    await until('none are counted', async () => (await fusesOf()) === '0');
    await kubelet.stop();
    await kubelet.start();
    await until('none are counted', async () => (await fusesOf()) === '0');
  });

  it('go with their node', async () => {
    await writeFile(file, declared);
    await publishedUntil('they are back', (all) => all.length === 1);
    await kubelet.stop();
    await api.client.delete(nodes, { name: 'node-1' });
    await publishedUntil('they are gone', (all) => all.length === 0);
  });
});
