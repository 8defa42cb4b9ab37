/**
 * Certificates that live for a minute, under load: a cluster whose components, clients and a node renew them again and
 * again, and whose authority is replaced in the middle. Not one request may fail, and the watch may miss nothing.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { configMaps, namespaces, nodes, services } from '../../api/resources/core.ts';
import { systemClock } from '../../base/clock.ts';
import { errorText } from '../../base/error-text.ts';
import { type HttpsServer, startHttpsServer } from '../../base/https-server.ts';
import { silentLogger as logger } from '../../base/logger.ts';
import { packageRoot } from '../../base/package-root.ts';
import type { Client } from '../../client/client.ts';
import { createInformer } from '../../client/informer.ts';
import { readKubeconfig } from '../../client/kubeconfig.ts';
import { createRestClient } from '../../client/rest-client.ts';
import { defaultNodeIp } from '../../cluster/host.ts';
import { type NodeCredentials, openNodeCredentials } from '../../kubelet/node/node-credentials.ts';
import { eventually } from '../support/eventually.ts';

export interface CertificateRunOptions {
  readonly durationMs: number;
  /** `--cluster-signing-duration` */
  readonly life: string;
  readonly rotate: boolean;
  onEvent(text: string): void;
}

export interface CertificateRunReport {
  readonly requests: number;
  /** What each said. */
  readonly failures: readonly string[];
  /** How many different certificates were seen of each. */
  readonly seen: Readonly<Record<string, number>>;
  /** Objects that were written and that the watch never showed. */
  readonly missed: number;
}

const nodeName = 'soak-node';

export async function runCertificates(options: CertificateRunOptions): Promise<CertificateRunReport> {
  const run = new CertificateRun(await mkdtemp(join(tmpdir(), 'longshore-soak-certs-')), options);
  try {
    return await run.report();
  } finally {
    await run.stop();
  }
}

class CertificateRun {
  readonly #dataDir: string;
  readonly #options: CertificateRunOptions;
  readonly #ending = new AbortController();
  readonly #failures: string[] = [];
  readonly #seen = new Map<string, Set<string>>();
  readonly #clients: Client[] = [];
  readonly #loops: Promise<void>[] = [];
  #requests = 0;
  #process: ChildProcess | undefined;
  #credentials: NodeCredentials | undefined;
  #kubelet: HttpsServer | undefined;

  constructor(dataDir: string, options: CertificateRunOptions) {
    this.#dataDir = dataDir;
    this.#options = options;
  }

  async report(): Promise<CertificateRunReport> {
    const { durationMs, rotate, onEvent } = this.#options;
    await this.#startCluster();
    await this.#startNode();
    const missing = await this.#startTraffic();
    onEvent(`under load for ${durationMs / 1000} s`);
    const rotation = rotate ? delay(durationMs / 3).then(() => this.#rotate()) : Promise.resolve();
    await Promise.all([delay(durationMs), rotation]);
    this.#ending.abort();
    const missed = await missing();
    return {
      requests: this.#requests,
      failures: this.#failures,
      seen: Object.fromEntries([...this.#seen].map(([what, serials]) => [what, serials.size])),
      missed,
    };
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    await Promise.all(this.#loops);
    await this.#credentials?.renewal.stop();
    await this.#kubelet?.close(0);
    for (const client of this.#clients) await client.close();
    await this.#end();
    await rm(this.#dataDir, { recursive: true, force: true });
  }

  async #startCluster(): Promise<void> {
    const only = 'etcd,apiserver,controller-manager,scheduler';
    const place = ['--data-dir', this.#dataDir, '--secure-port', '16443', '--no-demo'];
    this.#process = this.#kubecfg(['up', '--only', only, ...place, '--cluster-signing-duration', this.#options.life]);
    await eventually('the cluster answers', async () => (await this.#as('admin')).raw('GET', '/readyz'), {
      timeoutMs: 180_000,
    });
  }

  #kubecfg(words: readonly string[]): ChildProcess {
    const script = join(packageRoot, 'cli', 'main.ts');
    return spawn(process.execPath, ['--import', 'tsx', script, ...words], { stdio: ['ignore', 'ignore', 'inherit'] });
  }

  /** Its kubelet: something that serves with the certificate, and calls with the other. */
  async #startNode(): Promise<void> {
    const folder = join(this.#dataDir, 'node');
    const nodeIp = await defaultNodeIp();
    this.#credentials = await openNodeCredentials({
      kubeconfig: join(folder, 'kubelet.kubeconfig'),
      bootstrapKubeconfig: join(this.#dataDir, 'admin.kubeconfig'),
      certificateFolder: join(folder, 'pki'),
      ...{ nodeName, nodeIp, clock: systemClock, logger, signal: this.#ending.signal },
    });
    const { serving, authorityFile } = this.#credentials;
    this.#kubelet = await startHttpsServer({
      port: 0,
      serving,
      clientCertificateAuthority: { authorityFile },
      logger,
      onRequest: (_, response) => response.end('ok'),
      onUpgrade: (_, socket) => socket.destroy(),
    });
    const admin = await this.#as('admin');
    await admin.create(nodes, {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: nodeName },
      status: {
        addresses: [{ type: 'InternalIP', address: nodeIp }],
        daemonEndpoints: { kubeletEndpoint: { Port: this.#kubelet.port } },
      },
    });
    await eventually('the kubelet is believed', () => admin.raw('GET', `/api/v1/nodes/${nodeName}/proxy/healthz`));
  }

  /** Resolves with what waits for the watch, and says how much it has missed. */
  async #startTraffic(): Promise<() => Promise<number>> {
    const [kept, watcher] = [await this.#as('scheduler'), await this.#as('controller-manager')];
    const node = createRestClient(this.#nodeConnection(), { userAgent: 'soak', logger });
    this.#clients.push(node);
    const shown = new Set<string>();
    const written: string[] = [];
    const informer = createInformer(watcher, configMaps, { namespace: 'default', logger });
    informer.onChange((change) => {
      if (change.type !== 'deleted') shown.add(change.next.metadata.name);
    });
    const watching = new AbortController();
    this.#loops.push(informer.run(watching.signal));
    await informer.synced();
    const repeat = (what: string, work: () => Promise<unknown>) => this.#loops.push(this.#repeat(what, work));
    repeat('a kept connection', () => kept.list(namespaces));
    repeat('a new connection', () => this.#once('proxy', (client) => client.list(services)));
    repeat('a node', () => node.get(nodes, { name: nodeName }));
    // Its kubeconfig holds the certificate itself: it is read anew, as people's commands do.
    repeat('the way to a kubelet', () =>
      this.#once('admin', (client) => client.raw('GET', `/api/v1/nodes/${nodeName}/proxy/healthz`)),
    );
    repeat('a write', () =>
      this.#once('admin', async (client) => {
        const metadata = { namespace: 'default', generateName: 'soak-' };
        const made = await client.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata });
        written.push(made.metadata.name);
      }),
    );
    this.#loops.push(this.#follow('API server', join('pki', 'apiserver.crt')));
    this.#loops.push(this.#follow('node, as a client', join('node', 'pki', 'kubelet-client.pem')));
    this.#loops.push(this.#follow('node, as a server', join('node', 'pki', 'kubelet-serving.pem')));
    return async () => {
      const missing = () => written.filter((name) => !shown.has(name)).length;
      await eventually('the watch has shown all', () => missing() === 0).catch(() => undefined);
      watching.abort();
      return missing();
    };
  }

  #nodeConnection() {
    if (this.#credentials === undefined) throw new Error('There is no node yet');
    return this.#credentials.connection;
  }

  async #repeat(what: string, work: () => Promise<unknown>): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      this.#requests += 1;
      try {
        await work();
      } catch (error) {
        const text = `${new Date().toISOString()} ${what}: ${errorText(error)}`;
        this.#failures.push(text);
        this.#options.onEvent(`FAILED ${text}`);
      }
      await systemClock.sleep(20, signal);
    }
  }

  /** Notes which certificates a file holds, one after the other. */
  async #follow(what: string, file: string): Promise<void> {
    const serials = new Set<string>();
    this.#seen.set(what, serials);
    const { signal } = this.#ending;
    while (!signal.aborted) {
      serials.add(new X509Certificate(await readFile(join(this.#dataDir, file), 'utf8')).serialNumber);
      await systemClock.sleep(500, signal);
    }
  }

  async #rotate(): Promise<void> {
    const { onEvent } = this.#options;
    onEvent('kubecfg certs rotate-ca');
    const child = this.#kubecfg(['certs', 'rotate-ca', '--data-dir', this.#dataDir]);
    const [code] = await once(child, 'exit');
    onEvent(`kubecfg certs rotate-ca ended with ${code}`);
    if (code !== 0) this.#failures.push(`kubecfg certs rotate-ca ended with ${code}`);
  }

  /** Stays open. */
  async #as(user: string): Promise<Client> {
    const connection = await readKubeconfig(join(this.#dataDir, `${user}.kubeconfig`));
    const client = createRestClient(connection, { userAgent: 'soak', logger });
    this.#clients.push(client);
    return client;
  }

  async #once(user: string, work: (client: Client) => Promise<unknown>): Promise<void> {
    const connection = await readKubeconfig(join(this.#dataDir, `${user}.kubeconfig`));
    const client = createRestClient(connection, { userAgent: 'soak', logger });
    try {
      await work(client);
    } finally {
      await client.close();
    }
  }

  async #end(): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await exited;
  }
}
