/** What the machine is made of, as metrics name it; and what its devices are called. */

import { readFile } from 'node:fs/promises';

export interface MachineFacts {
  readonly cpuCores: number;
  readonly physicalCores: number;
  readonly cpuSockets: number;
  readonly memoryBytes: number;
  readonly swapBytes: number;
  readonly machineId: string;
  readonly systemUuid: string;
  readonly bootId: string;
  readonly kernelVersion: string;
  readonly osImage: string;
}

/** Pure. A processor that does not say where it is counts as one core of one socket. */
export function parseProcessors(cpuinfo: string): Pick<MachineFacts, 'cpuCores' | 'physicalCores' | 'cpuSockets'> {
  const processors = cpuinfo.split(/\n\s*\n/).filter((text) => /^processor\s*:/m.test(text));
  const socketOf = (text: string) => /^physical id\s*: *(.*)$/m.exec(text)?.[1] ?? '0';
  const cores = processors.map((text, index) => `${socketOf(text)}/${/^core id\s*: *(.*)$/m.exec(text)?.[1] ?? index}`);
  return {
    cpuCores: Math.max(1, processors.length),
    physicalCores: Math.max(1, new Set(cores).size),
    cpuSockets: Math.max(1, new Set(processors.map(socketOf)).size),
  };
}

/** Pure: `/proc/meminfo`. */
export const parseSwapBytes = (meminfo: string): number =>
  Number(/^SwapTotal:\s+(\d+)/m.exec(meminfo)?.[1] ?? 0) * 1024;

/** The name of a block device by its numbers: `8:0` → `/dev/sda`. */
export async function readDeviceName(numbers: string): Promise<string> {
  const [major, minor] = numbers.split(':');
  const text = await readFile(`/sys/dev/block/${Number(major)}:${Number(minor)}/uevent`, 'utf8').catch(() => '');
  const name = /^DEVNAME=(.+)$/m.exec(text)?.[1];
  return name === undefined ? numbers : `/dev/${name}`;
}
