/** The bridge of the pod network as the kernel has it: whether it is whole, and what makes it whole again. */

import { execFile } from 'node:child_process';
import { readFile, realpath } from 'node:fs/promises';
import { promisify } from 'node:util';
import type Dockerode from 'dockerode';
import { errorOutput } from '../../../base/error-text.ts';
import type { Logger } from '../../../base/logger.ts';
import { RuntimeError } from '../runtime.ts';
import { askMaybe } from './engine.ts';

const run = promisify(execFile);

/**
 * Whether the route to the pods leads through the bridge: the kernel has it exactly as long as the bridge is there, is
 * up and has its address.
 */
export async function isBridgeWhole(bridge: string, podCidr: string): Promise<boolean> {
  return hasRoute(await readFile('/proc/net/route', 'utf8'), bridge, podCidr);
}

/** `table` as in /proc/net/route: interface, destination and more, addresses as little-endian hex. Pure. */
export function hasRoute(table: string, bridge: string, podCidr: string): boolean {
  const [network = ''] = podCidr.split('/');
  const destination = network
    .split('.')
    .reverse()
    .map((byte) => Number(byte).toString(16).padStart(2, '0'))
    .join('')
    .toUpperCase();
  return table.split('\n').some((line) => line.startsWith(`${bridge}\t${destination}\t`));
}

/** Whether the engine behind this socket lives in our network namespace: the kernel shows only the sockets made here. */
export async function listensHere(socketPath: string): Promise<boolean> {
  const [path, sockets] = await Promise.all([
    realpath(socketPath).catch(() => socketPath), // it may not run yet
    readFile('/proc/net/unix', 'utf8'),
  ]);
  return isListenedOn(sockets, new Set([socketPath, path]));
}

/**
 * `table` as in /proc/net/unix. Only a socket that accepts connections counts: the engine's end of a connection bears
 * the same path, and the kernel shows it in the namespace of the one who connected. Pure.
 */
export function isListenedOn(table: string, paths: ReadonlySet<string>): boolean {
  const acceptsConnections = 0x10000;
  return table.split('\n').some((line) => {
    const [, flags, path] = /^\S+ \S+ \S+ ([0-9A-F]{8}) \S+ \S+ +\d+ (.+)$/.exec(line) ?? [];
    return path !== undefined && paths.has(path) && (Number.parseInt(flags ?? '', 16) & acceptsConnections) !== 0;
  });
}

export interface BridgeRepairOptions {
  readonly docker: Dockerode;
  /** Of the Docker network. */
  readonly name: string;
  readonly bridge: string;
  readonly mtu: number;
  readonly logger: Logger;
}

interface Link {
  readonly ifindex: number;
  readonly ifname: string;
  /** The other end of a pair, in whatever namespace. */
  readonly link_index?: number;
  readonly master?: string;
  readonly address?: string;
  readonly flags?: readonly string[];
  readonly linkinfo?: { readonly info_kind?: string };
}

export class BridgeRepair {
  readonly #options: BridgeRepairOptions;
  /** Pods know it: a bridge that is made again keeps it, or they would talk to nobody until they ask again. */
  #macAddress: string | undefined;

  constructor(options: BridgeRepairOptions) {
    this.#options = options;
  }

  /** Makes the bridge whole, with the ports of the pods that run. Says what was missing. */
  async ensure(podCidr: string): Promise<string | undefined> {
    const { bridge } = this.#options;
    const before = (await readLinks()).find(({ ifname }) => ifname === bridge);
    const trouble = await this.#troubleOf(before, podCidr);
    if (trouble !== undefined) await this.#mend(before === undefined, podCidr);
    const ports = await this.#reattachPorts();
    this.#macAddress = (await readLinks()).find(({ ifname }) => ifname === bridge)?.address;
    if (trouble === undefined && ports === 0) return undefined;
    return `the bridge ${bridge} ${trouble ?? 'had lost ports'} and was mended (${ports} pods joined to it again)`;
  }

  async #troubleOf(found: Link | undefined, podCidr: string): Promise<string | undefined> {
    if (found === undefined) return 'was deleted';
    if (found.linkinfo?.info_kind !== 'bridge')
      throw new RuntimeError('Refused', `the interface ${this.#options.bridge} is no bridge: remove or rename it`);
    if (!found.flags?.includes('UP')) return 'was down';
    return (await isBridgeWhole(this.#options.bridge, podCidr)) ? undefined : 'had lost its address';
  }

  async #mend(isGone: boolean, podCidr: string): Promise<void> {
    const { bridge, mtu } = this.#options;
    const [, bits = '24'] = podCidr.split('/');
    const mac = this.#macAddress === undefined ? [] : ['address', this.#macAddress];
    await ip([
      ...(isGone ? [['link', 'add', 'name', bridge, ...mac, 'mtu', String(mtu), 'type', 'bridge']] : []),
      ['address', 'replace', `${firstAddress(podCidr)}/${bits}`, 'broadcast', '+', 'dev', bridge],
      ['link', 'set', 'dev', bridge, 'up'],
    ]);
  }

  /** Pods keep their end of the pair when the bridge goes: the other end is joined to the new one. How many were. */
  async #reattachPorts(): Promise<number> {
    const { bridge } = this.#options;
    const [links, peers] = await Promise.all([readLinks(), this.#peersOfPods()]);
    const lost = links.filter(({ ifindex, master }) => peers.has(ifindex) && master !== bridge);
    await ip(
      lost.flatMap(({ ifname }) => [
        ['link', 'set', 'dev', ifname, 'master', bridge, 'up'],
        // As the proxy has it, who sets it for new ports only: a pod may reach itself through a Service.
        ['link', 'set', 'dev', ifname, 'type', 'bridge_slave', 'hairpin', 'on'],
      ]),
    );
    return lost.length;
  }

  /** Our ends of the pairs of all pods that run, by index. */
  async #peersOfPods(): Promise<ReadonlySet<number>> {
    const { docker, name } = this.#options;
    const network = await askMaybe(docker.getNetwork(name).inspect());
    const ids = Object.keys(network?.Containers ?? {}).filter((id) => /^[0-9a-f]{64}$/.test(id));
    const found = await Promise.all(ids.map((id) => this.#peerOf(id)));
    return new Set(found.filter((one) => one !== undefined));
  }

  async #peerOf(id: string): Promise<number | undefined> {
    const info = await askMaybe(this.#options.docker.getContainer(id).inspect());
    const pid = info?.State.Pid;
    if (!pid) return undefined;
    try {
      const links = await readLinks(['nsenter', `--net=/proc/${pid}/ns/net`]);
      return links.find(({ ifname }) => ifname === 'eth0')?.link_index;
    } catch (error) {
      this.#options.logger.debug('A pod ended while its port was looked for', { id, error });
      return undefined;
    }
  }
}

/** Idempotent. Only for a bridge whose network is gone. */
export async function removeBridge(name: string): Promise<void> {
  const found = (await readLinks()).find(({ ifname }) => ifname === name);
  if (found?.linkinfo?.info_kind === 'bridge') await ip([['link', 'del', name]]);
}

async function readLinks(prefix: readonly string[] = []): Promise<Link[]> {
  const [command = '', ...args] = [...prefix, 'ip', '-j', '-d', 'link', 'show'];
  const { stdout } = await run(command, args, { maxBuffer: 1 << 26 });
  // What `ip -j` prints for `link show`.
  return JSON.parse(stdout) as Link[];
}

/** All in one process, which is the dear part on a busy machine: two commands for each pod. The first failure ends it. */
async function ip(commands: readonly (readonly string[])[]): Promise<void> {
  if (commands.length === 0) return;
  const lines = commands.map((words) => `${words.join(' ')}\n`).join('');
  try {
    const running = run('ip', ['-batch', '-']);
    running.child.stdin?.on('error', () => {}); // it ended early, and says why
    running.child.stdin?.end(lines);
    await running;
  } catch (cause) {
    const stderr = errorOutput(cause);
    const [, line] = /^Command failed -:(\d+)/m.exec(stderr) ?? [];
    const failed = commands[Number(line) - 1] ?? ['-batch'];
    throw new RuntimeError('Refused', `ip ${failed.join(' ')}: ${stderr.trim()}`, { cause });
  }
}

/** The bridge's own address: the first of the CIDR. */
export function firstAddress(cidr: string): string {
  const bytes = (cidr.split('/')[0] ?? '').split('.').map(Number);
  if (bytes.length !== 4 || bytes.some((byte) => !(byte >= 0 && byte <= 255)))
    throw new RuntimeError('Refused', `The pod CIDR ${cidr} is not an IPv4 network`);
  return [...bytes.slice(0, 3), (bytes[3] ?? 0) + 1].join('.');
}
