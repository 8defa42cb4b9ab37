/** image volumes: what an image holds, for reading. The image is here already: it is pulled as a container's is. */

import { mkdir } from 'node:fs/promises';
import { privateMode } from '../../base/private-folder.ts';
import type { PodObject } from '../model/pod.ts';
import type { ImageFolders } from './image-folders.ts';
import { bindInert, isMountPoint } from './mounts.ts';
import type { PodFolders } from './pod-folders.ts';
import type { MountedVolume, ReadonlyVolume, VolumePlugin } from './volume-plugin.ts';

export interface ImagePluginOptions {
  readonly folders: PodFolders;
  readonly images: Pick<ImageFolders, 'take' | 'release'>;
  /** The id of an image by the name that users wrote; undefined: it is not on this machine. */
  readonly imageIdOf: (reference: string) => Promise<string | undefined>;
}

export class ImagePlugin implements VolumePlugin {
  readonly isOfImage = true;
  readonly #options: ImagePluginOptions;

  constructor(options: ImagePluginOptions) {
    this.#options = options;
  }

  supports({ image }: ReadonlyVolume): boolean {
    return Boolean(image);
  }

  /** Which image that is, is said once in a pod's life: a tag that moves does not move what the pod reads. */
  async isSetUp(pod: PodObject, volume: ReadonlyVolume): Promise<MountedVolume | undefined> {
    const hostPath = this.#placeOf(pod, volume);
    return (await isMountPoint(hostPath)) ? { hostPath, readOnly: true } : undefined;
  }

  async setUp(pod: PodObject, volume: ReadonlyVolume, signal?: AbortSignal): Promise<MountedVolume> {
    const present = await this.isSetUp(pod, volume);
    if (present !== undefined) return present;
    const { images, imageIdOf } = this.#options;
    const reference = volume.image?.reference ?? '';
    const id = await imageIdOf(reference);
    if (id === undefined) throw new Error(`image "${reference}" is not on this node any more`);
    const hostPath = this.#placeOf(pod, volume);
    await mkdir(hostPath, { recursive: true, mode: privateMode });
    const files = await images.take(id, pod.metadata.uid, signal ?? new AbortController().signal);
    await bindInert(files, hostPath);
    return { hostPath, readOnly: true };
  }

  async tearDown(podUid: string): Promise<void> {
    await this.#options.images.release(podUid);
  }

  #placeOf(pod: PodObject, volume: ReadonlyVolume): string {
    return this.#options.folders.folderOf({ pod, type: 'image', volume });
  }
}
