/** Reads how much of what can run short is left on this machine. */

import { readFile } from 'node:fs/promises';
import type { Clock } from '../../base/clock.ts';
import { errorText } from '../../base/error-text.ts';
import type { Logger } from '../../base/logger.ts';
import type { DiskRuntime, RuntimeStorage } from '../runtime/runtime.ts';
import { type FileSystemUsage, type NodeFileSystems, readFileSystems } from '../stats/file-systems.ts';
import type { MachineUsage } from '../stats/machine-usage.ts';
import type { Observation, Observations } from './signals.ts';

export interface NodeObserverOptions {
  readonly runtime: Pick<DiskRuntime, 'storage'>;
  /** The kubelet's. */
  readonly dataDir: string;
  readonly readMachineUsage: () => Promise<MachineUsage>;
  /** How many processes and threads there can be. */
  readonly maxPids: number;
  /**
   * What all pods together may have and use of memory; undefined: as much as the machine, so that what is left of that
   * says it all.
   */
  readonly podMemory: (() => Promise<Observation>) | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Where the runtime keeps things may change with its configuration. */
const askStorageEveryMs = 60_000;
const askAgainMs = 10_000;

export class NodeObserver {
  readonly #options: NodeObserverOptions;
  #storage: RuntimeStorage | undefined;
  #askAt = Number.NEGATIVE_INFINITY;
  #toldInvisible: string | undefined;

  constructor(options: NodeObserverOptions) {
    this.#options = options;
  }

  /** What cannot be read is left out. */
  async observe(): Promise<Observations> {
    const { logger, readMachineUsage, podMemory, maxPids } = this.#options;
    const read = async <T>(what: string, call: Promise<T> | undefined): Promise<T | undefined> => {
      try {
        return await call;
      } catch (error) {
        logger.warn('The node could not be observed', { what, error });
        return undefined;
      }
    };
    const [machine, pods, disks, threads] = await Promise.all([
      read('memory', readMachineUsage()),
      read('memory of pods', podMemory?.()),
      read('file systems', this.fileSystems()),
      read('processes', readThreads()),
    ]);
    return computeObservations({ machine, pods, disks, threads, maxPids });
  }

  /** Throws when the kubelet's own cannot be read. */
  async fileSystems(): Promise<NodeFileSystems> {
    await this.#askStorage();
    return await readFileSystems({ dataDir: this.#options.dataDir, storage: this.#storage });
  }

  /** An engine that does not answer keeps nobody from looking: what it said last counts. */
  async #askStorage(): Promise<void> {
    const { runtime, clock, logger } = this.#options;
    if (clock.monotonic() < this.#askAt) return;
    this.#askAt = clock.monotonic() + askAgainMs;
    const over = new AbortController();
    try {
      const timeout = clock.sleep(5_000, over.signal).then(() => undefined);
      const found = await Promise.race([runtime.storage(), timeout]);
      if (found === undefined) return;
      this.#storage = found;
      this.#askAt = clock.monotonic() + askStorageEveryMs;
      this.#toldInvisible = undefined;
    } catch (error) {
      const words = errorText(error);
      if (this.#toldInvisible !== words)
        logger.warn('The runtime does not say where its images lie; the disk of pods stands for it', { error });
      this.#toldInvisible = words;
    } finally {
      over.abort();
    }
  }
}

export interface ObservedFigures {
  readonly machine: Pick<MachineUsage, 'availableBytes' | 'workingSetBytes'> | undefined;
  readonly pods: Observation | undefined;
  readonly disks: Pick<NodeFileSystems, 'node' | 'image'> | undefined;
  readonly threads: number | undefined;
  readonly maxPids: number;
}

/** Pure. */
export function computeObservations({ machine, pods, disks, threads, maxPids }: ObservedFigures): Observations {
  return {
    ...(machine && {
      'memory.available': {
        available: machine.availableBytes,
        capacity: machine.availableBytes + machine.workingSetBytes,
      },
    }),
    ...(pods && { 'allocatableMemory.available': pods }),
    ...(disks && observationsOf(disks.node, ['nodefs.available', 'nodefs.inodesFree'])),
    ...(disks && observationsOf(disks.image, ['imagefs.available', 'imagefs.inodesFree'])),
    ...(disks && observationsOf(disks.image, ['containerfs.available', 'containerfs.inodesFree'])),
    ...(threads !== undefined && { 'pid.available': { available: Math.max(0, maxPids - threads), capacity: maxPids } }),
  };
}

function observationsOf<Bytes extends string, Inodes extends string>(
  { availableBytes, capacityBytes, inodesFree, inodes }: FileSystemUsage,
  [bytesSignal, inodesSignal]: readonly [Bytes, Inodes],
) {
  return {
    [bytesSignal]: { available: availableBytes, capacity: capacityBytes },
    // Some do not count files at all: none of them is ever short.
    ...(inodes > 0 && { [inodesSignal]: { available: inodesFree, capacity: inodes } }),
  };
}

/** `0.51 0.40 0.33 2/713 4711`: of how many, and which came last. */
async function readThreads(): Promise<number> {
  const text = await readFile('/proc/loadavg', 'utf8');
  const threads = Number(/^(?:\S+ ){3}\d+\/(\d+) /.exec(text)?.[1]);
  if (Number.isNaN(threads)) throw new Error(`/proc/loadavg says no number of processes: ${text.trim()}`);
  return threads;
}
