/** What a group is given, as the kernel's files and systemd's properties have it. Pure. */

import type { CgroupSupport } from '../runtime/runtime.ts';

/** What is left out stays as it is. */
export interface CgroupSettings {
  readonly cpuShares?: number;
  /** Microseconds of CPU in each `cpuPeriod`; 0: no limit. */
  readonly cpuQuota?: number;
  readonly cpuPeriod?: number;
  /** 0: no limit. */
  readonly memoryBytes?: number;
  /** Processes and threads; 0: no limit. */
  readonly maxPids?: number;
  /** Bytes in pages of a size, by the kernel's name of it: `2MB`. */
  readonly hugePages?: ReadonlyMap<string, number>;
  /** What is in it stays in memory. */
  readonly noSwap?: boolean;
}

/** One file of a group. */
export interface CgroupWrite {
  /** With version 1 there is a hierarchy for each. */
  readonly controller: 'cpu' | 'memory' | 'pids' | 'hugetlb';
  readonly file: string;
  readonly value: string;
  /** Kernels are built without it. */
  readonly optional?: boolean;
}

const usualPeriod = 100_000;

/** In the order in which they are to be written. */
export function computeWrites(version: CgroupSupport['version'], settings: CgroupSettings): CgroupWrite[] {
  return version === 1 ? computeFirstWrites(settings) : computeSecondWrites(settings);
}

function computeFirstWrites(settings: CgroupSettings): CgroupWrite[] {
  const { cpuShares, cpuQuota, cpuPeriod = usualPeriod, memoryBytes, maxPids, hugePages, noSwap } = settings;
  return [
    ...when(cpuShares, (shares) => ({ controller: 'cpu', file: 'cpu.shares', value: String(shares) })),
    ...when(cpuQuota, (quota) => ({
      controller: 'cpu',
      file: quota === 0 ? 'cpu.cfs_quota_us' : 'cpu.cfs_period_us',
      value: String(quota === 0 ? -1 : cpuPeriod),
      optional: true,
    })),
    ...when(cpuQuota || undefined, (quota) => ({
      controller: 'cpu',
      file: 'cpu.cfs_quota_us',
      value: String(quota),
      optional: true,
    })),
    ...when(memoryBytes, (bytes) => ({
      controller: 'memory',
      file: 'memory.limit_in_bytes',
      value: String(bytes || -1),
    })),
    // Groups that are made in it later are made like it.
    ...when(noSwap || undefined, () => ({
      controller: 'memory',
      file: 'memory.swappiness',
      value: '0',
      optional: true,
    })),
    ...when(maxPids, (count) => ({ controller: 'pids', file: 'pids.max', value: String(count || 'max') })),
    ...[...(hugePages ?? [])].map(([size, bytes]) => ({
      ...{ controller: 'hugetlb' as const, file: `hugetlb.${size}.limit_in_bytes`, value: String(bytes) },
      optional: true,
    })),
  ];
}

function computeSecondWrites(settings: CgroupSettings): CgroupWrite[] {
  const { cpuShares, cpuQuota, cpuPeriod = usualPeriod, memoryBytes, maxPids, hugePages, noSwap } = settings;
  return [
    ...when(cpuShares, (shares) => ({ controller: 'cpu', file: 'cpu.weight', value: String(weightOf(shares)) })),
    ...when(cpuQuota, (quota) => ({
      controller: 'cpu',
      file: 'cpu.max',
      value: `${quota || 'max'} ${cpuPeriod}`,
      optional: true,
    })),
    ...when(memoryBytes, (bytes) => ({ controller: 'memory', file: 'memory.max', value: String(bytes || 'max') })),
    ...when(noSwap || undefined, () => ({ controller: 'memory', file: 'memory.swap.max', value: '0', optional: true })),
    ...when(maxPids, (count) => ({ controller: 'pids', file: 'pids.max', value: String(count || 'max') })),
    ...[...(hugePages ?? [])].map(([size, bytes]) => ({
      ...{ controller: 'hugetlb' as const, file: `hugetlb.${size}.max`, value: String(bytes) },
      optional: true,
    })),
  ];
}

function when<T>(value: T | undefined, write: (value: T) => CgroupWrite): CgroupWrite[] {
  return value === undefined ? [] : [write(value)];
}

/** Shares from 2 to 262144 become weights from 1 to 10000, as the engine's own containers get them. */
export const weightOf = (shares: number): number => 1 + Math.floor(((shares - 2) * 9999) / 262_142);

/** As `systemctl set-property` takes them. Huge pages are no matter of systemd's. */
export function computeProperties(version: CgroupSupport['version'], settings: CgroupSettings): string[] {
  const { cpuShares, cpuQuota, cpuPeriod = usualPeriod, memoryBytes, maxPids, noSwap } = settings;
  return [
    ...(cpuShares === undefined ? [] : [version === 1 ? `CPUShares=${cpuShares}` : `CPUWeight=${weightOf(cpuShares)}`]),
    // Tenths of a percent of one CPU is all that systemd reads: rather a little more than less.
    ...(cpuQuota === undefined
      ? []
      : [cpuQuota === 0 ? 'CPUQuota=' : `CPUQuota=${Math.ceil((cpuQuota * 1000) / cpuPeriod) / 10}%`]),
    ...(memoryBytes === undefined
      ? []
      : [`${version === 1 ? 'MemoryLimit' : 'MemoryMax'}=${memoryBytes || 'infinity'}`]),
    ...(noSwap && version === 2 ? ['MemorySwapMax=0'] : []),
    ...(maxPids === undefined ? [] : [`TasksMax=${maxPids || 'infinity'}`]),
  ];
}

/** Room for both: what a group may have while containers in it change from one to the other. */
export function computeGrown(a: CgroupSettings, b: CgroupSettings): CgroupSettings {
  const quotaA = shareOf(a);
  const quotaB = shareOf(b);
  const { cpuQuota, cpuPeriod } = quotaA >= quotaB ? a : b;
  return {
    ...b,
    ...(b.cpuShares !== undefined && { cpuShares: Math.max(a.cpuShares ?? 0, b.cpuShares) }),
    ...(cpuQuota !== undefined && { cpuQuota }),
    ...(cpuPeriod !== undefined && { cpuPeriod }),
    ...(b.memoryBytes !== undefined && { memoryBytes: wider(a.memoryBytes ?? 0, b.memoryBytes) }),
  };
}

const shareOf = ({ cpuQuota = 0, cpuPeriod = usualPeriod }: CgroupSettings): number =>
  cpuQuota === 0 ? Number.POSITIVE_INFINITY : cpuQuota / cpuPeriod;

const wider = (a: number, b: number): number => (a === 0 || b === 0 ? 0 : Math.max(a, b));
