/** What this machine has and is, as the node's object tells it. */

import { readFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import os from 'node:os';
import { formatQuantity, readQuantity } from '../../api/quantity.ts';
import { computeAllocatable, type Reservations } from './allocatable.ts';
import { readHugePages } from './huge-pages.ts';

export interface Machine {
  readonly capacity: Readonly<Record<string, string>>;
  /** What pods can ask for. */
  readonly allocatable: Readonly<Record<string, string>>;
  /** What all pods together can have at most: what is to stay free before one is evicted is part of it. */
  readonly enforceable: Readonly<Record<string, string>>;
  readonly memoryBytes: number;
  /** Of huge pages, as resources name them: `2Mi`. */
  readonly pageSizes: readonly string[];
  /** How many processes and threads the kernel can have at once. */
  readonly maxPids: number;
  readonly machineId: string;
  readonly systemUuid: string;
  readonly bootId: string;
  readonly kernelVersion: string;
  readonly osImage: string;
  readonly architecture: string;
}

const maxPods = 110;

export interface MachineSize {
  readonly memoryBytes: number;
  readonly storageBytes: number;
}

/** `reserve`: what is kept from pods of a machine of that size. */
export async function readMachine(dataDir: string, reserve: (size: MachineSize) => Reservations): Promise<Machine> {
  const { bsize, blocks } = await statfs(dataDir);
  const memoryBytes = os.totalmem();
  const storageBytes = bsize * blocks;
  const hugePages = readHugePages();
  const hugeBytes = hugePages.reduce((sum, { totalBytes }) => sum + totalBytes, 0);
  const pages = hugePages.map(({ size, totalBytes }) => [`hugepages-${size}`, binary(totalBytes)]);
  const common = {
    ...{ cpu: String(os.cpus().length), pods: String(maxPods), 'hugepages-1Gi': '0', 'hugepages-2Mi': '0' },
    ...Object.fromEntries(pages),
  };
  const { reserved, keptFree } = withHugePages(reserve({ memoryBytes, storageBytes }), hugeBytes);
  const nothing = { memoryBytes: 0, storageBytes: 0 };
  const capacity = { ...common, memory: kibi(memoryBytes), 'ephemeral-storage': kibi(storageBytes) };
  return {
    memoryBytes,
    pageSizes: hugePages.map(({ size }) => size),
    maxPids: readMaxPids(),
    capacity,
    enforceable: computeAllocatable(capacity, { reserved, keptFree: nothing }),
    allocatable: computeAllocatable(capacity, { reserved, keptFree }),
    machineId: readLine('/etc/machine-id'),
    // Virtual machines and containers may have none: something that tells nodes apart must stand there.
    systemUuid: readLine('/sys/class/dmi/id/product_uuid') || readLine('/etc/machine-id'),
    bootId: readLine('/proc/sys/kernel/random/boot_id'),
    kernelVersion: os.release(),
    osImage: /^PRETTY_NAME="?([^"\n]*)/m.exec(readLine('/etc/os-release', true))?.[1] ?? '',
    architecture: os.arch() === 'x64' ? 'amd64' : os.arch(),
  };
}

/** Nothing else can be in huge pages. */
const withHugePages = ({ reserved, keptFree }: Reservations, hugeBytes: number): Reservations => ({
  reserved: [...reserved, new Map([['memory', readQuantity(String(hugeBytes))]])],
  keptFree,
});

/** The same machine with other amounts, where `played` has any. */
export function withCapacity(
  machine: Machine,
  played: { readonly capacity: Readonly<Record<string, string>> } | undefined,
): Machine {
  const capacity = { ...machine.capacity, ...played?.capacity };
  return { ...machine, capacity, allocatable: { ...machine.allocatable, ...played?.capacity } };
}

function readMaxPids(): number {
  const limits = ['pid_max', 'threads-max'].map((name) => Number(readLine(`/proc/sys/kernel/${name}`)));
  return Math.min(...limits.filter((limit) => limit > 0)); // one that cannot be read is none
}

/**
 * How many processes and threads one container may have; 0: no limit. Unless the administrator says otherwise: enough
 * for any program, and too few for one container to use up a machine. Pure.
 */
export function computeMaxPids(wanted: number | undefined, { maxPids }: Pick<Machine, 'maxPids'>): number {
  if (wanted === undefined) return Math.max(64, Math.min(4096, Math.floor(maxPids / 4)));
  if (!Number.isInteger(wanted)) throw new Error(`The most processes of a container must be a whole number: ${wanted}`);
  return Math.max(0, wanted);
}

/** Whether the kernel enforces AppArmor profiles. */
export const isAppArmorEnabled = (): boolean => readLine('/sys/module/apparmor/parameters/enabled').startsWith('Y');

const binary = (bytes: number): string => formatQuantity({ ...readQuantity(String(bytes)), format: 'BinarySI' });
const kibi = (bytes: number): string => `${Math.floor(bytes / 1024)}Ki`;

function readLine(path: string, whole = false): string {
  try {
    const text = readFileSync(path, 'utf8');
    return whole ? text : text.trim();
  } catch {
    return ''; // not every machine has it, and nothing depends on it
  }
}
