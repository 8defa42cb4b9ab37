/**
 * A cluster as a user starts it: `npm start` as a process, with a data directory of its own. For end-to-end tests, which
 * run in the sandbox: ports are the defaults, the engine is the sandbox's.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '../../base/logger.ts';
import { packageRoot } from '../../base/package-root.ts';
import type { Client } from '../../client/client.ts';
import { readKubeconfig } from '../../client/kubeconfig.ts';
import { createRestClient } from '../../client/rest-client.ts';
import { eventually } from './eventually.ts';

export interface LocalClusterOptions {
  /** For `npm start`. */
  readonly flags?: readonly string[];
}

export class LocalCluster {
  readonly dataDir: string;
  readonly #flags: readonly string[];
  #process: ChildProcess | undefined;
  #client: Client | undefined;
  #output = '';

  private constructor(dataDir: string, flags: readonly string[]) {
    this.dataDir = dataDir;
    this.#flags = flags;
  }

  /** Refuses to run outside the sandbox: it would meet the developer's engine, ports and rules. */
  static async start({ flags = [] }: LocalClusterOptions = {}): Promise<LocalCluster> {
    if (process.env.LONGSHORE_SANDBOX === undefined) {
      throw new Error('This test runs in the sandbox only: npm test -- e2e, or test/support/sandbox.sh COMMAND');
    }
    const cluster = new LocalCluster(await mkdtemp(join(tmpdir(), 'longshore-cluster-')), flags);
    try {
      await cluster.start();
    } catch (error) {
      // What it has made by then would be in the way of the next test's cluster.
      await cluster.remove();
      throw error;
    }
    return cluster;
  }

  get kubeconfig(): string {
    return join(this.dataDir, 'admin.kubeconfig');
  }

  /** What it has written so far. */
  get output(): string {
    return this.#output;
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  /** As the administrator. */
  get client(): Client {
    if (this.#client === undefined) throw new Error('The cluster was not started');
    return this.#client;
  }

  /** Again, after `stop` or `kill`, with the same data. Resolves when it says that it runs; throws when it ends before. */
  async start(): Promise<void> {
    this.#output = '';
    const script = join(packageRoot, 'setup/start.mjs');
    const child = spawn(process.execPath, [script, '--data-dir', this.dataDir, ...this.#flags], { stdio: 'pipe' });
    this.#process = child;
    const collect = (chunk: Buffer) => {
      this.#output += chunk.toString();
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    const isDecided = () => this.#output.includes('Longshore runs.') || hasEnded(child);
    await eventually('Longshore runs', isDecided, { timeoutMs: 180_000 });
    if (hasEnded(child)) throw new Error(`npm start ended with code ${child.exitCode}:\n${this.#output}`);
    this.#client ??= createRestClient(await readKubeconfig(this.kubeconfig), {
      userAgent: 'e2e',
      logger: silentLogger,
    });
  }

  /** As Ctrl-C does. Resolves with the exit code. */
  async stop(): Promise<number | null> {
    return await this.#end('SIGINT');
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Takes everything down and checks that it could be stopped. */
  async remove(): Promise<void> {
    await this.#client?.close();
    await this.stop();
    await this.kubecfg('down', '--data-dir', this.dataDir);
    await rm(this.dataDir, { recursive: true, force: true });
  }

  /** kubecfg as a process; what it writes. Throws when it fails. */
  async kubecfg(...words: readonly string[]): Promise<string> {
    const script = join(packageRoot, 'cli/kubecfg.mjs');
    return await runProgram(process.execPath, [script, '--kubeconfig', this.kubeconfig, ...words]);
  }

  /** The log, for the message of a failed test. */
  async log(): Promise<string> {
    return await readFile(join(this.dataDir, 'longshore.log'), 'utf8');
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#process;
    if (child === undefined || hasEnded(child)) return null;
    const exited = once(child, 'exit') as Promise<[number | null]>;
    child.kill(signal);
    return (await exited)[0];
  }
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null;

/** Standard output of a program; throws with its errors when it fails. */
export async function runProgram(command: string, args: readonly string[]): Promise<string> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}: ${errors}${out}`);
  return out;
}
