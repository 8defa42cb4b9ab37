/** What the benchmarks of the API server work with: an etcd that forces writes to the disk, the built API server, its raw limit. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createAuthority, issueCertificate, type KeyPair } from '../base/certificates.ts';
import { packageRoot } from '../base/package-root.ts';
import type { Connection } from '../client/connection.ts';
import { ApiServerProcess } from '../test/support/api-server-process.ts';
import { TestEtcd } from '../test/support/etcd.ts';
import { build } from './build.ts';
import { LoadConnection, type LoadRequest, type LoadResult, runLoad } from './load.ts';
import type { Measurement } from './report.ts';

export const podCount = 10_000;
export const podsPath = '/api/v1/namespaces/default/pods';
export const podPath = (n: number): string => `${podsPath}/${podName(n)}`;

export interface LabOptions {
  /** Where the built server is. Default: here, where it is built first. */
  readonly root?: string;
  /** Flags for the API server's node. */
  readonly nodeFlags?: readonly string[];
}

const flagsFromEnvironment = (): string[] =>
  (process.env.BENCH_NODE_FLAGS ?? '').split(' ').filter((flag) => flag !== '');

export class ApiLab {
  readonly etcd: TestEtcd;
  readonly server: ApiServerProcess;
  readonly connection: Connection;
  readonly authority: KeyPair;

  private constructor(parts: Pick<ApiLab, 'etcd' | 'server' | 'connection' | 'authority'>) {
    this.etcd = parts.etcd;
    this.server = parts.server;
    this.connection = parts.connection;
    this.authority = parts.authority;
  }

  static async start({ root = packageRoot, nodeFlags = flagsFromEnvironment() }: LabOptions = {}): Promise<ApiLab> {
    if (root === packageRoot) build();
    const authority = await createAuthority('bench');
    const admin = await issueCertificate(authority, {
      commonName: 'bench',
      organizations: ['system:masters'],
      usages: ['client'],
    });
    const etcd = await TestEtcd.start({ unsafeNoFsync: false });
    const server = await ApiServerProcess.start({
      etcdUrl: etcd.url,
      authority,
      built: true,
      root,
      nodeFlags,
    });
    const connection: Connection = {
      servers: [server.url],
      certificateAuthority: authority.certificate,
      clientCertificate: admin.certificate,
      clientKey: admin.key,
    };
    const lab = new ApiLab({ etcd, server, connection, authority });
    await lab.ready();
    await lab.send({ method: 'POST', path: '/api/v1/namespaces/default/serviceaccounts', body: serviceAccount });
    return lab;
  }

  /** Another API server over the same etcd. */
  startServer(flags: readonly string[]): Promise<ApiServerProcess> {
    const { authority } = this;
    return ApiServerProcess.start({ etcdUrl: this.etcd.url, authority, built: true, flags });
  }

  /** Waits until the server says that it is ready and lists pods. */
  async ready(): Promise<void> {
    for (;;) {
      const answers = await Promise.all(['/readyz', `${podsPath}?limit=1`].map((path) => this.#codeOf(path)));
      if (answers.every((code) => code === 200)) return;
      await delay(10);
    }
  }

  async #codeOf(path: string): Promise<number> {
    try {
      return (await this.send({ method: 'GET', path })).code;
    } catch {
      // Not listening yet: asked again.
      return 0;
    }
  }

  /** One request on a connection of its own. */
  async send(request: LoadRequest): ReturnType<LoadConnection['send']> {
    const connection = await LoadConnection.open(this.connection);
    const answer = await connection.send(request);
    connection.close();
    return answer;
  }

  /** Who has no rights but those of roles. */
  async connectAs(name: string, { url }: Pick<ApiServerProcess, 'url'> = this.server): Promise<Connection> {
    const { certificate, key } = await issueCertificate(this.authority, { commonName: name, usages: ['client'] });
    return { ...this.connection, servers: [url], clientCertificate: certificate, clientKey: key };
  }

  /** Roles in the namespace of the pods, each bound to a user of its own; each hundredth to `reader` as well. */
  async createRoles(count: number, reader: string): Promise<void> {
    const base = '/apis/rbac.authorization.k8s.io/v1/namespaces/default';
    const made = (path: string, objectOf: (n: number) => object) =>
      runLoad(this.connection, {
        connections: 16,
        requests: count,
        next: (n) => ({ method: 'POST', path: `${base}/${path}`, body: JSON.stringify(objectOf(n)) }),
      });
    refuseFailures(await made('roles', roleOf));
    refuseFailures(await made('rolebindings', (n) => bindingOf(n, reader)));
  }

  /** What a server that runs for days has long compiled: the pods are not stored. */
  async warmUp(): Promise<void> {
    const tried = await runLoad(this.connection, {
      connections: 64,
      requests: 5_000,
      next: (n) => ({ method: 'POST', path: `${podsPath}?dryRun=All`, body: JSON.stringify(podOf(n)) }),
    });
    refuseFailures(tried);
  }

  /** 10,000 pods of about 2.5 kB, spread over 100 nodes and 100 values of the label `group`. */
  async createPods(): Promise<LoadResult> {
    const created = await runLoad(this.connection, {
      connections: 64,
      requests: podCount,
      next: (n) => ({ method: 'POST', path: podsPath, body: JSON.stringify(podOf(n)) }),
    });
    refuseFailures(created);
    return created;
  }

  async stop(): Promise<void> {
    await this.server.stop();
    await this.etcd.stop();
  }
}

const serviceAccount = JSON.stringify({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } });

/** The bare server in a process of its own. */
export class BareServer {
  readonly connection: Connection;
  readonly #process: ChildProcess;
  readonly #folder: string;

  private constructor(connection: Connection, child: ChildProcess, folder: string) {
    this.connection = connection;
    this.#process = child;
    this.#folder = folder;
  }

  /** Serves `answers` under their names. */
  static async start(lab: ApiLab, answers: Readonly<Record<string, Buffer>>): Promise<BareServer> {
    const folder = await mkdtemp(join(tmpdir(), 'longshore-bare-'));
    const serving = await issueCertificate(lab.authority, {
      commonName: 'bare',
      ipAddresses: ['127.0.0.1'],
      usages: ['server'],
    });
    const files = { 'server.key': serving.key, 'server.crt': serving.certificate, 'ca.crt': lab.authority.certificate };
    for (const [name, content] of Object.entries({ ...files, ...answers }))
      await writeFile(join(folder, name), content);
    const port = lab.server.port + 1;
    const child = spawn(process.execPath, ['dist/bench/bare-server.js', folder, String(port)], {
      cwd: packageRoot,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    return new BareServer({ ...lab.connection, servers: [`https://127.0.0.1:${port}`] }, child, folder);
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  async stop(): Promise<void> {
    const exited = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await exited;
    await rm(this.#folder, { recursive: true, force: true });
  }
}

export const podName = (n: number): string => `pod-${String(n).padStart(5, '0')}`;

/** As a workload's template makes them; what is stored, with defaults and owners of fields, is about 2.5 kB. */
export function podOf(n: number) {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: podName(n), namespace: 'default', labels: { app: 'bench', group: String(n % 100) } },
    spec: {
      nodeName: `node-${n % 100}`,
      containers: [
        {
          name: 'app',
          image: 'registry.example/shop/frontend:1.0.0',
          ports: [{ name: 'http', containerPort: 8080 }],
          env: [{ name: 'LOG_LEVEL', value: 'info' }],
          resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { memory: '128Mi' } },
          readinessProbe: { httpGet: { path: '/healthz', port: 8080 } },
        },
      ],
    },
  };
}

const rbac = { apiVersion: 'rbac.authorization.k8s.io/v1' };

const roleOf = (n: number): object => ({
  ...rbac,
  kind: 'Role',
  metadata: { name: `role-${n}` },
  rules: [
    { apiGroups: ['apps'], resources: ['deployments'], verbs: ['get', 'list'] },
    { apiGroups: [''], resources: ['pods', 'configmaps'], verbs: ['get', 'list', 'watch'] },
  ],
});

const bindingOf = (n: number, reader: string): object => ({
  ...rbac,
  kind: 'RoleBinding',
  metadata: { name: `binding-${n}` },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: `role-${n}` },
  subjects: [`user-${n}`, ...(n % 100 === 0 ? [reader] : [])].map((name) => ({
    ...{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name },
  })),
});

let seen = 0;

/** A kubelet's word on a pod, never the same twice: one that changes nothing would not be written. */
export function statusPatch(n: number): LoadRequest {
  seen += 1;
  return {
    method: 'PATCH',
    path: `${podPath(n % podCount)}/status`,
    body: JSON.stringify({ status: { phase: 'Running', message: `seen ${seen}`, startTime: '2030-01-01T00:00:00Z' } }),
    contentType: 'application/merge-patch+json',
  };
}

/** A benchmark of refusals says nothing. */
export function refuseFailures({ refused }: LoadResult): void {
  if (Object.keys(refused).length > 0) throw new Error(`Requests were refused: ${JSON.stringify(refused)}`);
}

export const measurementOf = (name: string, load: LoadResult): Measurement => ({
  name,
  operations: load.requests,
  seconds: load.seconds,
  p50Ms: load.p50Ms,
  p99Ms: load.p99Ms,
});
