/** A real etcd of a test's own: data in a temporary folder, free ports, started, stopped, killed and frozen at will. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { accepts } from './accepts.ts';

export interface EtcdOptions {
  /** Writes are not forced to the disk: faster, and still safe against the death of the process. Default true. */
  readonly unsafeNoFsync?: boolean;
  /** Further flags, for instance for TLS. */
  readonly flags?: readonly string[];
  /** Default `http`. */
  readonly scheme?: 'http' | 'https';
}

export class TestEtcd {
  readonly port: number;
  readonly #peerPort: number;
  readonly #folder: string;
  readonly #options: EtcdOptions;
  #process: ChildProcess | undefined;
  #output = '';

  private constructor(folder: string, [port, peerPort]: readonly [number, number], options: EtcdOptions) {
    this.#folder = folder;
    this.port = port;
    this.#peerPort = peerPort;
    this.#options = options;
  }

  static async start(options: EtcdOptions = {}): Promise<TestEtcd> {
    const folder = await mkdtemp(join(tmpdir(), 'longshore-etcd-'));
    const etcd = new TestEtcd(folder, await freePorts(), options);
    await etcd.start();
    return etcd;
  }

  get url(): string {
    return `${this.#options.scheme ?? 'http'}://127.0.0.1:${this.port}`;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Starts it again after `kill`, with the same data and ports; resolves when it serves. */
  async start(): Promise<void> {
    const peerUrl = `http://127.0.0.1:${this.#peerPort}`;
    const flags = [
      ...['--name', 'test', '--data-dir', join(this.#folder, 'data'), '--logger', 'zap', '--log-level', 'warn'],
      ...['--listen-client-urls', this.url, '--advertise-client-urls', this.url],
      ...['--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl],
      ...['--initial-cluster', `test=${peerUrl}`],
      ...((this.#options.unsafeNoFsync ?? true) ? ['--unsafe-no-fsync'] : []),
      ...(this.#options.flags ?? []),
    ];
    const child = spawn('etcd', flags, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#process = child;
    const keep = (chunk: Buffer): void => {
      this.#output = (this.#output + chunk.toString()).slice(-20_000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    await this.#serving(child);
  }

  /** `kill -9`, unless said otherwise; resolves when it is gone. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGCONT');
    child.kill(signal);
    await exited;
  }

  /** It keeps its connections and answers nothing. Resolves once it stands still. */
  async freeze(): Promise<void> {
    const { pid } = this;
    if (pid === undefined) throw new Error('etcd does not run');
    process.kill(pid, 'SIGSTOP');
    while (!(await readFile(`/proc/${pid}/stat`, 'utf8')).includes(') T ')) await delay(5);
  }

  thaw(): void {
    this.#process?.kill('SIGCONT');
  }

  /** Ends it and removes its data. */
  async stop(): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #serving(child: ChildProcess): Promise<void> {
    const deadline = performance.now() + 30_000;
    while (!(await accepts(this.port))) {
      if (child.exitCode !== null || performance.now() > deadline) {
        child.kill('SIGKILL');
        throw new Error(`etcd does not serve:\n${this.#output}`);
      }
      await delay(20);
    }
  }
}

/** Two ports that nobody listens on. */
async function freePorts(): Promise<readonly [number, number]> {
  const servers = [net.createServer(), net.createServer()];
  const ports: number[] = [];
  for (const server of servers) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ports.push((server.address() as net.AddressInfo).port);
  }
  for (const server of servers) server.close();
  return [ports[0] ?? 0, ports[1] ?? 0];
}
