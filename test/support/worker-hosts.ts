/**
 * Further hosts in the sandbox, for clusters of more than one: each has a network namespace on one bridge, mounts of its
 * own (`/run`, `/var/lib/longshore`) and an engine of its own. They share processes with the sandbox, and end with it.
 *
 *   sandbox: master 10.99.0.1 (bridge lab0) ─┬─ w1 10.99.0.11, engine
 *                                            └─ w2 10.99.0.12, engine …
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import Dockerode from 'dockerode';
import { packageRoot } from '../../base/package-root.ts';
import { eventually } from './eventually.ts';
import { runProgram } from './local-cluster.ts';

export const masterAddress = '10.99.0.1';

export interface WorkerHostOptions {
  /** From 1 on: the last part of its address is ten more. */
  readonly number: number;
}

export interface HostRun {
  readonly process: ChildProcess;
  /** What it has written so far. */
  output(): string;
  /** Its exit code. */
  readonly ended: Promise<number | null>;
}

/** Makes the bridge that they are on. Once in a sandbox. */
export async function prepareWorkerHosts(): Promise<void> {
  await runProgram('ip', ['link', 'add', 'lab0', 'type', 'bridge']);
  await runProgram('ip', ['address', 'add', `${masterAddress}/24`, 'dev', 'lab0']);
  await runProgram('ip', ['link', 'set', 'lab0', 'up']);
  // A switch between hosts forwards without asking this host's firewall.
  for (const direction of ['-i', '-o'])
    await runProgram('iptables', ['-w', '5', '-I', 'FORWARD', direction, 'lab0', '-j', 'ACCEPT']);
}

export class WorkerHost {
  readonly name: string;
  readonly address: string;
  readonly docker: Dockerode;
  readonly #socketPath: string;
  readonly #engine: ChildProcess;

  private constructor({ number }: WorkerHostOptions, socketPath: string, engine: ChildProcess) {
    this.name = `w${number}`;
    this.address = addressOf(number);
    this.docker = new Dockerode({ socketPath });
    this.#socketPath = socketPath;
    this.#engine = engine;
  }

  /** Resolves when its engine answers. */
  static async start(options: WorkerHostOptions): Promise<WorkerHost> {
    const sandbox = process.env.LONGSHORE_SANDBOX;
    if (sandbox === undefined) throw new Error('This runs in the sandbox only: test/support/sandbox.sh COMMAND');
    const name = `w${options.number}`;
    const folder = join(sandbox, name);
    await mkdir(folder);
    await writeFile(join(folder, 'engine.json'), '{}');
    await makeNetwork(name, addressOf(options.number));
    const socketPath = join(folder, 'docker.sock');
    const script = `
      mount -t tmpfs run /run && mount -t tmpfs data /var/lib/longshore &&
      exec dockerd -H unix://${socketPath} --data-root ${folder}/docker --exec-root ${folder}/exec \
        --pidfile ${folder}/docker.pid --config-file ${folder}/engine.json \
        --cgroup-parent /${basename(sandbox)}/${name} >>${folder}/dockerd.log 2>&1`;
    const namespace = `--net=/var/run/netns/${name}`;
    const argv = [namespace, 'unshare', '--mount', '--propagation', 'private', 'bash', '-c', script];
    const host = new WorkerHost(options, socketPath, spawn('nsenter', argv, { stdio: 'ignore' }));
    await eventually(`the engine of ${name} answers`, () => host.docker.ping().then(() => true));
    return host;
  }

  /** For `docker -H`. */
  get socket(): string {
    return `unix://${this.#socketPath}`;
  }

  /** Runs a program on this host to its end; its standard output. Throws when it fails. */
  async run(...argv: readonly string[]): Promise<string> {
    return await runProgram('nsenter', this.#enter(argv));
  }

  /** Starts kubecfg on this host. */
  kubecfg(words: readonly string[], environment: NodeJS.ProcessEnv = {}): HostRun {
    return this.start([process.execPath, join(packageRoot, 'cli/kubecfg.mjs'), ...words], environment);
  }

  /** Starts a program on this host. */
  start(argv: readonly string[], environment: NodeJS.ProcessEnv = {}): HostRun {
    return startProgram('nsenter', this.#enter(argv), { DOCKER_HOST: this.socket, KUBECONFIG: '', ...environment });
  }

  /** All that a cluster could leave on a host, as text. */
  async state(): Promise<string> {
    const commands = [
      ['nft', '-s', 'list', 'ruleset'],
      ['ip', 'route'],
      ['ip', 'rule'],
      ['bash', '-c', 'ip -br address | sed "s/@[^ ]*//"'],
      ['bash', '-c', 'cut -d" " -f2-4 /proc/mounts | grep -v /netns/ | sort'],
      [
        'bash',
        '-c',
        'find /var/lib/longshore /run/longshore -mindepth 1 2>/dev/null; ls /etc/systemd/system /run | grep longshore',
      ],
    ];
    const parts: string[] = [];
    for (const command of commands) parts.push(await this.run(...command).catch(() => ''));
    const [containers, networks, volumes] = await Promise.all([
      this.docker.listContainers({ all: true }),
      this.docker.listNetworks(),
      this.docker.listVolumes(),
    ]);
    parts.push(
      JSON.stringify(containers.map(({ Names }) => Names)),
      JSON.stringify(networks.map(({ Name }) => Name).sort()),
      JSON.stringify(volumes.Volumes.map(({ Name }) => Name).sort()),
    );
    return parts.join('\n');
  }

  /** Its processes, its engine and its network. What runs on it must have been told to end. */
  async stop(): Promise<void> {
    const over = once(this.#engine, 'exit');
    this.#engine.kill('SIGTERM');
    await over;
    await runProgram('ip', ['netns', 'delete', this.name]);
  }

  #enter(argv: readonly string[]): string[] {
    return ['-t', String(this.#engine.pid), '-m', '-n', '--', ...argv];
  }
}

/** A program whose output is collected. */
export function startProgram(command: string, argv: readonly string[], environment: NodeJS.ProcessEnv = {}): HostRun {
  const child = spawn(command, argv, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...environment } });
  let text = '';
  const collect = (chunk: Buffer) => {
    text += chunk.toString();
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  const ended = once(child, 'close').then(([code]: (number | null)[]) => code ?? null);
  return { process: child, output: () => text, ended };
}

const addressOf = (number: number): string => `10.99.0.${10 + number}`;

async function makeNetwork(name: string, address: string): Promise<void> {
  const ip = (...words: string[]) => runProgram('ip', words);
  await ip('netns', 'add', name);
  await ip('link', 'add', `lab-${name}`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name);
  await ip('link', 'set', `lab-${name}`, 'master', 'lab0', 'up');
  await ip('-n', name, 'link', 'set', 'lo', 'up');
  await ip('-n', name, 'address', 'add', `${address}/24`, 'dev', 'eth0');
  await ip('-n', name, 'link', 'set', 'eth0', 'up');
  await ip('-n', name, 'route', 'add', 'default', 'via', masterAddress);
}
