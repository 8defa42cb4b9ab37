/**
 * What Deployments cost: which objects a change of one replica touches, what a controller manager that begins anew
 * writes, and how long 30 replicas take to roll beside raw dockerode for the same containers on the same engine.
 */

import type { ContainerCreateOptions } from 'dockerode';
import { deployments, replicaSets } from '../api/resources/apps.ts';
import { configMaps, pods } from '../api/resources/core.ts';
import type { Deployment } from '../api/types/apps/v1.ts';
import type { ConfigMap, Pod } from '../api/types/core/v1.ts';
import { silentLogger } from '../base/logger.ts';
import { startControllerManager } from '../controller-manager/controller-manager.ts';
import { startScheduler } from '../scheduler/scheduler.ts';
import { startTestEngine, type TestEngine } from '../test/support/docker-engine.ts';
import { eventually } from '../test/support/eventually.ts';
import { playPods } from '../test/support/played-pods.ts';
import { startTestApiServer, type TestApiServer } from '../test/support/test-api-server.ts';
import { startTestKubelet } from '../test/support/test-kubelet.ts';
import { printReport, type Row } from './report.ts';

const namespace = 'default';
const podCidr = '10.212.0.0/24';
const image = 'busybox:1';
const many = 1_000;
const objects = 10_000;
const rolling = 30;
const inFlight = 8;
const atMost = 1.15;
const command = ['sh', '-c', 'trap "exit 0" TERM; while true; do sleep 1; done'];

export async function run(): Promise<void> {
  printReport('Deployments', [...(await writes()), await roll()]);
}

const managerOf = (server: TestApiServer) =>
  startControllerManager({
    connection: server.connection,
    logger: silentLogger,
    leaderElect: false,
    identity: 'bench',
    clusterCidr: podCidr,
  });

const deployment = (replicas: number, env: string): Deployment => ({
  metadata: { namespace, name: 'web' },
  spec: {
    replicas,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: {
        terminationGracePeriodSeconds: 0,
        containers: [{ name: 'c', image, command, env: [{ name: 'VERSION', value: env }] }],
      },
    },
  },
});

const available = (server: TestApiServer, replicas: number) =>
  eventually(
    `${replicas} available`,
    async () => {
      const { status, metadata } = await server.client.get(deployments, { namespace, name: 'web' });
      const { availableReplicas, updatedReplicas, replicas: all, observedGeneration } = status ?? {};
      return (
        [availableReplicas, updatedReplicas, all].every((count) => count === replicas) &&
        observedGeneration === metadata.generation
      );
    },
    { timeoutMs: 600_000, everyMs: 20 },
  );

/** Version by name. */
async function versions(server: TestApiServer): Promise<Map<string, string>> {
  const all = await Promise.all([
    server.client.list(pods, { namespace }),
    server.client.list(replicaSets, { namespace }),
    server.client.list(configMaps, { namespace }),
  ]);
  return new Map(all.flatMap(({ items }) => items.map(({ metadata }) => [metadata.uid, metadata.resourceVersion])));
}

const revisionOf = async (server: TestApiServer) =>
  Number((await server.client.list(deployments, { namespace, limit: 1 })).metadata.resourceVersion);

/** On the API server's store in memory; scheduler and kubelets are played. */
async function writes(): Promise<Row[]> {
  const server = await startTestApiServer();
  let manager = await managerOf(server);
  const played = await playPods(server.client, namespace, { isGood: () => true, onChange: () => {} });
  try {
    await server.client.create<Deployment>(deployments, deployment(many, '1'));
    await available(server, many);
    const before = await versions(server);
    const body = { spec: { replicas: many + 1 } };
    await server.client.patch<Deployment>(deployments, { namespace, name: 'web' }, { type: 'merge', body });
    await available(server, many + 1);
    const changed = [...(await versions(server))].filter(([uid, version]) => before.get(uid) !== version);
    const podsChanged = changed.length - 1;
    const missing = objects - before.size;
    for (let made = 0; made < missing; made += 100)
      await Promise.all(
        Array.from({ length: Math.min(100, missing - made) }, (_, i) =>
          server.client.create<ConfigMap>(configMaps, { metadata: { namespace, name: `filler-${made + i}` } }),
        ),
      );
    await manager.stop();
    const settled = await untilQuiet(server);
    manager = await managerOf(server);
    const writesMade = (await untilQuiet(server)) - settled;
    return [
      {
        name: `${many} pods scaled by one`,
        figure: `${podsChanged} pod and its ReplicaSet written`,
        beside: '1 pod',
        isReached: podsChanged === 1,
      },
      {
        name: `a controller manager begins anew over ${objects} objects`,
        figure: `${writesMade} writes`,
        beside: 'none',
        isReached: writesMade === 0,
      },
    ];
  } finally {
    await manager.stop();
    await played.stop();
    await server.stop();
  }
}

/** The store's revision once nothing was written for a while. */
async function untilQuiet(server: TestApiServer, quietMs = 5_000): Promise<number> {
  let last = await revisionOf(server);
  for (let since = performance.now(); performance.now() - since < quietMs; ) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const now = await revisionOf(server);
    if (now !== last) since = performance.now();
    last = now;
  }
  return last;
}

/** One kubelet, the scheduler and the controllers in this process, and a Docker Engine. */
async function roll(): Promise<Row> {
  const engine = await startTestEngine({ podCidr });
  const server = await startTestApiServer();
  const stops: (() => Promise<void>)[] = [];
  try {
    await engine.importBusybox(image);
    const kubelet = await startTestKubelet({ engine, server, podCidr });
    stops.push(() => kubelet.stop());
    const { connection } = server;
    const scheduler = await startScheduler({ connection, logger: silentLogger, leaderElect: false, identity: 'bench' });
    stops.push(() => scheduler.stop());
    const manager = await managerOf(server);
    stops.push(() => manager.stop());
    await server.client.create<Deployment>(deployments, deployment(rolling, '1'));
    await available(server, rolling);
    const model = await modelOf(engine);
    const began = performance.now();
    const body = { spec: { template: deployment(rolling, '2').spec?.template } };
    await server.client.patch<Deployment>(deployments, { namespace, name: 'web' }, { type: 'merge', body });
    await available(server, rolling);
    await eventually('old pods are gone', async () => (await livePods(server)) === rolling, {
      timeoutMs: 600_000,
      everyMs: 20,
    });
    const ours = performance.now() - began;
    await server.client.delete(deployments, { namespace, name: 'web' }, { propagationPolicy: 'Background' });
    await eventually('no pods', async () => (await livePods(server)) === 0, { timeoutMs: 600_000 });
    const raw = await rawRoll(engine, model);
    return {
      name: `${rolling} replicas roll`,
      figure: `${(ours / 1000).toFixed(3)} s`,
      beside: `${(ours / raw).toFixed(2)} × raw dockerode's ${(raw / 1000).toFixed(3)} s, ${atMost} × at most`,
      isReached: ours / raw <= atMost,
    };
  } finally {
    for (const stop of stops.reverse()) await stop();
    await server.stop();
    await engine.stop();
  }
}

const livePods = async (server: TestApiServer): Promise<number> =>
  (await server.client.list<Pod>(pods, { namespace })).items.length;

interface Model {
  readonly infra: ContainerCreateOptions;
  readonly container: ContainerCreateOptions;
}

/** What the two containers of one of the pods are for Docker; the kubelet must not take the copies for its own. */
async function modelOf({ docker }: TestEngine): Promise<Model> {
  const optionsOf = async (name: string): Promise<ContainerCreateOptions> => {
    const [found] = await docker.listContainers({ filters: { label: [`io.kubernetes.container.name=${name}`] } });
    const { Config: config, HostConfig: host } = await docker.getContainer(found?.Id ?? '').inspect();
    const { Image, Env, Entrypoint, Cmd } = config;
    const { Mounts: _, Binds: __, ...rest } = host;
    return { Image, Env, HostConfig: rest, ...(Entrypoint && { Entrypoint }), ...(Cmd && { Cmd }) };
  };
  return { infra: await optionsOf('POD'), container: await optionsOf('c') };
}

/** As many pods are there; each is replaced by one with the same containers, so many at a time. */
async function rawRoll({ docker }: TestEngine, { infra, container }: Model): Promise<number> {
  const make = async (): Promise<string[]> => {
    const first = await docker.createContainer(infra);
    await first.start();
    const joined = `container:${first.id}`;
    const HostConfig = { ...container.HostConfig, NetworkMode: joined, IpcMode: joined };
    const second = await docker.createContainer({ ...container, HostConfig });
    await second.start();
    return [second.id, first.id];
  };
  const remove = async (ids: readonly string[]) => {
    for (const id of ids) await docker.getContainer(id).remove({ force: true });
  };
  const atOnce = async (work: (n: number) => Promise<void>) => {
    let next = 0;
    const worker = async () => {
      while (next < rolling) {
        next += 1;
        await work(next - 1);
      }
    };
    await Promise.all(Array.from({ length: inFlight }, worker));
  };
  const old: string[][] = [];
  const made: string[][] = [];
  await atOnce(async () => void old.push(await make()));
  const began = performance.now();
  await atOnce(async (n) => {
    made.push(await make());
    await remove(old[n] ?? []);
  });
  const took = performance.now() - began;
  for (const ids of made) await remove(ids);
  return took;
}
