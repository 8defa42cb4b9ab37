/**
 * How long pods take, beside raw dockerode calls for the same containers on the same engine in the same run. The
 * whole cluster is in this process but for the engine: API server on its in-memory store, scheduler, controllers,
 * kubelet.
 */

import { execFile } from 'node:child_process';
import { copyFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { ContainerCreateOptions, MountSettings } from 'dockerode';
import { pods, replicationControllers } from '../api/resources/core.ts';
import type { Pod, ReplicationController } from '../api/types/core/v1.ts';
import { silentLogger } from '../base/logger.ts';
import { startControllerManager } from '../controller-manager/controller-manager.ts';
import { startScheduler } from '../scheduler/scheduler.ts';
import { startTestEngine, type TestEngine } from '../test/support/docker-engine.ts';
import { startTestApiServer, type TestApiServer } from '../test/support/test-api-server.ts';
import { startTestKubelet } from '../test/support/test-kubelet.ts';
import { printReport, type Row } from './report.ts';

const podCidr = '10.211.0.0/24';
const image = 'busybox:1';
const command = ['sh', '-c', 'trap "exit 0" TERM; while true; do sleep 1; done'];
const many = 30;
const inFlight = 8;
const rounds = 5;

export async function run(): Promise<void> {
  const engine = await startTestEngine({ podCidr });
  const server = await startTestApiServer();
  const cluster = { connection: server.connection, logger: silentLogger, leaderElect: false, identity: 'bench' };
  const stops: (() => Promise<void>)[] = [];
  try {
    await engine.importBusybox(image);
    const kubelet = await startTestKubelet({ engine, server, podCidr });
    stops.push(() => kubelet.stop());
    const scheduler = await startScheduler(cluster);
    stops.push(() => scheduler.stop());
    const controllers = await startControllerManager({ ...cluster, clusterCidr: podCidr });
    stops.push(() => controllers.stop());
    printReport('Pods', await measureAll(engine, server));
  } finally {
    for (const stop of stops.reverse()) await stop();
    await server.stop();
    await engine.stop();
  }
}

async function measureAll(engine: TestEngine, server: TestApiServer): Promise<Row[]> {
  const model = await recordPod(engine, server);
  await rawPods(engine, model, 2); // warm
  await onePod(server);
  const raw: number[] = [];
  const ours: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    raw.push(await rawPods(engine, model, 1));
    ours.push(await onePod(server));
  }
  const rawMany = await rawPods(engine, model, many);
  const oursMany = await controllerPods(server, many);
  const restarts = await killedContainers(engine, server);
  return [
    compare('one pod, created → seen Running', median(ours), median(raw), 1.3),
    compare(`${many} pods of a controller, all seen Running`, oursMany, rawMany, 1.15),
    {
      name: 'a killed container runs again',
      figure: `${(median(restarts) / 1000).toFixed(3)} s`,
      beside: '0.4 s at most',
      isReached: median(restarts) <= 400,
    },
  ];
}

const compare = (name: string, oursMs: number, rawMs: number, atMost: number): Row => ({
  name,
  figure: `${(oursMs / 1000).toFixed(3)} s`,
  beside: `${(oursMs / rawMs).toFixed(2)} × raw dockerode's ${(rawMs / 1000).toFixed(3)} s, ${atMost} × at most`,
  isReached: oursMs / rawMs <= atMost,
});

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

interface RawPod {
  readonly infra: ContainerCreateOptions;
  readonly container: ContainerCreateOptions;
}

/** What a pod's two containers are for Docker, read from a real one; the files that it mounts are copied. */
async function recordPod({ docker, folder }: TestEngine, server: TestApiServer): Promise<RawPod> {
  const seen = await watchRunning(server, 'metadata.name=model', 1);
  await server.client.create<Pod>(pods, { metadata: { namespace: 'default', name: 'model' }, spec: podSpec() });
  await seen.done;
  const optionsOf = async (name: string): Promise<ContainerCreateOptions> => {
    const label = ['io.kubernetes.pod.name=model', `io.kubernetes.container.name=${name}`];
    const [found] = await docker.listContainers({ filters: { label } });
    const { Config: config, HostConfig: host } = await docker.getContainer(found?.Id ?? '').inspect();
    const mounts = await Promise.all(
      (host.Mounts ?? []).map((mount, index) => copyMounted(mount, `${folder}/mounted-${index}`)),
    );
    const { Image, Env, Entrypoint, Cmd, Labels } = config;
    // Not the node's label: no kubelet must take them for its own.
    const labels = Object.fromEntries(Object.entries(Labels).filter(([key]) => !key.startsWith('dev.longshore.')));
    return {
      Image,
      Env,
      Labels: labels,
      HostConfig: { ...host, Mounts: mounts },
      ...(Entrypoint && { Entrypoint }),
      ...(Cmd && { Cmd }),
    };
  };
  const raw = { infra: await optionsOf('POD'), container: await optionsOf('c') };
  await server.client.delete(pods, { namespace: 'default', name: 'model' });
  await untilNone(server);
  return raw;
}

async function copyMounted(mount: MountSettings, copy: string): Promise<MountSettings> {
  await copyFile(mount.Source, copy);
  return { ...mount, Source: copy };
}

/** The same containers, as plainly as dockerode allows. */
async function rawPods({ docker }: TestEngine, raw: RawPod, count: number): Promise<number> {
  const ids: string[] = [];
  const startedAt = performance.now();
  let next = 0;
  const work = async () => {
    while (next < count) {
      next += 1;
      const infra = await docker.createContainer(raw.infra);
      await infra.start();
      const joined = `container:${infra.id}`;
      const host = { ...raw.container.HostConfig, NetworkMode: joined, IpcMode: joined };
      const container = await docker.createContainer({ ...raw.container, HostConfig: host });
      await container.start();
      ids.push(container.id, infra.id);
    }
  };
  await Promise.all(Array.from({ length: Math.min(inFlight, count) }, work));
  const took = performance.now() - startedAt;
  await Promise.all(ids.map((id) => docker.getContainer(id).remove({ force: true })));
  return took;
}

function podSpec(): NonNullable<Pod['spec']> {
  return { terminationGracePeriodSeconds: 0, containers: [{ name: 'c', image, command }] };
}

let serial = 0;

async function onePod(server: TestApiServer): Promise<number> {
  serial += 1;
  const name = `one-${serial}`;
  const seen = await watchRunning(server, `metadata.name=${name}`, 1);
  const startedAt = performance.now();
  await server.client.create<Pod>(pods, { metadata: { namespace: 'default', name }, spec: podSpec() });
  const took = (await seen.done) - startedAt;
  await server.client.delete(pods, { namespace: 'default', name });
  await untilNone(server);
  return took;
}

async function controllerPods(server: TestApiServer, count: number): Promise<number> {
  const seen = await watchRunning(server, undefined, count);
  const startedAt = performance.now();
  const labels = { app: 'bench' };
  await server.client.create<ReplicationController>(replicationControllers, {
    metadata: { namespace: 'default', name: 'bench' },
    spec: { replicas: count, selector: labels, template: { metadata: { labels }, spec: podSpec() } },
  });
  return (await seen.done) - startedAt;
}

/** Resolves as soon as the watch is open; `done` with the time at which so many pods were seen Running. */
async function watchRunning(
  server: TestApiServer,
  fieldSelector: string | undefined,
  count: number,
): Promise<{ readonly done: Promise<number> }> {
  const { metadata } = await server.client.list<Pod>(pods, { namespace: 'default' });
  const stop = new AbortController();
  const { resourceVersion } = metadata;
  const watch = server.client.watch<Pod>(pods, {
    namespace: 'default',
    fieldSelector,
    resourceVersion,
    signal: stop.signal,
  });
  const done = (async () => {
    const running = new Set<string>();
    for await (const event of watch) {
      if (event.type === 'BOOKMARK' || event.object.status?.phase !== 'Running') continue;
      running.add(event.object.metadata.uid);
      if (running.size < count) continue;
      stop.abort();
      return performance.now();
    }
    throw new Error('The watch ended before all pods ran');
  })();
  return { done };
}

async function untilNone(server: TestApiServer): Promise<void> {
  while ((await server.client.list<Pod>(pods, { namespace: 'default' })).items.length > 0)
    await new Promise((resolve) => setTimeout(resolve, 50));
}

/** From the death of a container's process to the watcher who sees its successor run. */
async function killedContainers({ docker }: TestEngine, server: TestApiServer): Promise<number[]> {
  const times: number[] = [];
  const { items } = await server.client.list<Pod>(pods, { namespace: 'default' });
  for (const pod of items.slice(0, rounds)) {
    const id = pod.status?.containerStatuses?.[0]?.containerID?.replace('docker://', '') ?? '';
    const { State: state } = await docker.getContainer(id).inspect();
    const stop = new AbortController();
    const { resourceVersion } = (await server.client.list<Pod>(pods, { namespace: 'default' })).metadata;
    const fieldSelector = `metadata.name=${pod.metadata.name}`;
    const watch = server.client.watch<Pod>(pods, {
      namespace: 'default',
      fieldSelector,
      resourceVersion,
      signal: stop.signal,
    });
    const startedAt = performance.now();
    await promisify(execFile)('kill', ['-9', String(state.Pid)]);
    for await (const event of watch) {
      if (event.type === 'BOOKMARK') continue;
      const status = event.object.status?.containerStatuses?.[0];
      if (status?.restartCount !== 1 || status.state?.running === undefined) continue;
      times.push(performance.now() - startedAt);
      stop.abort();
    }
  }
  return times;
}
