/** A control plane for benchmarks: etcd, API servers and what else is wanted, each a process of its own as in production. */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { packageRoot } from '../base/package-root.ts';
import type { Connection } from '../client/connection.ts';
import { TestEtcd } from '../test/support/etcd.ts';
import { build } from './build.ts';
import { type LoadRequest, type LoadResult, runLoad } from './load.ts';
import type { ApiServerAnswer, Role } from './scheduler-process.ts';

const inFlight = 64;
/** Of every process, for instance `--cpu-prof`. */
const nodeFlags = (process.env.BENCH_NODE_FLAGS ?? '').split(' ').filter(Boolean);

export class BenchProcess {
  readonly name: string;
  readonly answer: unknown;
  readonly #child: ChildProcess;

  private constructor(name: string, child: ChildProcess, answer: unknown) {
    this.name = name;
    this.#child = child;
    this.answer = answer;
  }

  /** Resolves when it is ready; rejects when it ends before. */
  static async start(role: Role): Promise<BenchProcess> {
    const child = fork(join(packageRoot, 'dist/bench/scheduler-process.js'), { execArgv: nodeFlags });
    child.send(role);
    const ended = once(child, 'exit').then(([code]) => {
      throw new Error(`The ${role.role} ended with ${String(code)}`);
    });
    const [answer]: unknown[] = await Promise.race([once(child, 'message'), ended]);
    ended.catch(() => undefined); // from now on it ends when it is told to
    return new BenchProcess(role.role, child, answer);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.disconnect();
    await exited;
  }
}

export class ControlPlane {
  readonly etcd: TestEtcd;
  readonly servers: readonly BenchProcess[];
  /** To the first of the API servers. */
  readonly connections: readonly Connection[];
  readonly #others: BenchProcess[] = [];

  private constructor(etcd: TestEtcd, servers: readonly BenchProcess[], connections: readonly Connection[]) {
    this.etcd = etcd;
    this.servers = servers;
    this.connections = connections;
  }

  static async start(serverCount = 1): Promise<ControlPlane> {
    build();
    const etcd = await TestEtcd.start();
    const servers: BenchProcess[] = [];
    const answers: ApiServerAnswer[] = [];
    for (let i = 0; i < serverCount; i++) {
      const authority = answers[0]?.authority;
      const server = await BenchProcess.start({ role: 'apiserver', etcd: etcd.url, ...(authority && { authority }) });
      servers.push(server);
      // What the process of this role answers with.
      answers.push(server.answer as ApiServerAnswer);
    }
    return new ControlPlane(
      etcd,
      servers,
      answers.map(({ connection }) => connection),
    );
  }

  get connection(): Connection {
    const [first] = this.connections;
    if (first === undefined) throw new RangeError('There is no API server');
    return first;
  }

  async add(role: Role): Promise<BenchProcess> {
    const added = await BenchProcess.start(role);
    this.#others.push(added);
    return added;
  }

  /** POSTs them to a collection. */
  async create(path: string, objects: readonly object[]): Promise<void> {
    await this.#send(objects, (object) => ({ method: 'POST', path, body: JSON.stringify(object) }));
  }

  /** One request for each of `names`. */
  async each(names: readonly string[], request: (name: string) => { method: string; path: string; body: object }) {
    await this.#send(names, (name) => {
      const { method, path, body } = request(name);
      const contentType = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
      return { method, path, body: JSON.stringify(body), contentType };
    });
  }

  /** Evenly through all API servers. */
  async #send<T>(items: readonly T[], requestOf: (item: T) => LoadRequest): Promise<void> {
    const share = Math.ceil(items.length / this.connections.length);
    await Promise.all(
      this.connections.map(async (connection, i) => {
        const requests = items.slice(i * share, (i + 1) * share).map(requestOf);
        const connections = Math.ceil(inFlight / this.connections.length);
        const next = (n: number): LoadRequest => {
          const request = requests[n];
          if (request === undefined) throw new RangeError(`There is no request ${n}`);
          return request;
        };
        refuse(await runLoad(connection, { connections, requests: requests.length, next }));
      }),
    );
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#others, ...this.servers].map((one) => one.stop()));
    await this.etcd.stop();
  }
}

function refuse({ refused }: LoadResult): void {
  if (Object.keys(refused).length > 0) throw new Error(`Requests were refused: ${JSON.stringify(refused)}`);
}
