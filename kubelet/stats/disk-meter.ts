/**
 * Measures what each pod takes of the disk, all the time and one pod after the other: whoever asks gets what was found
 * last. Walking through folders is left to programs of the lowest priority, and after each walk comes a rest that is
 * longer than it.
 *
 *   pod with limits ──► every 10 s ┐
 *   other pods ───────► every 60 s ┴─► walk ─► rest: four times as long
 */

import { lstat } from 'node:fs/promises';
import type { Clock } from '../../base/clock.ts';
import { ifFilePresent } from '../../base/if-file-present.ts';
import type { Logger } from '../../base/logger.ts';
import { attemptsOf, containersOf, type ObservedPod, type PodObject } from '../model/pod.ts';
import type { ContainerFiles, DiskRuntime } from '../runtime/runtime.ts';
import { measureTrees, type TreeSize } from '../volumes/measure-tree.ts';
import { addDisk, type ContainerDiskUsage, type DiskAmount, noDisk, type PodDiskUsage } from './disk-usage.ts';

export interface DiskMeterOptions {
  readonly runtime: Pick<DiskRuntime, 'containerFiles' | 'writtenBytes'>;
  readonly observed: { get(podUid: string): ObservedPod };
  /** All that are here. */
  readonly pods: () => Iterable<PodObject>;
  /** Whether something of it is limited. */
  readonly isLimited: (pod: PodObject) => boolean;
  readonly emptyDirFolderOf: (pod: PodObject, volume: string) => string;
  readonly clock: Clock;
  readonly logger: Logger;
}

const everyMs = { limited: 10_000, other: 60_000 };
const restFactor = 4;
const shortestRestMs = 100;
const lookAgainMs = 1_000;

interface Entry {
  readonly usage: PodDiskUsage | undefined;
  /** Monotonic; also of a look that failed. */
  readonly at: number;
}

export class DiskMeter {
  readonly #options: DiskMeterOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #walks = new Map<string, Promise<void>>();

  constructor(options: DiskMeterOptions) {
    this.#options = options;
  }

  /** Undefined: not measured yet. */
  get(podUid: string): PodDiskUsage | undefined {
    return this.#entries.get(podUid)?.usage;
  }

  /** Until `signal` aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (!signal.aborted) {
      const pods = [...this.#options.pods()];
      this.#forgetOthersThan(pods);
      const next = this.#mostOverdue(pods);
      if (next === undefined) {
        await clock.sleep(lookAgainMs, signal);
        continue;
      }
      const startedAt = clock.monotonic();
      await this.#measure(next, { isUrgent: false });
      await clock.sleep(Math.max(shortestRestMs, (clock.monotonic() - startedAt) * restFactor), signal);
    }
  }

  /** Measures all pods now, what is oldest first. Resolves when that is done, or `signal` aborts. */
  async refresh(signal: AbortSignal): Promise<void> {
    const ageOf = ({ metadata }: PodObject) => this.#entries.get(metadata.uid)?.at ?? Number.MIN_SAFE_INTEGER;
    for (const pod of [...this.#options.pods()].sort((a, b) => ageOf(a) - ageOf(b))) {
      if (signal.aborted) return;
      await this.#measure(pod, { isUrgent: true });
    }
  }

  #forgetOthersThan(pods: readonly PodObject[]): void {
    const present = new Set(pods.map(({ metadata }) => metadata.uid));
    for (const uid of this.#entries.keys()) if (!present.has(uid)) this.#entries.delete(uid);
  }

  #mostOverdue(pods: readonly PodObject[]): PodObject | undefined {
    const now = this.#options.clock.monotonic();
    // In intervals of its own: when there is no time for all, pods with limits are looked at more often all the same.
    const intervalsOf = (pod: PodObject) => {
      const { limited, other } = everyMs;
      const at = this.#entries.get(pod.metadata.uid)?.at ?? Number.NEGATIVE_INFINITY;
      return (now - at) / (this.#options.isLimited(pod) ? limited : other);
    };
    const due = pods.map((pod) => ({ pod, intervals: intervalsOf(pod) })).filter(({ intervals }) => intervals >= 1);
    return due.sort((a, b) => b.intervals - a.intervals)[0]?.pod;
  }

  /** Never rejects. Who asks while it goes on waits for the same walk. */
  #measure(pod: PodObject, options: { readonly isUrgent: boolean }): Promise<void> {
    const { uid } = pod.metadata;
    const walk = this.#walks.get(uid) ?? this.#walk(pod, options).finally(() => this.#walks.delete(uid));
    this.#walks.set(uid, walk);
    return walk;
  }

  async #walk(pod: PodObject, options: { readonly isUrgent: boolean }): Promise<void> {
    const { clock, logger } = this.#options;
    const { uid, name } = pod.metadata;
    let usage = this.get(uid);
    try {
      usage = await this.#read(pod, options);
    } catch (error) {
      logger.warn('What a pod takes of the disk could not be measured; trying again', { pod: name, error });
    }
    this.#entries.set(uid, { usage, at: clock.monotonic() });
  }

  async #read(pod: PodObject, options: { readonly isUrgent: boolean }): Promise<PodDiskUsage> {
    const { observed, emptyDirFolderOf, clock } = this.#options;
    const volumes = emptyDirsOf(pod).map((name) => ({ name, folder: emptyDirFolderOf(pod, name) }));
    const found = observed.get(pod.metadata.uid);
    const containers = await Promise.all(
      containersOf(pod).map(async ({ spec: { name } }) => ({ name, attempts: await this.#filesOf(found, name) })),
    );
    const layers = containers.flatMap(({ attempts }) => attempts[0]?.files.layerFolder ?? []);
    const sizes = await measureTrees([...volumes.map(({ folder }) => folder), ...layers], options);
    return {
      at: clock.now(),
      containers: await Promise.all(containers.map((one) => this.#usageOf(one, sizes))),
      volumes: volumes.map(({ name, folder }) => ({ name, used: sizes.get(folder) ?? noDisk })),
    };
  }

  /** The newest attempt first. */
  async #filesOf(found: ObservedPod, name: string): Promise<Attempt[]> {
    const attempts = attemptsOf(found, name).map(async ({ id }) => {
      const files = await this.#options.runtime.containerFiles(id);
      return files === undefined ? [] : [{ id, files }];
    });
    return (await Promise.all(attempts)).flat();
  }

  async #usageOf(
    { name, attempts }: { readonly name: string; readonly attempts: readonly Attempt[] },
    sizes: ReadonlyMap<string, TreeSize>,
  ): Promise<ContainerDiskUsage> {
    const logs = await Promise.all(attempts.flatMap(({ files }) => files.logFiles).map(sizeOfFile));
    return { name, rootfs: await this.#rootfsOf(attempts[0], sizes), logs: logs.reduce(addDisk, noDisk) };
  }

  async #rootfsOf(newest: Attempt | undefined, sizes: ReadonlyMap<string, TreeSize>): Promise<DiskAmount> {
    if (newest === undefined) return noDisk;
    const { layerFolder } = newest.files;
    const seen = layerFolder === undefined ? undefined : sizes.get(layerFolder);
    return seen ?? { bytes: (await this.#options.runtime.writtenBytes(newest.id)) ?? 0, inodes: 0 };
  }
}

interface Attempt {
  readonly id: string;
  readonly files: ContainerFiles;
}

const emptyDirsOf = ({ spec }: PodObject): string[] =>
  (spec?.volumes ?? []).flatMap(({ name, emptyDir }) => (emptyDir && (emptyDir.medium ?? '') === '' ? [name] : []));

/** What it takes, which is less than its length where it has holes. One that was rotated away takes nothing. */
async function sizeOfFile(path: string): Promise<DiskAmount> {
  const found = await ifFilePresent(lstat(path));
  return found ? { bytes: found.blocks * 512, inodes: 1 } : noDisk;
}
