/** The API server as a process of its own over an etcd, to be killed and started again. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { issueCertificate, type KeyPair } from '../../base/certificates.ts';
import { packageRoot } from '../../base/package-root.ts';
import { accepts } from './accepts.ts';

export interface ApiServerProcessOptions {
  readonly etcdUrl: string;
  readonly authority: KeyPair;
  /** Runs what was built into `dist/` instead of the sources: for benchmarks. */
  readonly built?: boolean;
  /** Of the checkout whose sources or build are run. Default: this one. */
  readonly root?: string;
  /** Flags for node itself. */
  readonly nodeFlags?: readonly string[];
  /** Further flags for the server. */
  readonly flags?: readonly string[];
}

export class ApiServerProcess {
  readonly port: number;
  readonly #folder: string;
  readonly #root: string;
  readonly #etcdUrl: string;
  readonly #nodeArguments: readonly string[];
  readonly #flags: readonly string[];
  #process: ChildProcess | undefined;
  #output = '';

  private constructor(folder: string, port: number, options: ApiServerProcessOptions) {
    const { etcdUrl, built = false, nodeFlags = [], flags = [] } = options;
    this.#folder = folder;
    this.port = port;
    this.#root = options.root ?? packageRoot;
    this.#etcdUrl = etcdUrl;
    this.#flags = flags;
    const program = built ? ['dist/apiserver/main.js'] : ['--import', 'tsx', 'apiserver/main.ts'];
    this.#nodeArguments = [...nodeFlags, ...program];
  }

  static async start(options: ApiServerProcessOptions): Promise<ApiServerProcess> {
    const { authority } = options;
    const folder = await mkdtemp(join(tmpdir(), 'longshore-apiserver-'));
    const serving = await issueCertificate(authority, {
      commonName: 'apiserver',
      dnsNames: ['localhost'],
      ipAddresses: ['127.0.0.1'],
      usages: ['server'],
    });
    await writeFile(join(folder, 'serving.crt'), serving.certificate);
    await writeFile(join(folder, 'serving.key'), serving.key);
    await writeFile(join(folder, 'ca.crt'), authority.certificate);
    const server = new ApiServerProcess(folder, await freePort(), options);
    try {
      await server.start();
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  }

  get url(): string {
    return `https://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  /** What it has logged last. */
  get output(): string {
    return this.#output;
  }

  /** Starts it again after `kill`, on the same port; resolves when it accepts connections. */
  async start(): Promise<void> {
    const file = (name: string): string => join(this.#folder, name);
    const flags = [
      ...['--etcd-servers', this.#etcdUrl, '--bind-address', '127.0.0.1', '--advertise-address', '127.0.0.1'],
      ...['--secure-port', String(this.port), '--client-ca-file', file('ca.crt')],
      ...['--tls-cert-file', file('serving.crt'), '--tls-private-key-file', file('serving.key')],
      ...this.#flags,
    ];
    const child = spawn(process.execPath, [...this.#nodeArguments, ...flags], { cwd: this.#root });
    this.#process = child;
    const keep = (chunk: Buffer): void => {
      this.#output = (this.#output + chunk.toString()).slice(-20_000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const deadline = performance.now() + 60_000;
    while (!(await accepts(this.port))) {
      if (child.exitCode !== null || performance.now() > deadline) {
        await this.kill();
        throw new Error(`The API server does not serve:\n${this.#output}`);
      }
      await delay(50);
    }
  }

  /** `kill -9`, unless said otherwise; resolves when it is gone. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  return port;
}
