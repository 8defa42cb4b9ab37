/**
 * A small cluster network of network namespaces: a node with a bridge and pods on it, and a client outside. Needs root;
 * everything it makes has names of its own and is removed by `stop`.
 *
 *   client 192.168.77.2 ─── 192.168.77.1 node 10.244.1.1 ─┬─ pod 10.244.1.11
 *                                                         └─ pod 10.244.1.12 …
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { runProgram } from '../../proxy/program.ts';

export const nodeIp = '192.168.77.1';
export const clientIp = '192.168.77.2';
export const clusterCidr = '10.244.0.0/16';
export const podIp = (index: number): string => `10.244.1.${10 + index}`;

export class NetworkLab {
  readonly #prefix: string;
  readonly #namespaces: string[] = [];
  readonly #processes = new Set<ChildProcess>();

  private constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** `pods` is how many there are, numbered from 1. */
  static async start(pods: number): Promise<NetworkLab> {
    const lab = new NetworkLab(`ls${randomBytes(3).toString('hex')}`);
    await lab.#build(pods);
    return lab;
  }

  get node(): string {
    return this.#name('node');
  }

  get client(): string {
    return this.#name('client');
  }

  pod(index: number): string {
    return this.#name(`pod${index}`);
  }

  /** Runs a command to its end in a namespace; its standard output. */
  async run(namespace: string, ...argv: string[]): Promise<string> {
    return await runProgram(['ip', 'netns', 'exec', namespace, ...argv]);
  }

  /** Starts a program of this repository in a namespace, that is ended by `stop` at the latest. */
  startProgram(namespace: string, program: string, ...args: string[]): ChildProcess {
    const argv = ['netns', 'exec', namespace, process.execPath, '--import', 'tsx', program, ...args];
    const child = spawn('ip', argv, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#processes.add(child);
    child.once('exit', () => this.#processes.delete(child));
    return child;
  }

  async stop(): Promise<void> {
    await Promise.all(
      [...this.#processes].map(async (child) => {
        const exited = once(child, 'exit');
        child.kill('SIGKILL');
        await exited;
      }),
    );
    for (const name of this.#namespaces.splice(0)) await runProgram(['ip', 'netns', 'delete', name]);
  }

  #name(part: string): string {
    return `${this.#prefix}-${part}`;
  }

  async #build(pods: number): Promise<void> {
    await this.#add(this.node);
    await this.#add(this.client);
    await this.run(this.node, 'sysctl', '-qw', 'net.ipv4.ip_forward=1');
    await this.#link(this.node, 'eth0', `${nodeIp}/24`, this.client, `${clientIp}/24`);
    await this.run(this.client, 'ip', 'route', 'add', 'default', 'via', nodeIp);
    // A host without a default route has no way to cluster IPs.
    await this.run(this.node, 'ip', 'route', 'add', 'default', 'via', clientIp);
    await this.run(this.node, 'ip', 'link', 'add', 'br0', 'type', 'bridge');
    await this.run(this.node, 'ip', 'address', 'add', '10.244.1.1/24', 'dev', 'br0');
    await this.run(this.node, 'ip', 'link', 'set', 'br0', 'up');
    for (let index = 1; index <= pods; index++) {
      await this.#add(this.pod(index));
      await this.#link(this.node, `veth${index}`, undefined, this.pod(index), `${podIp(index)}/24`);
      await this.run(this.node, 'ip', 'link', 'set', `veth${index}`, 'master', 'br0');
      await this.run(this.pod(index), 'ip', 'route', 'add', 'default', 'via', '10.244.1.1');
    }
  }

  async #add(name: string): Promise<void> {
    await runProgram(['ip', 'netns', 'add', name]);
    this.#namespaces.push(name);
    await this.run(name, 'ip', 'link', 'set', 'lo', 'up');
  }

  async #link(from: string, device: string, address: string | undefined, to: string, toAddress: string): Promise<void> {
    await this.run(from, 'ip', 'link', 'add', device, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', to);
    if (address !== undefined) await this.run(from, 'ip', 'address', 'add', address, 'dev', device);
    await this.run(from, 'ip', 'link', 'set', device, 'up');
    await this.run(to, 'ip', 'address', 'add', toAddress, 'dev', 'eth0');
    await this.run(to, 'ip', 'link', 'set', 'eth0', 'up');
  }
}

/** A program that answers each line it is sent with one line. */
export class LineProgram {
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;

  constructor(child: ChildProcess) {
    this.#child = child;
    if (child.stdout === null) throw new Error('The program must be started with a pipe for its output');
    this.#answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  async ask(question: unknown): Promise<unknown> {
    this.#child.stdin?.write(`${JSON.stringify(question)}\n`);
    return await this.answer();
  }

  async answer(): Promise<unknown> {
    const { value, done } = await this.#answers.next();
    if (done) throw new Error('The program has ended');
    return JSON.parse(String(value));
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    const exited = once(this.#child, 'exit');
    this.#child.kill(signal);
    await exited;
  }
}
