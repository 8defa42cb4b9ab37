/**
 * A Deployment behind a Service on three hosts, and requests to it from two of them while it is rolled out. Its server is
 * the least careful one there is: no preStop, and at SIGTERM it is gone at once. For an end-to-end test and a benchmark,
 * in the sandbox.
 */

import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { isNodeReady } from '../../api/nodes.ts';
import { drainBoundAnnotation } from '../../api/pod-drain.ts';
import { deployments } from '../../api/resources/apps.ts';
import { nodes, pods, services } from '../../api/resources/core.ts';
import type { Deployment } from '../../api/types/apps/v1.ts';
import type { Node, Service } from '../../api/types/core/v1.ts';
import { packageRoot } from '../../base/package-root.ts';
import { ifPresent } from '../../client/if-present.ts';
import { importBusybox } from './engine-state.ts';
import { eventually } from './eventually.ts';
import { LocalCluster, runProgram } from './local-cluster.ts';
import { type HostRun, masterAddress, prepareWorkerHosts, startProgram, WorkerHost } from './worker-hosts.ts';

const image = 'longshore-test/busybox:1';
const namespace = 'default';
const name = 'web';
const place = { namespace, name };
const patienceMs = 180_000;

const server = `
  process.on("SIGTERM", () => process.exit(0));
  require("http").createServer((request, response) => response.end("ok")).listen(8080);`;

/** What `request-load.mjs` prints. */
export interface LoadOutcome {
  readonly sent: number;
  /** Without an answer, or with another status than 200. */
  readonly failed: number;
  /** Sent again over another connection, because the one that was kept had been closed. */
  readonly repeated: number;
  /** What went wrong, and how often. */
  readonly failures: Readonly<Record<string, number>>;
}

export interface RolloutLabOptions {
  readonly replicas: number;
}

export class RolloutLab {
  readonly cluster: LocalCluster;
  readonly #replicas: number;
  readonly #hosts: readonly WorkerHost[];
  readonly #joined = new Map<WorkerHost, HostRun>();
  #url = '';
  #version = 0;
  /** Of the pods; undefined: their nodes' own. */
  #drainBound: string | undefined;

  private constructor(options: RolloutLabOptions, cluster: LocalCluster, hosts: readonly WorkerHost[]) {
    this.#replicas = options.replicas;
    this.cluster = cluster;
    this.#hosts = hosts;
  }

  /** Resolves when all replicas are available. */
  static async start(options: RolloutLabOptions): Promise<RolloutLab> {
    await prepareWorkerHosts();
    const flags = ['--no-demo', '--node-ip', masterAddress, '--node-name', 'm1'];
    const [cluster, w1, w2] = await Promise.all([
      LocalCluster.start({ flags }),
      WorkerHost.start({ number: 1 }),
      WorkerHost.start({ number: 2 }),
    ]);
    const lab = new RolloutLab(options, cluster, [w1, w2]);
    try {
      await lab.#prepare();
    } catch (error) {
      await lab.stop();
      throw error;
    }
    return lab;
  }

  async #prepare(): Promise<void> {
    await importBusybox(image);
    const archive = join(process.env.LONGSHORE_SANDBOX ?? '', 'busybox.tar');
    await runProgram('docker', ['save', '-o', archive, image]);
    const line = (await this.cluster.kubecfg('token', 'create', '--uses', '2')).trim();
    const words = line.split(' ').slice(2);
    for (const host of this.#hosts) {
      const progress = await host.docker.loadImage(createReadStream(archive));
      for await (const chunk of progress) if (String(chunk).includes('"error"')) throw new Error(String(chunk));
      await this.#join(host, words);
    }
    const { client } = this.cluster;
    const ports = [{ port: 80, targetPort: 8080 }];
    const service = await client.create<Service>(services, {
      metadata: place,
      spec: { selector: { app: name }, ports },
    });
    this.#url = `http://${service.spec?.clusterIP}/`;
    await client.create<Deployment>(deployments, this.#deployment());
    await this.#untilRolledOut();
  }

  async #join(host: WorkerHost, words: readonly string[]): Promise<void> {
    const run = host.kubecfg([...words, '--foreground', '--node-name', host.name]);
    this.#joined.set(host, run);
    await eventually(
      `${host.name} is a worker`,
      async () => {
        if (run.process.exitCode !== null) throw new Error(run.output());
        const node = await ifPresent(this.cluster.client.get<Node>(nodes, { name: host.name }));
        return run.output().includes('This host is the worker') && node !== undefined && isNodeReady(node);
      },
      { timeoutMs: patienceMs },
    );
  }

  /** Sends so many requests a second together from the master and a worker during `work`. */
  async underLoad(perSecond: number, work: () => Promise<void>): Promise<LoadOutcome> {
    const argv = [join(packageRoot, 'test/support/request-load.mjs'), this.#url, String(perSecond / 2)];
    const [host] = this.#hosts;
    if (host === undefined) throw new Error('There is no host');
    const local = startProgram(process.execPath, argv);
    const runs = [local, host.start([process.execPath, ...argv])];
    await Promise.all(runs.map(untilSending));
    try {
      await work();
    } finally {
      for (const run of runs) run.process.kill('SIGTERM');
    }
    await Promise.all(runs.map(({ ended }) => ended));
    return runs.map(outcomeOf).reduce(together);
  }

  /** Every pod is replaced; resolves when the new ones are available and the old ones gone. */
  async rollOut(): Promise<void> {
    this.#version += 1;
    const { spec } = this.#deployment();
    await this.cluster.client.patch<Deployment>(deployments, place, { type: 'strategic', body: { spec } });
    await this.#untilRolledOut();
  }

  /** Kills the proxy of the second worker, and the kubelet that it shares a process with; both come back. */
  async killProxy(): Promise<void> {
    const [, host] = this.#hosts;
    const run = host && this.#joined.get(host);
    if (host === undefined || run === undefined) throw new Error('There is no second host');
    run.process.kill('SIGKILL');
    await run.ended;
    await this.#join(host, ['join', masterAddress]);
  }

  /** Of the pods from now on; resolves when all are replaced. */
  async setDrainBound(bound: string): Promise<void> {
    this.#drainBound = bound;
    await this.rollOut();
  }

  async stop(): Promise<void> {
    for (const { process: child, ended } of this.#joined.values()) {
      child.kill('SIGTERM');
      await ended;
    }
    await this.cluster.remove();
    for (const host of this.#hosts) await host.stop();
  }

  async #untilRolledOut(): Promise<void> {
    const { client } = this.cluster;
    await eventually(
      'all replicas are new and available, and the old ones gone',
      async () => {
        const { status, metadata } = await client.get<Deployment>(deployments, place);
        const { availableReplicas, updatedReplicas, replicas, observedGeneration } = status ?? {};
        const counts = [availableReplicas, updatedReplicas, replicas];
        if (observedGeneration !== metadata.generation || counts.some((count) => count !== this.#replicas))
          return false;
        return (await client.list(pods, { namespace })).items.length === this.#replicas;
      },
      { timeoutMs: patienceMs },
    );
  }

  #deployment(): Deployment {
    return {
      metadata: place,
      spec: {
        replicas: this.#replicas,
        selector: { matchLabels: { app: name } },
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 2, maxUnavailable: 0 } },
        template: {
          metadata: {
            labels: { app: name },
            ...(this.#drainBound !== undefined && { annotations: { [drainBoundAnnotation]: this.#drainBound } }),
          },
          spec: {
            terminationGracePeriodSeconds: 5,
            volumes: [{ name: 'host', hostPath: { path: '/' } }],
            containers: [
              {
                name: 'server',
                image,
                imagePullPolicy: 'Never',
                command: ['chroot', '/host', process.execPath, '-e', server],
                env: [{ name: 'VERSION', value: String(this.#version) }],
                readinessProbe: { httpGet: { path: '/', port: 8080 }, periodSeconds: 1 },
                volumeMounts: [{ name: 'host', mountPath: '/host', readOnly: true }],
              },
            ],
          },
        },
      },
    };
  }
}

const untilSending = (run: HostRun): Promise<boolean> =>
  eventually('requests are sent', () => {
    if (run.process.exitCode !== null) throw new Error(`The requests ended: ${run.output()}`);
    return run.output().includes('sending');
  });

function outcomeOf(run: HostRun): LoadOutcome {
  const line = run.output().trim().split('\n').at(-1) ?? '';
  const parsed: LoadOutcome = JSON.parse(line);
  return parsed;
}

function together(a: LoadOutcome, b: LoadOutcome): LoadOutcome {
  const failures = { ...a.failures };
  for (const [why, count] of Object.entries(b.failures)) failures[why] = (failures[why] ?? 0) + count;
  return { sent: a.sent + b.sent, failed: a.failed + b.failed, repeated: a.repeated + b.repeated, failures };
}
