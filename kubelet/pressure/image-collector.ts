/**
 * Removes images that nothing needs: when their disk is fuller than it may be, when they have not been used for long, or
 * all of them when pods would have to be evicted otherwise.
 *
 * Invariants:
 * - An image goes only when no container of the engine is made of it, whoever made that container, no pod that may run
 *   here names it, and it was here for a while.
 * - What is needed is looked at again before each removal: a pod may have come meanwhile.
 */

import type { Clock } from '../../base/clock.ts';
import { errorText } from '../../base/error-text.ts';
import type { Logger } from '../../base/logger.ts';
import type { EventSubject } from '../../client/event-correlator.ts';
import type { Recorder } from '../../client/event-recorder.ts';
import { shortNameOf } from '../images/short-name.ts';
import type { ImageRuntime, ImageState } from '../runtime/runtime.ts';
import type { FileSystemUsage } from '../stats/file-systems.ts';
import { type ImageFacts, isNamed, orderUnusedImages, unneededSince } from './image-choice.ts';

export interface ImagePolicy {
  /** Percents of the disk: above the first images go until the second is reached. */
  readonly highThresholdPercent: number;
  readonly lowThresholdPercent: number;
  /** Younger ones stay. */
  readonly minimumAgeMs: number;
  /** Those that were not used for so long go; 0: none for that. */
  readonly maximumAgeMs: number;
}

export interface ImageCollectorOptions {
  readonly runtime: Pick<ImageRuntime, 'listImages' | 'imagesInUse' | 'removeImage'>;
  readonly policy: ImagePolicy;
  /** Names of images that pods which may run here are made of, as users write them. */
  readonly wantedNames: () => Iterable<string>;
  /** Of the file system that images lie on, now. */
  readonly readDisk: () => Promise<FileSystemUsage>;
  /** Told of each image that was to go; the runtime may have kept one that is in use after all. */
  readonly onRemoved?: (imageId: string) => Promise<void>;
  readonly recorder: Recorder;
  readonly node: EventSubject;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A disk that is fuller than it may be, and nothing that could go. */
class DiskSpaceError extends Error {
  override readonly name = 'DiskSpaceError';
}

export class ImageCollector {
  readonly #options: ImageCollectorOptions;
  readonly #startedAt: number;
  readonly #seen = new Map<string, Pick<ImageFacts, 'detectedAt' | 'lastUsedAt'>>();
  #hasLooked = false;
  #failedBefore = false;

  constructor(options: ImageCollectorOptions) {
    this.#options = options;
    this.#startedAt = options.clock.monotonic();
  }

  /** From time to time. Never rejects: an event tells of what fails more than once. */
  async collect(): Promise<void> {
    const { recorder, node, logger } = this.#options;
    try {
      await this.#collect();
      this.#failedBefore = false;
    } catch (error) {
      logger.warn('Images could not be collected; trying again later', { error });
      if (this.#failedBefore)
        recorder.record(node, { type: 'Warning', reason: 'ImageGCFailed', message: errorText(error) });
      this.#failedBefore = true;
    }
  }

  /** All that may go. Throws when the runtime does not answer. */
  async removeUnused(): Promise<void> {
    await this.#remove(await this.#orderedUnused(), () => true);
  }

  async #collect(): Promise<void> {
    const { policy, clock, readDisk } = this.#options;
    const now = clock.monotonic();
    const unused = await this.#orderedUnused();
    // A kubelet that was just started does not know when they were used last.
    const isKnown = policy.maximumAgeMs > 0 && now - this.#startedAt > policy.maximumAgeMs;
    if (isKnown) await this.#remove(unneededSince(unused, now - policy.maximumAgeMs), () => true);
    const disk = await readDisk();
    if (disk.capacityBytes === 0) throw this.#noCapacity();
    if (policy.highThresholdPercent >= 100 || usedPercent(disk) < policy.highThresholdPercent) return;
    await this.#freeSpace(disk);
  }

  async #freeSpace(before: FileSystemUsage): Promise<void> {
    const { policy, readDisk, recorder, node } = this.#options;
    const wantedBytes = (before.capacityBytes * (100 - policy.lowThresholdPercent)) / 100;
    let disk = before;
    await this.#remove(await this.#orderedUnused(), async () => {
      disk = await readDisk();
      return disk.availableBytes < wantedBytes;
    });
    disk = await readDisk();
    if (disk.availableBytes >= wantedBytes) return;
    const freed = Math.max(0, disk.availableBytes - before.availableBytes);
    const message =
      `Insufficient free disk space on the node's image filesystem (${usedPercent(before)}% of ${giga(before.capacityBytes)} used). ` +
      `Failed to free sufficient space by deleting unused images (freed ${freed} bytes). ` +
      'Investigate disk usage, as it could be used by active images, logs, volumes, or other data.';
    recorder.record(node, { type: 'Warning', reason: 'FreeDiskSpaceFailed', message });
    throw new DiskSpaceError(message);
  }

  #noCapacity(): DiskSpaceError {
    const { recorder, node } = this.#options;
    const message = 'invalid capacity 0 on image filesystem';
    recorder.record(node, { type: 'Warning', reason: 'InvalidDiskCapacity', message });
    return new DiskSpaceError(message);
  }

  async #remove(images: readonly ImageFacts[], isToGoOn: () => boolean | Promise<boolean>): Promise<void> {
    const { runtime, logger } = this.#options;
    for (const { image } of images) {
      if (!(await isToGoOn())) return;
      if (this.#isWanted(image)) continue;
      logger.info('Removing an image that nothing uses', { image: image.names[0] ?? image.id, bytes: image.sizeBytes });
      await runtime.removeImage(image.id);
      await this.#options.onRemoved?.(image.id);
    }
  }

  async #orderedUnused(): Promise<ImageFacts[]> {
    const { policy, clock } = this.#options;
    return orderUnusedImages(await this.#look(), clock.monotonic() - policy.minimumAgeMs);
  }

  async #look(): Promise<ImageFacts[]> {
    const { runtime, clock } = this.#options;
    const [images, inUse] = await Promise.all([runtime.listImages(), runtime.imagesInUse()]);
    const now = clock.monotonic();
    // What was there at the first look may be as old as the machine.
    const firstSeenAt = this.#hasLooked ? now : Number.MIN_SAFE_INTEGER;
    this.#hasLooked = true;
    const facts = images.map((image) => {
      const isNeeded = inUse.has(image.id) || this.#isWanted(image);
      const { detectedAt = firstSeenAt, lastUsedAt } = this.#seen.get(image.id) ?? {};
      return { image, isNeeded, detectedAt, lastUsedAt: isNeeded ? now : lastUsedAt };
    });
    this.#seen.clear();
    for (const { image, detectedAt, lastUsedAt } of facts) this.#seen.set(image.id, { detectedAt, lastUsedAt });
    return facts;
  }

  #isWanted(image: ImageState): boolean {
    return isNamed(image, new Set([...this.#options.wantedNames()].map(shortNameOf)));
  }
}

/** As upstream counts: what is left over of a percent counts as used. */
const usedPercent = ({ availableBytes, capacityBytes }: FileSystemUsage): number =>
  100 - Math.floor((Math.min(availableBytes, capacityBytes) * 100) / capacityBytes);

const giga = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
