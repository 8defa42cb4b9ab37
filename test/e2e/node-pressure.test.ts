/** A node whose disk runs full: a real kubelet on a real engine, whose data lies on a small file system. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { events, nodes, pods } from '../../api/resources/core.ts';
import type { Event, Node, Pod } from '../../api/types/core/v1.ts';
import type { RunningKubelet } from '../../kubelet/kubelet.ts';
import { parsePressureOptions } from '../../kubelet/pressure/pressure-options.ts';
import { startTestEngine, type TestEngine } from '../support/docker-engine.ts';
import { eventually } from '../support/eventually.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';
import { podUntil, startTestKubelet, untilPodIsGone } from '../support/test-kubelet.ts';

const podCidr = '10.244.203.0/24';
const patience = { timeoutMs: 120_000 };
const waiting = 'trap "exit 0" TERM; while true; do sleep 0.1; done';
const write = (megabytes: number, path = '/file') => `dd if=/dev/zero of=${path} bs=1M count=${megabytes} 2>/dev/null`;

type PodSpec = NonNullable<Pod['spec']>;

describe('a disk that runs full', { timeout: 400_000 }, () => {
  let engine: TestEngine;
  let server: TestApiServer;
  let kubelet: RunningKubelet;

  before(async () => {
    engine = await startTestEngine({ podCidr, dataMegabytes: 160 });
    await engine.importBusybox('busybox:1');
    server = await startTestApiServer();
    kubelet = await startTestKubelet({
      ...{ engine, server, podCidr },
      dataDir: join(engine.folder, 'data/kubelet'),
      pressure: parsePressureOptions({
        'eviction-hard': 'nodefs.available<30Mi',
        'eviction-pressure-transition-period': '3s',
        'minimum-image-ttl-duration': '0s',
        'image-gc-high-threshold': '100',
      }),
    });
  });

  after(async () => {
    await kubelet?.stop();
    await server?.stop();
    await engine?.stop();
  });

  async function create(name: string, script: string, spec: Partial<PodSpec> = {}): Promise<void> {
    const container = { name: 'c', image: 'busybox:1', command: ['sh', '-c', script], ...spec.containers?.[0] };
    await server.client.create<Pod>(pods, {
      metadata: { namespace: 'default', name },
      spec: { terminationGracePeriodSeconds: 2, nodeName: 'node-1', ...spec, containers: [container] },
    });
  }

  const asking = (resources: object): Partial<PodSpec> => ({
    containers: [{ name: 'c', image: 'busybox:1', resources }],
  });
  const isRunning = ({ status }: Pod) => status?.containerStatuses?.[0]?.state?.running !== undefined;
  const hasFailed = ({ status }: Pod) => status?.phase === 'Failed';
  const get = (name: string) => server.client.get<Pod>(pods, { namespace: 'default', name });
  const node = () => server.client.get<Node>(nodes, { name: 'node-1' });
  const remove = async (name: string) => {
    await server.client.delete(pods, { namespace: 'default', name });
    await untilPodIsGone(server, name);
  };

  async function hasCondition(status: string): Promise<void> {
    await eventually(
      `DiskPressure is ${status}`,
      async () => {
        const found = (await node()).status?.conditions?.find(({ type }) => type === 'DiskPressure');
        return found?.status === status;
      },
      patience,
    );
  }

  async function untilFailed(name: string): Promise<Pod> {
    return await eventually(
      `${name} has failed`,
      async () => {
        const pod = await get(name);
        return hasFailed(pod) && pod;
      },
      patience,
    );
  }

  async function eventsOf(namespace: string, name: string): Promise<string[]> {
    const { items } = await server.client.list<Event>(events, {
      namespace,
      fieldSelector: `involvedObject.name=${name}`,
    });
    return items.map(({ type, reason, message }) => `${type} ${reason}: ${message}`);
  }

  /** So many megabytes of which nothing can be saved, in an image that nothing uses. */
  async function importLarge(name: string, megabytes: number): Promise<void> {
    const folder = join(engine.folder, 'large');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'file'), Buffer.alloc(megabytes * 2 ** 20, name));
    const archive = execFile('tar', ['-C', folder, '-cf', '-', '.'], { encoding: 'buffer', maxBuffer: 2 ** 30 }).stdout;
    assert(archive !== null);
    const progress = await engine.docker.importImage(Readable.from(archive), { repo: name });
    for await (const chunk of progress) assert(!String(chunk).includes('"error"'), String(chunk));
    await rm(folder, { recursive: true });
  }

  const imageNames = async () => (await engine.docker.listImages()).flatMap(({ RepoTags }) => RepoTags ?? []);

  it('loses unused images first, then the pod that takes most beyond what it asked for', async () => {
    await importLarge('unused:1', 40);
    await create('asks', `${write(20)}; ${waiting}`, asking({ requests: { 'ephemeral-storage': '30Mi' } }));
    await create('modest', `${write(3)}; ${waiting}`);
    await create(
      'greedy',
      `${write(45)}; until [ -e /more ]; do sleep 0.1; done; dd if=/dev/zero of=/more bs=1M; ${waiting}`,
    );
    for (const name of ['asks', 'modest', 'greedy']) await podUntil(server, name, isRunning);
    // 160 MB, of which some 115 are taken now.
    assert((await imageNames()).includes('unused:1'));
    await create('filler', `${write(20)}; ${waiting}`, asking({ requests: { 'ephemeral-storage': '30Mi' } }));
    await eventually('the unused image is gone', async () => !(await imageNames()).includes('unused:1'), patience);
    for (const name of ['asks', 'modest', 'greedy', 'filler'])
      assert((await podUntil(server, name, isRunning)) !== undefined);
    assert((await imageNames()).includes('busybox:1'));
    await hasCondition('False');

    const container = (await get('greedy')).status?.containerStatuses?.[0]?.containerID?.replace('docker://', '') ?? '';
    const exec = await engine.docker.getContainer(container).exec({ Cmd: ['touch', '/more'] });
    await exec.start({});
    await hasCondition('True');
    const evicted = await untilFailed('greedy');
    assert.equal(evicted.status?.reason, 'Evicted');
    assert.match(
      evicted.status?.message ?? '',
      /^The node was low on resource: ephemeral-storage. Threshold quantity: 30Mi, available: \w+. Container c was using \w+, request is 0, has larger consumption of ephemeral-storage. $/,
    );
    const disruption = evicted.status?.conditions?.find(({ type }) => type === 'DisruptionTarget');
    assert.deepEqual([disruption?.status, disruption?.reason], ['True', 'TerminationByKubelet']);
    await hasCondition('False');
    for (const name of ['asks', 'modest', 'filler']) assert(isRunning(await get(name)), name);
    await eventually('the events are there', async () => {
      const all = [...(await eventsOf('default', 'greedy')), ...(await eventsOf('default', 'node-1'))];
      return (
        all.some((one) => one.startsWith('Warning Evicted: The node was low on resource: ephemeral-storage.')) &&
        all.includes('Warning EvictionThresholdMet: Attempting to reclaim ephemeral-storage')
      );
    });
    for (const name of ['asks', 'modest', 'filler', 'greedy']) await remove(name);
  });

  it('gets back what the volume of an evicted pod held', async () => {
    await create('bystander', `${write(3)}; ${waiting}`);
    await podUntil(server, 'bystander', isRunning);
    await create('hoarder', `dd if=/dev/zero of=/v/file bs=1M; ${waiting}`, {
      containers: [{ name: 'c', image: 'busybox:1', volumeMounts: [{ name: 'v', mountPath: '/v' }] }],
      volumes: [{ name: 'v', emptyDir: {} }],
    });
    assert.equal((await untilFailed('hoarder')).status?.reason, 'Evicted');
    await hasCondition('False');
    assert(isRunning(await get('bystander')));
    for (const name of ['bystander', 'hoarder']) await remove(name);
  });

  it('ends pods that take more than they may', async () => {
    const limited = (limit: string) => asking({ limits: { 'ephemeral-storage': limit } });
    const volume = { name: 'v', emptyDir: { sizeLimit: '2Mi' } };
    await create('container', `${write(5)}; ${waiting}`, limited('4Mi'));
    await create('volume', `${write(3, '/v/file')}; ${waiting}`, {
      containers: [{ name: 'c', image: 'busybox:1', volumeMounts: [{ name: 'v', mountPath: '/v' }] }],
      volumes: [volume],
    });
    await create(
      'log',
      `i=0; while [ $i -lt 3000 ]; do echo ${'x'.repeat(1000)}; i=$((i+1)); done; ${waiting}`,
      limited('2Mi'),
    );
    await create('within', `${write(1)}; ${waiting}`, limited('4Mi'));
    const messages = await Promise.all(['container', 'volume', 'log'].map(untilFailed));
    assert.deepEqual(
      messages.map(({ status }) => [status?.reason, status?.message]),
      [
        ['Evicted', 'Pod ephemeral local storage usage exceeds the total limit of containers 4Mi. '],
        ['Evicted', 'Usage of EmptyDir volume "v" exceeds the limit "2Mi". '],
        ['Evicted', 'Pod ephemeral local storage usage exceeds the total limit of containers 2Mi. '],
      ],
    );
    assert(isRunning(await get('within')));
    for (const name of ['container', 'volume', 'log', 'within']) await remove(name);
  });
});
