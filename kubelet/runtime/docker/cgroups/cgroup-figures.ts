/** The files of control groups, of both versions, in our words. Pure: `read` gives a file's text, `` when there is none. */

import type { BlockDeviceStats, KernelFigures } from '../../container-stats.ts';

/** The text of a file of a controller; empty: it is not there. */
export type ReadCgroupFile = (controller: string, name: string) => string;

export interface CgroupUsage {
  readonly cpuNanoseconds: number;
  readonly memoryUsageBytes: number;
  readonly workingSetBytes: number;
  readonly rssBytes: number;
  readonly pageFaults: number;
  readonly majorPageFaults: number;
}

/** In which times of the first version are given, on every Linux that Node runs on. */
const nanosecondsPerTick = 1e7;
/** A limit of about as much as 64 bits hold is none. */
const unlimitedBytes = 2 ** 62;

/** Undefined: the group is gone. */
export function readUsage(version: 1 | 2, read: ReadCgroupFile): CgroupUsage | undefined {
  const usage = read('memory', version === 1 ? 'memory.usage_in_bytes' : 'memory.current');
  if (usage === '') return undefined;
  const memory = wordsOf(read('memory', 'memory.stat'));
  const word = (one: string, two: string) => memory.get(version === 1 ? one : two) ?? 0;
  const memoryUsageBytes = Number(usage);
  return {
    cpuNanoseconds:
      version === 1
        ? Number(read('cpuacct', 'cpuacct.usage'))
        : (wordsOf(read('cpu', 'cpu.stat')).get('usage_usec') ?? 0) * 1000,
    memoryUsageBytes,
    workingSetBytes: Math.max(0, memoryUsageBytes - word('total_inactive_file', 'inactive_file')),
    rssBytes: word('total_rss', 'anon'),
    pageFaults: word('total_pgfault', 'pgfault'),
    majorPageFaults: word('total_pgmajfault', 'pgmajfault'),
  };
}

export function readFigures(version: 1 | 2, path: string, read: ReadCgroupFile): KernelFigures {
  return version === 1 ? readFirst(path, read) : readSecond(path, read);
}

function readFirst(path: string, read: ReadCgroupFile): KernelFigures {
  const memory = wordsOf(read('memory', 'memory.stat'));
  const times = wordsOf(read('cpuacct', 'cpuacct.stat'));
  const throttling = wordsOf(read('cpu', 'cpu.stat'));
  const number = (controller: string, name: string) => Number(read(controller, name));
  const memoryBytes = limitOf(read('memory', 'memory.limit_in_bytes'));
  const withSwapBytes = limitOf(read('memory', 'memory.memsw.limit_in_bytes'));
  const serviced = 'blkio.throttle.io_serviced';
  const bytes = 'blkio.throttle.io_service_bytes';
  return {
    path,
    cpuUserNanoseconds: (times.get('user') ?? 0) * nanosecondsPerTick,
    cpuSystemNanoseconds: (times.get('system') ?? 0) * nanosecondsPerTick,
    throttling: {
      periods: throttling.get('nr_periods') ?? 0,
      throttledPeriods: throttling.get('nr_throttled') ?? 0,
      throttledNanoseconds: throttling.get('throttled_time') ?? 0,
    },
    cacheBytes: memory.get('total_cache') ?? 0,
    swapBytes: memory.get('total_swap') ?? 0,
    mappedFileBytes: memory.get('total_mapped_file') ?? 0,
    kernelBytes: number('memory', 'memory.kmem.usage_in_bytes'),
    maxUsageBytes: number('memory', 'memory.max_usage_in_bytes'),
    limitHits: number('memory', 'memory.failcnt'),
    oomKills: wordsOf(read('memory', 'memory.oom_control')).get('oom_kill') ?? 0,
    limits: {
      cpuShares: number('cpu', 'cpu.shares'),
      cpuPeriodMicroseconds: number('cpu', 'cpu.cfs_period_us'),
      cpuQuotaMicroseconds: Math.max(0, number('cpu', 'cpu.cfs_quota_us')),
      memoryBytes,
      memoryReservationBytes: limitOf(read('memory', 'memory.soft_limit_in_bytes')),
      swapBytes: withSwapBytes === 0 ? 0 : withSwapBytes,
      threads: limitOf(read('pids', 'pids.max')),
    },
    threads: number('pids', 'pids.current'),
    processes: countLines(read('pids', 'cgroup.procs')),
    blockDevices: firstBlockDevices(
      read('blkio', `${bytes}_recursive`) || read('blkio', bytes),
      read('blkio', `${serviced}_recursive`) || read('blkio', serviced),
    ),
  };
}

function readSecond(path: string, read: ReadCgroupFile): KernelFigures {
  const memory = wordsOf(read('memory', 'memory.stat'));
  const cpu = wordsOf(read('cpu', 'cpu.stat'));
  const happened = wordsOf(read('memory', 'memory.events'));
  const [quota = '', period = ''] = read('cpu', 'cpu.max').split(' ');
  const swapLimit = limitOf(read('memory', 'memory.swap.max'));
  const memoryBytes = limitOf(read('memory', 'memory.max'));
  return {
    path,
    cpuUserNanoseconds: (cpu.get('user_usec') ?? 0) * 1000,
    cpuSystemNanoseconds: (cpu.get('system_usec') ?? 0) * 1000,
    throttling: {
      periods: cpu.get('nr_periods') ?? 0,
      throttledPeriods: cpu.get('nr_throttled') ?? 0,
      throttledNanoseconds: (cpu.get('throttled_usec') ?? 0) * 1000,
    },
    cacheBytes: memory.get('file') ?? 0,
    swapBytes: Number(read('memory', 'memory.swap.current')),
    mappedFileBytes: memory.get('file_mapped') ?? 0,
    kernelBytes: memory.get('kernel') ?? 0,
    maxUsageBytes: Number(read('memory', 'memory.peak')),
    limitHits: happened.get('max') ?? 0,
    oomKills: happened.get('oom_kill') ?? 0,
    limits: {
      cpuShares: sharesOf(Number(read('cpu', 'cpu.weight'))),
      cpuPeriodMicroseconds: Number(period),
      cpuQuotaMicroseconds: quota === 'max' ? 0 : Number(quota),
      memoryBytes,
      memoryReservationBytes: limitOf(read('memory', 'memory.low')),
      // This version counts swap by itself; what is told is both together, as the first one has it.
      swapBytes: swapLimit === 0 || memoryBytes === 0 ? 0 : memoryBytes + swapLimit,
      threads: limitOf(read('pids', 'pids.max')),
    },
    threads: Number(read('pids', 'pids.current')),
    processes: countLines(read('pids', 'cgroup.procs')),
    blockDevices: secondBlockDevices(read('io', 'io.stat')),
  };
}

/** The engine makes weights (1 to 10000) of shares (2 to 262144); this is the way back. */
const sharesOf = (weight: number): number =>
  weight === 0 ? 0 : Math.round(2 + ((Math.max(1, weight) - 1) * 262142) / 9999);

/** 0: none. */
function limitOf(text: string): number {
  const limit = Number(text.trim());
  return Number.isFinite(limit) && limit < unlimitedBytes ? limit : 0;
}

const countLines = (text: string): number => (text === '' ? 0 : text.trimEnd().split('\n').length);

/** `user 12`: the first number after each name. */
function wordsOf(text: string): ReadonlyMap<string, number> {
  const words = new Map<string, number>();
  for (const line of text.split('\n')) {
    const end = line.indexOf(' ');
    if (end > 0) words.set(line.slice(0, end), Number(line.slice(end + 1)));
  }
  return words;
}

/** `8:0 Read 4096`, one line for each device and operation. */
function firstBlockDevices(bytes: string, operations: string): BlockDeviceStats[] {
  const devices = new Map<string, { readBytes: number; writeBytes: number; reads: number; writes: number }>();
  const add = (text: string, [read, write]: readonly ['readBytes' | 'reads', 'writeBytes' | 'writes']) => {
    for (const [, device = '', operation, value] of text.matchAll(/^(\d+:\d+) (Read|Write) (\d+)$/gm)) {
      const found = devices.get(device) ?? { readBytes: 0, writeBytes: 0, reads: 0, writes: 0 };
      found[operation === 'Read' ? read : write] = Number(value);
      devices.set(device, found);
    }
  };
  add(bytes, ['readBytes', 'writeBytes']);
  add(operations, ['reads', 'writes']);
  return [...devices].map(([device, one]) => ({ device, ...one }));
}

/** `8:0 rbytes=4096 wbytes=0 rios=1 wios=0 …` */
function secondBlockDevices(text: string): BlockDeviceStats[] {
  return [...text.matchAll(/^(\d+:\d+) (.*)$/gm)].map(([, device = '', rest = '']) => {
    const words = new Map(rest.split(' ').map((word) => [word.split('=')[0], Number(word.split('=')[1])]));
    return {
      device,
      readBytes: words.get('rbytes') ?? 0,
      writeBytes: words.get('wbytes') ?? 0,
      reads: words.get('rios') ?? 0,
      writes: words.get('wios') ?? 0,
    };
  });
}
