/** What the whole machine uses, as the kernel says it in `/proc`. */

import { readFile } from 'node:fs/promises';

export interface MachineUsage {
  /** CPU time of all cores since the machine was started. */
  readonly cpuNanoseconds: number;
  readonly memoryUsageBytes: number;
  /** What of that the kernel cannot take back without harm. */
  readonly workingSetBytes: number;
  /** What more can be used: the machine's memory without the working set. */
  readonly availableBytes: number;
  readonly rssBytes: number;
  /** Of files that the kernel keeps in memory. */
  readonly cacheBytes: number;
  readonly pageFaults: number;
  readonly majorPageFaults: number;
  /** Wall time in milliseconds. */
  readonly startedAt: number;
}

/** In which times of `/proc/stat` are given, on every Linux that Node runs on. */
const nanosecondsPerTick = 1e7;

export interface ProcTexts {
  readonly stat: string;
  readonly meminfo: string;
  readonly vmstat: string;
}

export async function readMachineUsage(): Promise<MachineUsage> {
  const [stat, meminfo, vmstat] = await Promise.all(
    ['stat', 'meminfo', 'vmstat'].map((name) => readFile(`/proc/${name}`, 'utf8')),
  );
  return parseMachineUsage({ stat: stat ?? '', meminfo: meminfo ?? '', vmstat: vmstat ?? '' });
}

/** As upstream counts a machine: what is not free is used, and files that nobody reads can be taken back. Pure. */
export function parseMachineUsage({ stat, meminfo, vmstat }: ProcTexts): MachineUsage {
  const memory = wordsOf(meminfo);
  const bytes = (name: string) => (memory.get(name) ?? 0) * 1024;
  const total = bytes('MemTotal');
  const memoryUsageBytes = Math.max(0, total - bytes('MemFree'));
  const workingSetBytes = Math.max(0, memoryUsageBytes - bytes('Inactive(file)'));
  const events = wordsOf(vmstat);
  return {
    cpuNanoseconds: busyTicks(stat) * nanosecondsPerTick,
    memoryUsageBytes,
    workingSetBytes,
    availableBytes: total - workingSetBytes,
    rssBytes: bytes('AnonPages'),
    cacheBytes: bytes('Cached'),
    pageFaults: events.get('pgfault') ?? 0,
    majorPageFaults: events.get('pgmajfault') ?? 0,
    startedAt: (wordsOf(stat).get('btime') ?? 0) * 1000,
  };
}

/** All but waiting: user, nice, system, irq, softirq, steal. Guests are in user's time already. */
function busyTicks(stat: string): number {
  const [, ...ticks] = (/^cpu .*/m.exec(stat)?.[0] ?? '').split(/\s+/).map(Number);
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = ticks;
  return user + nice + system + irq + softirq + steal;
}

/** `MemFree:  123 kB` or `btime 123`: the first number after each name. */
const wordsOf = (text: string): ReadonlyMap<string, number> =>
  new Map([...text.matchAll(/^([\w()]+):?\s+(\d+)/gm)].map(([, name = '', value]) => [name, Number(value)]));
