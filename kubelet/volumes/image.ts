/** image volumes: what an image holds, for reading. The image is here already: it is pulled as a container's is. */

import { mkdir } from 'node:fs/promises';
import { privateMode } from '../../base/private-folder.ts';
import type { PodObject } from '../model/pod.ts';
import type { ImageFolders } from './image-folders.ts';
import { bindInert, isMountPoint } from './mounts.ts';
import type { PodFolders } from './pod-folders.ts';
import type { ImageSource, MountedVolume, ReadonlyVolume, VolumePlugin } from './volume-plugin.ts';

export interface ImagePluginOptions {
  readonly folders: PodFolders;
  readonly images: Pick<ImageFolders, 'take' | 'release'>;
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

  async setUp(pod: PodObject, volume: ReadonlyVolume, source?: ImageSource): Promise<MountedVolume> {
    const present = await this.isSetUp(pod, volume);
    if (present !== undefined) return present;
    if (source === undefined) throw new Error('its image was not brought here');
    const hostPath = this.#placeOf(pod, volume);
    await mkdir(hostPath, { recursive: true, mode: privateMode });
    const files = await this.#options.images.take(source.imageId, pod.metadata.uid, source.signal);
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
