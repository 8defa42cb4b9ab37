/** emptyDir volumes: a folder that lives as long as its pod, on the disk or in memory. */

import { parseQuantity } from '../../api/quantity.ts';
import type { PodObject } from '../model/pod.ts';
import { pageSizeOf } from './page-size.ts';
import { accessOf, type PodFolders } from './pod-folders.ts';
import type { MountedVolume, ReadonlyVolume, VolumePlugin } from './volume-plugin.ts';

/** What all of them lie in, in their pod's folder. */
export const emptyDirFolder = 'empty-dir';

export class EmptyDirPlugin implements VolumePlugin {
  readonly #folders: PodFolders;

  constructor(folders: PodFolders) {
    this.#folders = folders;
  }

  supports({ emptyDir }: ReadonlyVolume): boolean {
    return Boolean(emptyDir);
  }

  async setUp(pod: PodObject, volume: ReadonlyVolume): Promise<MountedVolume> {
    return { hostPath: await this.#ensureFolder(pod, volume), readOnly: false };
  }

  async #ensureFolder(pod: PodObject, volume: ReadonlyVolume): Promise<string> {
    const { medium = '', sizeLimit } = volume.emptyDir ?? {};
    const place = { pod, type: emptyDirFolder, volume };
    if (medium === '') return await this.#folders.ensureOnDisk(place);
    const limit = sizeLimit === undefined ? 0 : parseQuantity(String(sizeLimit));
    const { mode, gid } = accessOf(pod);
    return await this.#folders.ensureInMemory(place, {
      mode: mode | 0o1000,
      gid,
      ...(medium === 'Memory' ? { swap: true } : { swap: false, pageBytes: pageSizeOf(pod, medium) }),
      ...(limit > 0 && { sizeBytes: limit }), // tmpfs takes 0 for no limit at all
    });
  }
}
