/** The control groups of pods: what the kernel holds a pod to as a whole, by a real kubelet on a real engine. */

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Stored } from '../../api/object.ts';
import { pods } from '../../api/resources/core.ts';
import type { Container, Pod } from '../../api/types/core/v1.ts';
import type { RunningKubelet } from '../../kubelet/kubelet.ts';
import { startTestEngine, type TestEngine } from '../support/docker-engine.ts';
import { eventually } from '../support/eventually.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';
import { podUntil, startTestKubelet, untilPodIsGone } from '../support/test-kubelet.ts';

const podCidr = '10.244.205.0/24';
const waiting = 'trap "exit 0" TERM; while true; do sleep 0.1; done';
const mebi = 2 ** 20;
const isSecondVersion = existsSync('/sys/fs/cgroup/cgroup.controllers');

type PodSpec = NonNullable<Pod['spec']>;

/** Fills so many MiB of memory. */
const filling = (mebibytes: number) =>
  `mkdir /m; mount -t tmpfs m /m; dd if=/dev/zero of=/m/f bs=1M count=${mebibytes}`;

describe('control groups of pods', { timeout: 240_000 }, () => {
  let engine: TestEngine;
  let server: TestApiServer;
  let kubelet: RunningKubelet;
  let dataDir: string;

  const start = (options: { readonly cgroupsPerQos?: boolean } = {}) =>
    startTestKubelet({ engine, server, podCidr, dataDir, ...options });

  before(async () => {
    engine = await startTestEngine({ podCidr });
    await engine.importBusybox('busybox:1');
    server = await startTestApiServer();
    dataDir = `${engine.folder}/kubelet`;
    kubelet = await start();
  });

  after(async () => {
    await kubelet?.stop();
    await server?.stop();
    await engine?.stop();
  });

  const container = (name: string, resources: Container['resources'] = {}, script = waiting): Container => ({
    ...{ name, image: 'busybox:1', command: ['sh', '-c', script], resources },
  });

  async function create(name: string, containers: Container[], spec: Partial<PodSpec> = {}): Promise<Stored<Pod>> {
    await server.client.create<Pod>(pods, {
      metadata: { namespace: 'default', name },
      spec: { terminationGracePeriodSeconds: 2, nodeName: 'node-1', ...spec, containers },
    });
    return await podUntil(server, name, ({ status }) => status?.phase !== 'Pending');
  }

  const remove = async (name: string) => {
    await server.client.delete(pods, { namespace: 'default', name });
    await untilPodIsGone(server, name);
  };

  const folderOf = (controller: string, group: string) =>
    join('/sys/fs/cgroup', isSecondVersion ? '' : controller, engine.cgroupParent, 'kubepods', group);
  const read = (controller: string, group: string, file: string) =>
    readFileSync(join(folderOf(controller, group), file), 'utf8').trim();

  /** Microseconds of CPU in 100 ms, bytes, processes. */
  const limitsOf = (group: string): readonly string[] =>
    isSecondVersion
      ? [
          read('cpu', group, 'cpu.max').split(' ')[0] ?? '',
          read('memory', group, 'memory.max'),
          read('pids', group, 'pids.max'),
        ]
      : [
          read('cpu', group, 'cpu.cfs_quota_us'),
          read('memory', group, 'memory.limit_in_bytes'),
          read('pids', group, 'pids.max'),
        ];
  const none = isSecondVersion ? 'max' : '-1';
  const groupsLeft = () =>
    ['', 'burstable', 'besteffort'].flatMap((level) =>
      readdirSync(folderOf('cpu', level)).filter((name) => name.startsWith('pod')),
    );
  const resize = (name: string, spec: object) =>
    server.client.patch<Pod>(
      pods,
      { namespace: 'default', name },
      { type: 'strategic', body: { spec } },
      { subresource: 'resize' },
    );

  it('holds a pod to what its containers have together, and lets go of it with the pod', async () => {
    const small = { requests: { cpu: '100m', memory: '16Mi' }, limits: { cpu: '200m', memory: '32Mi' } };
    const pod = await create('burstable', [container('a', small), container('b', small)]);
    const group = `burstable/pod${pod.metadata.uid}`;
    const [quota, memory, pids] = limitsOf(group);
    assert.deepEqual([quota, memory], ['40000', String(64 * mebi)]);
    assert.ok(Number(pids) >= 64);
    const inside = readdirSync(folderOf('memory', group)).filter((name) => /^[0-9a-f]{64}$/.test(name));
    assert.equal(inside.length, 3, 'both containers and the sandbox are in it');
    await remove('burstable');
    assert.deepEqual(groupsLeft(), []);
  });

  it('has pods of each class below a group of their own', async () => {
    const limits = { cpu: '100m', memory: '16Mi' };
    const guaranteed = await create('guaranteed', [container('a', { limits })]);
    const bestEffort = await create('best-effort', [container('a')]);
    assert.deepEqual(limitsOf(`pod${guaranteed.metadata.uid}`).slice(0, 2), ['10000', String(16 * mebi)]);
    assert.equal(limitsOf(`besteffort/pod${bestEffort.metadata.uid}`)[0], none);
    const total = /^MemTotal:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1];
    assert.ok(Number(limitsOf('.')[1]) <= Number(total) * 1024, 'all pods together have no more than the machine');
    await remove('guaranteed');
    await remove('best-effort');
  });

  it('enforces and shows what a pod asks for as a whole', async () => {
    const resources = { requests: { cpu: '100m' }, limits: { cpu: '200m', memory: '64Mi' } };
    const pod = await create('whole', [container('a'), container('b', {}, filling(80))], {
      resources,
      restartPolicy: 'Never',
    });
    assert.deepEqual(limitsOf(`burstable/pod${pod.metadata.uid}`).slice(0, 2), ['20000', String(64 * mebi)]);
    assert.deepEqual(pod.status?.resources, { ...resources, requests: { cpu: '100m', memory: '64Mi' } });
    assert.deepEqual(pod.status?.allocatedResources, { cpu: '100m', memory: '64Mi' });
    await remove('whole');
  });

  it('gives a running pod more and less as a whole, and restarts nothing', async () => {
    const pod = await create('resized', [container('a')], { resources: { limits: { cpu: '200m', memory: '64Mi' } } });
    const group = `pod${pod.metadata.uid}`;
    const id = pod.status?.containerStatuses?.[0]?.containerID?.replace('docker://', '') ?? '';
    for (const [cpu, memory, quota] of [
      ['400m', '96Mi', '40000'],
      ['100m', '48Mi', '10000'],
    ] as const) {
      await resize('resized', { resources: { requests: { cpu, memory }, limits: { cpu, memory } } });
      const now = await podUntil(server, 'resized', ({ status }) => status?.resources?.limits?.cpu === cpu);
      assert.deepEqual(limitsOf(group).slice(0, 2), [quota, String(Number.parseInt(memory, 10) * mebi)]);
      const { HostConfig: given } = await engine.docker.getContainer(id).inspect();
      assert.equal(given.CpuQuota, Number(quota), 'a container without a limit has the one of its pod');
      assert.equal(now.status?.containerStatuses?.[0]?.restartCount, 0);
      assert.ok(!now.status?.conditions?.some(({ type }) => type.startsWith('PodResize')));
    }
    await remove('resized');
  });

  it('follows its containers when they are resized', async () => {
    const at = (cpu: string) => ({ limits: { cpu, memory: '16Mi' }, requests: { cpu, memory: '16Mi' } });
    const pod = await create('followed', [container('a', at('200m')), container('b', at('100m'))]);
    const group = `pod${pod.metadata.uid}`;
    assert.equal(limitsOf(group)[0], '30000');
    for (const [cpu, quota] of [
      ['500m', '60000'],
      ['100m', '20000'],
    ] as const) {
      await resize('followed', { containers: [{ name: 'a', resources: at(cpu) }] });
      await eventually(`the group has ${quota}`, () => limitsOf(group)[0] === quota);
    }
    await remove('followed');
  });

  it('removes what a killed kubelet left, and adopts the rest', async () => {
    const pod = await create('adopted', [container('a', { requests: { cpu: '300m' } })]);
    await create('lost', [container('a')]);
    await kubelet.stop();
    await server.client.delete(pods, { namespace: 'default', name: 'lost' }, { gracePeriodSeconds: 0 });
    kubelet = await start();
    await eventually('only one is left', () => groupsLeft().length === 1);
    assert.deepEqual(groupsLeft(), [`pod${pod.metadata.uid}`]);
    await remove('adopted');
  });

  it('makes none when it is told so, and takes no pod then that asks for something as a whole', async () => {
    await kubelet.stop();
    kubelet = await start({ cgroupsPerQos: false });
    const pod = await create('plain', [container('a', { limits: { memory: '16Mi' } })]);
    const [{ Id: id } = { Id: '' }] = await engine.docker.listContainers({
      filters: { label: [`io.kubernetes.pod.uid=${pod.metadata.uid}`, 'io.kubernetes.container.name=a'] },
    });
    const { HostConfig: given } = await engine.docker.getContainer(id).inspect();
    assert.equal(given.CgroupParent, '');
    const refused = await create('refused', [container('a')], { resources: { limits: { memory: '16Mi' } } });
    assert.equal(refused.status?.reason, 'PodLevelResourcesNotSupported');
    await eventually('nothing of before is left', () => !existsSync(folderOf('memory', '.')));
    await remove('plain');
    await remove('refused');
  });
});
