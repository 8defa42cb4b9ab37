/** What a runtime says of the usage of sandboxes and containers. A part of the contract of `runtime.ts`. */

/** What one interface of a sandbox has carried since it was made. */
export interface InterfaceStats {
  readonly name: string;
  readonly rxBytes: number;
  readonly rxPackets: number;
  readonly rxErrors: number;
  readonly rxDropped: number;
  readonly txBytes: number;
  readonly txPackets: number;
  readonly txErrors: number;
  readonly txDropped: number;
}

/** What has gone to and from one block device. */
export interface BlockDeviceStats {
  /** `major:minor`. */
  readonly device: string;
  readonly readBytes: number;
  readonly writeBytes: number;
  readonly reads: number;
  readonly writes: number;
}

/** What the kernel counts beside the usage, and by which limits. Amounts that it does not tell are 0. */
export interface KernelFigures {
  /** The container's control group, as the kernel names it. */
  readonly path: string;
  readonly cpuUserNanoseconds: number;
  readonly cpuSystemNanoseconds: number;
  readonly throttling: {
    readonly periods: number;
    readonly throttledPeriods: number;
    readonly throttledNanoseconds: number;
  };
  readonly cacheBytes: number;
  readonly swapBytes: number;
  readonly mappedFileBytes: number;
  readonly kernelBytes: number;
  readonly maxUsageBytes: number;
  /** How often the memory limit was reached. */
  readonly limitHits: number;
  readonly oomKills: number;
  /** 0: no limit. */
  readonly limits: {
    readonly cpuShares: number;
    readonly cpuPeriodMicroseconds: number;
    readonly cpuQuotaMicroseconds: number;
    readonly memoryBytes: number;
    readonly memoryReservationBytes: number;
    /** Of memory and swap together. */
    readonly swapBytes: number;
    readonly threads: number;
  };
  readonly threads: number;
  readonly processes: number;
  readonly blockDevices: readonly BlockDeviceStats[];
}

/** `usage`: what is used; `all`: with the kernel's figures, where they can be had. */
export type StatsDetail = 'usage' | 'all';

/** What a sandbox's own process or a container uses. */
export interface ContainerStats {
  readonly id: string;
  /** When it was measured: wall time in milliseconds. */
  readonly at: number;
  /** CPU time since it was started. */
  readonly cpuNanoseconds: number;
  /** With the files that the kernel keeps in memory for it. */
  readonly memoryUsageBytes: number;
  /** What of that the kernel cannot take back without harm. */
  readonly workingSetBytes: number;
  /** Memory of processes alone. */
  readonly rssBytes: number;
  readonly pageFaults: number;
  readonly majorPageFaults: number;
  /** Of a sandbox with a network of its own; an engine may say the same of the containers in it. */
  readonly interfaces?: readonly InterfaceStats[];
  /** Only when they were asked for and the kernel's files can be read. */
  readonly figures?: KernelFigures;
}
