/** The loops against the real API server, while processes die and connections break. */

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import {
  namespaces,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  replicationControllers,
  serviceAccounts,
  services,
} from '../../api/resources/core.ts';
import { endpointSlices } from '../../api/resources/discovery.ts';
import { volumeAttributesClasses } from '../../api/resources/storage.ts';
import { isNotFound } from '../../api/status-error.ts';
import type {
  Namespace,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  ReplicationController,
  Service,
} from '../../api/types/core/v1.ts';
import type { VolumeAttributesClass } from '../../api/types/storage/v1.ts';
import { MemoryStore } from '../../apiserver/store/testing/memory-store.ts';
import type { Running } from '../../base/lifecycle.ts';
import { silentLogger } from '../../base/logger.ts';
import { UserError } from '../../base/user-error.ts';
import type { Connection } from '../../client/connection.ts';
import { createInformer } from '../../client/informer.ts';
import { startControllerManager } from '../../controller-manager/controller-manager.ts';
import { kubeconfigText } from '../clients/kubeconfig-text.ts';
import { eventually } from '../support/eventually.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

describe('controller manager', () => {
  let server: TestApiServer;
  let folder: string;
  let namespace = '';
  let count = 0;
  const closers: (() => Promise<unknown>)[] = [];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'controller-manager-'));
    server = await startTestApiServer();
  });
  after(async () => {
    await server.stop();
    await rm(folder, { recursive: true });
  });
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  async function freshNamespace(): Promise<void> {
    count += 1;
    namespace = `loops-${count}`;
    await server.client.create<Namespace>(namespaces, { metadata: { name: namespace } });
  }

  async function start(connection: Connection = server.connection, controllers = ['*']): Promise<Running> {
    const options = { connection, logger: silentLogger, leaderElect: false, identity: 'test', controllers };
    const manager = await startControllerManager(options);
    closers.push(() => manager.stop());
    return manager;
  }

  /** Every pod that was ever seen in the namespace. */
  async function watchPods(): Promise<Set<string>> {
    const seen = new Set<string>();
    const informer = createInformer(server.client, pods, { namespace, logger: silentLogger });
    informer.onChange(({ next, previous }) => seen.add((next ?? previous)?.metadata.uid ?? ''));
    const stop = new AbortController();
    const running = informer.run(stop.signal);
    closers.push(async () => {
      stop.abort();
      await running;
    });
    await informer.synced();
    return seen;
  }

  const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'app:1' }] } };
  const createController = (replicas: number) =>
    server.client.create<ReplicationController>(replicationControllers, {
      metadata: { namespace, name: 'web' },
      spec: { replicas, selector: { app: 'web' }, template },
    });
  const scale = (replicas: number) =>
    server.client.patch(
      replicationControllers,
      { namespace, name: 'web' },
      { type: 'merge', body: { spec: { replicas } } },
    );
  const alive = async () =>
    (await server.client.list(pods, { namespace })).items.filter(({ metadata }) => !metadata.deletionTimestamp);
  const untilThereAre = (wanted: number) =>
    eventually(`${wanted} pods`, async () => (await alive()).length === wanted && settled(wanted));
  /** The controller has seen them all. */
  async function settled(wanted: number): Promise<boolean> {
    const { status } = await server.client.get(replicationControllers, { namespace, name: 'web' });
    return status?.replicas === wanted;
  }

  it('makes as many pods as are asked for, more, fewer, and none when their owner goes', async () => {
    await freshNamespace();
    await start();
    await createController(3);
    await untilThereAre(3);
    await scale(10);
    await untilThereAre(10);
    await scale(1);
    await untilThereAre(1);
    await server.client.delete(replicationControllers, { namespace, name: 'web' }, { propagationPolicy: 'Background' });
    await eventually('no pods', async () => (await alive()).length === 0);
  });

  it('never makes a pod twice, however late its cache is and however its connections break', async () => {
    await freshNamespace();
    const proxy = await TcpProxy.start(server.port);
    closers.push(() => proxy.stop());
    const seen = await watchPods();
    await start({ ...server.connection, servers: [`https://127.0.0.1:${proxy.port}`] });
    await createController(5);
    await untilThereAre(5);
    for (const replicas of [15, 30, 45]) {
      await scale(replicas);
      await eventually('some are made', async () => (await alive()).length > replicas - 15);
      proxy.holdAnswers(true);
      await eventually('nothing happens any more', quiet());
      proxy.cut();
      proxy.holdAnswers(false);
      await untilThereAre(replicas);
    }
    assert.equal(seen.size, 45);
  });

  /** True once the number of pods has stayed the same for a while. */
  function quiet(): () => Promise<boolean> {
    let last = -1;
    let same = 0;
    return async () => {
      const { length } = await alive();
      same = length === last ? same + 1 : 0;
      last = length;
      return same > 8;
    };
  }

  it('runs only the controllers that are wanted, and none when a name is unknown', async () => {
    await assert.rejects(start(server.connection, ['*', 'no-such-controller']), UserError);
    await freshNamespace();
    await start(server.connection, ['replicationcontroller-controller']);
    await createController(3);
    await untilThereAre(3);
    // The namespace has got no account of its own, of which it gets one at once from the controller that does not run.
    await assert.rejects(server.client.get(serviceAccounts, { namespace, name: 'default' }), isNotFound);
  });

  it('goes on through another API server when one stops', async () => {
    const store = new MemoryStore();
    closers.push(() => store.close());
    const first = await startTestApiServer({ store });
    const second = await startTestApiServer({ store, authority: first.authority });
    closers.push(() => second.stop());
    const options = { connection: { ...first.connection, servers: [first.url, second.url] }, identity: 'test' };
    const manager = await startControllerManager({ ...options, logger: silentLogger, leaderElect: true });
    closers.push(() => manager.stop());
    const at = { namespace: 'default', name: 'web' };
    const spec = { replicas: 20, selector: { app: 'web' }, template };
    await second.client.create<ReplicationController>(replicationControllers, { metadata: at, spec });
    const podCount = async () => (await second.client.list(pods, { namespace: 'default' })).items.length;
    await eventually('the first pods', async () => (await podCount()) > 0);
    await first.stop();
    await eventually('all of them', async () => {
      const { status } = await second.client.get(replicationControllers, at);
      return status?.replicas === 20;
    });
    assert.equal(await podCount(), 20);
  });

  it('is killed and started again while it works: nothing is lost, nothing is doubled', async () => {
    await freshNamespace();
    const seen = await watchPods();
    const kubeconfig = join(folder, 'config');
    await writeFile(kubeconfig, kubeconfigText(server.connection));
    await createController(0);
    let wanted = 0;
    for (let round = 1; round <= 3; round += 1) {
      const child = startProcess(kubeconfig);
      wanted = round * 40;
      await scale(wanted);
      await eventually('it has begun', async () => (await alive()).length > wanted - 40);
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    startProcess(kubeconfig);
    await untilThereAre(wanted);
    assert.equal(seen.size, wanted);
  });

  function startProcess(kubeconfig: string): ChildProcess {
    const flags = ['--kubeconfig', kubeconfig, '--identity', 'always-the-same', '--health-port', '0'];
    const main = join(import.meta.dirname, '../../controller-manager/main.ts');
    const child = spawn(process.execPath, ['--import', 'tsx', main, ...flags], { stdio: 'ignore' });
    closers.push(async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      const [code] = await once(child, 'exit');
      assert.equal(code, 0);
    });
    return child;
  }

  it('shows ready pods in endpoint slices, and takes them out as they go', async () => {
    await freshNamespace();
    await start();
    await server.client.create<Service>(services, {
      metadata: { namespace, name: 'web' },
      spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] },
    });
    await createController(130);
    await untilThereAre(130);
    const all = await alive();
    await Promise.all(all.map((pod, i) => makeReady(pod.metadata.name, i)));
    await eventually('all are ready', async () => (await readyAddresses()).length === 130);
    const { items } = await slices();
    assert.ok(items.every(({ endpoints }) => (endpoints ?? []).length <= 100));
    await scale(2);
    await eventually('two are left', async () => (await readyAddresses()).length === 2);
  });

  const slices = () =>
    server.client.list(endpointSlices, { namespace, labelSelector: 'kubernetes.io/service-name=web' });
  async function readyAddresses(): Promise<string[]> {
    const endpoints = (await slices()).items.flatMap((slice) => slice.endpoints ?? []);
    return endpoints.filter(({ conditions }) => conditions?.ready).flatMap(({ addresses }) => addresses);
  }
  it('lets a claim go when the last bound pod is gone, and a volume when it is not bound', async () => {
    await freshNamespace();
    const { client } = server;
    const resources = { requests: { storage: '1Gi' } };
    await client.create<PersistentVolumeClaim>(persistentVolumeClaims, {
      metadata: { namespace, name: 'data' },
      spec: { accessModes: ['ReadWriteOnce'], resources, storageClassName: '' },
    });
    await client.create<PersistentVolume>(persistentVolumes, {
      metadata: { name: `${namespace}-disk` },
      spec: { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, hostPath: { path: '/srv/disk' } },
    });
    await client.create<Pod>(pods, {
      metadata: { namespace, name: 'user' },
      spec: {
        nodeName: 'somewhere',
        terminationGracePeriodSeconds: 0,
        containers: template.spec.containers,
        volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
      },
    });
    await start();
    await client.delete(persistentVolumes, { name: `${namespace}-disk` });
    await client.delete(persistentVolumeClaims, { namespace, name: 'data' });
    await eventually('the volume has gone', () =>
      isAbsent(client.get(persistentVolumes, { name: `${namespace}-disk` })),
    );
    const held = await client.get<PersistentVolumeClaim>(persistentVolumeClaims, { namespace, name: 'data' });
    assert.deepEqual(held.metadata.finalizers, ['kubernetes.io/pvc-protection']);
    await client.delete(pods, { namespace, name: 'user' }, { gracePeriodSeconds: 0 });
    await eventually('the claim has gone', () =>
      isAbsent(client.get(persistentVolumeClaims, { namespace, name: 'data' })),
    );
  });

  it('lets a class of volume attributes go when no claim and no volume names it', async () => {
    await freshNamespace();
    const { client } = server;
    const name = `${namespace}-gold`;
    await client.create<VolumeAttributesClass>(volumeAttributesClasses, {
      metadata: { name },
      driverName: 'disks.example.com',
      parameters: { iops: '1000' },
    });
    await client.create<PersistentVolumeClaim>(persistentVolumeClaims, {
      metadata: { namespace, name: 'data' },
      spec: {
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage: '1Gi' } },
        storageClassName: '',
        volumeAttributesClassName: name,
      },
    });
    await client.create<PersistentVolume>(persistentVolumes, {
      metadata: { name: `${namespace}-disk` },
      spec: {
        accessModes: ['ReadWriteOnce'],
        capacity: { storage: '1Gi' },
        csi: { driver: 'disks.example.com', volumeHandle: 'one' },
        volumeAttributesClassName: name,
      },
    });
    await start();
    await client.delete(volumeAttributesClasses, { name });
    await client.delete(persistentVolumeClaims, { namespace, name: 'data' });
    await eventually('the claim has gone', () =>
      isAbsent(client.get(persistentVolumeClaims, { namespace, name: 'data' })),
    );
    const held = await client.get(volumeAttributesClasses, { name });
    assert.deepEqual(held.metadata.finalizers, ['kubernetes.io/vac-protection']);
    await client.delete(persistentVolumes, { name: `${namespace}-disk` });
    await eventually('the class has gone', () => isAbsent(client.get(volumeAttributesClasses, { name })));
  });

  function makeReady(name: string, i: number): Promise<Pod> {
    const podIP = `10.1.${Math.floor(i / 200)}.${(i % 200) + 1}`;
    const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: '2030-01-01T00:00:00Z' }];
    const status = { phase: 'Running', podIP, podIPs: [{ ip: podIP }], conditions };
    return server.client.patch(
      pods,
      { namespace, name },
      { type: 'merge', body: { status } },
      { subresource: 'status' },
    );
  }
});

const isAbsent = (read: Promise<unknown>): Promise<boolean> =>
  read.then(
    () => false,
    (error: unknown) => {
      if (isNotFound(error)) return true;
      throw error;
    },
  );
