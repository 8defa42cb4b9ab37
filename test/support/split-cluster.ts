/**
 * A cluster whose components are processes of their own, each run by its `main.ts`, so that a test can kill any of
 * them. For end-to-end tests, which run in the sandbox.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '../../base/logger.ts';
import { packageRoot } from '../../base/package-root.ts';
import { parseUpOptions, upOptions } from '../../cli/commands/up/up-options.ts';
import type { Client } from '../../client/client.ts';
import { readClusterId } from '../../client/cluster-id.ts';
import { createRestClient } from '../../client/rest-client.ts';
import { type Cluster, connectionAs, prepareCluster } from '../../cluster/cluster.ts';
import { components } from '../../cluster/cluster-options.ts';
import { dockerSocket } from '../../cluster/components.ts';
import { cleanDocker } from '../../kubelet/runtime/docker/clean.ts';
import { unmountBelow } from '../../kubelet/volumes/mounts.ts';
import { cleanProxy } from '../../proxy/clean.ts';
import { TestEtcd } from './etcd.ts';
import { eventually } from './eventually.ts';

/** The etcd below a split cluster. */
export interface ClusterEtcd {
  /** For `--etcd-servers`. */
  readonly url: string;
  /** `kill -9`. */
  kill(): Promise<void>;
  /** Again, after `kill`. */
  start(): Promise<void>;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

export type ComponentName = Exclude<(typeof components)[number], 'etcd'>;

export class SplitCluster {
  readonly etcd: ClusterEtcd;
  readonly client: Client;
  readonly #cluster: Cluster;
  readonly #processes = new Map<ComponentName, ChildProcess>();

  private constructor(cluster: Cluster, etcd: ClusterEtcd) {
    this.#cluster = cluster;
    this.etcd = etcd;
    const connection = connectionAs(cluster, cluster.certificates.admin);
    this.client = createRestClient(connection, { userAgent: 'e2e', logger: silentLogger });
  }

  static async start(startEtcd: () => Promise<ClusterEtcd> = () => TestEtcd.start()): Promise<SplitCluster> {
    if (process.env.LONGSHORE_SANDBOX === undefined)
      throw new Error('This test runs in the sandbox only: npm test -- e2e');
    const dataDir = await mkdtemp(join(tmpdir(), 'longshore-split-'));
    const defaults = Object.fromEntries(Object.entries(upOptions).map(([name, option]) => [name, option.default]));
    const options = parseUpOptions({ ...defaults, 'data-dir': dataDir });
    const cluster = new SplitCluster(await prepareCluster(options, silentLogger), await startEtcd());
    for (const component of components) if (component !== 'etcd') await cluster.startComponent(component);
    return cluster;
  }

  get kubeconfig(): string {
    return this.#cluster.kubeconfig;
  }

  get nodeName(): string {
    return this.#cluster.nodeName;
  }

  /** Of manifests that the kubelet runs by itself. */
  get manifestFolder(): string {
    return join(this.dataDir, 'manifests');
  }

  get dataDir(): string {
    return this.#cluster.options.dataDir;
  }

  /** Does not wait for it to be ready: what depends on it has to cope. */
  async startComponent(name: ComponentName): Promise<void> {
    const log = await open(join(this.dataDir, `${name}.log`), 'a');
    const script = join(packageRoot, 'dist', name, 'main.js');
    const child = spawn(process.execPath, [script, ...this.#flagsOf(name)], {
      stdio: ['ignore', log.fd, log.fd],
    });
    await log.close();
    this.#processes.set(name, child);
    if (name === 'apiserver') await eventually('the API server answers', () => this.client.raw('GET', '/readyz'));
  }

  /** Of the process that was started last. */
  pidOf(name: ComponentName): number {
    const pid = this.#processes.get(name)?.pid;
    if (pid === undefined) throw new Error(`${name} was never started`);
    return pid;
  }

  /** `kill -9`. Resolves when it is dead. */
  async kill(name: ComponentName): Promise<void> {
    await this.#end(name, 'SIGKILL');
  }

  /** Takes everything off the machine: the next cluster would be refused where this one's containers are. */
  async stop(): Promise<void> {
    const clusterId = await readClusterId(this.client);
    await this.client.close();
    for (const name of [...this.#processes.keys()].reverse()) await this.#end(name, 'SIGTERM');
    await cleanDocker({
      socketPath: dockerSocket(),
      clusterId,
      isOwnPod: () => false,
      unnamedNetworks: false,
      images: /^$/,
    });
    await cleanProxy({ clusterId, clusterCidr: this.#cluster.options.clusterCidr });
    await this.etcd.stop();
    await unmountBelow(join(this.dataDir, 'kubelet'));
    await rm(this.dataDir, { recursive: true, force: true });
  }

  async #end(name: ComponentName, signal: NodeJS.Signals): Promise<void> {
    const child = this.#processes.get(name);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }

  #flagsOf(name: ComponentName): string[] {
    const { nodeName, nodeIp } = this.#cluster;
    const kubeconfig = ['--kubeconfig', join(this.dataDir, `${name}.kubeconfig`)];
    const pki = (file: string) => join(this.dataDir, 'pki', file);
    switch (name) {
      case 'apiserver':
        return [
          ...['--etcd-servers', this.etcd.url, '--advertise-address', nodeIp],
          ...['--tls-cert-file', pki('apiserver.crt'), '--tls-private-key-file', pki('apiserver.key')],
          ...['--client-ca-file', pki('ca.crt'), '--kubelet-certificate-authority', pki('kubelet-ca.crt')],
          ...['--kubelet-client-certificate', pki('apiserver-kubelet-client.crt')],
          ...['--kubelet-client-key', pki('apiserver-kubelet-client.key')],
        ];
      case 'controller-manager':
      case 'scheduler':
        return [...kubeconfig, '--no-leader-elect'];
      case 'proxy':
        return [
          ...[...kubeconfig, '--node-name', nodeName],
          ...['--node-kubeconfig', join(this.dataDir, 'kubelet.kubeconfig')],
        ];
      case 'ingress':
        return [...kubeconfig, '--node-name', nodeName, '--node-ip', nodeIp];
      case 'kubelet':
        return [
          ...[...kubeconfig, '--node-name', nodeName, '--node-ip', nodeIp],
          ...['--data-dir', join(this.dataDir, 'kubelet'), '--docker-socket', dockerSocket()],
          ...['--tls-cert-file', pki('kubelet-serving.crt'), '--tls-private-key-file', pki('kubelet-serving.key')],
          ...['--client-ca-file', pki('ca.crt'), '--pod-manifest-path', this.manifestFolder],
        ];
    }
  }
}
