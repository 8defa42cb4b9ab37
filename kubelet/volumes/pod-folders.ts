/** Where the volumes of pods lie: `<dataDir>/pods/<uid>/volumes/<type>/<name>`, on the disk or in memory. */

import { chmod, chown, lstat, mkdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ifFilePresent } from '../../base/if-file-present.ts';
import { privateMode } from '../../base/private-folder.ts';
import type { PodObject } from '../model/pod.ts';
import { type MemoryMountOptions, mountMemory } from './mounts.ts';
import type { ReadonlyVolume } from './volume-plugin.ts';

export interface VolumePlace {
  readonly pod: PodObject;
  /** A folder name for all volumes of a type. */
  readonly type: string;
  readonly volume: ReadonlyVolume;
}

export class PodFolders {
  /** Of all pods: what containers may read in there is closed to other users of the node. */
  readonly root: string;

  constructor(dataDir: string) {
    this.root = join(dataDir, 'pods');
  }

  /** Where everything of a pod lies. */
  of(uid: string): string {
    return join(this.root, uid);
  }

  /** Containers may change what they find: so it is there as it should be, or not at all. */
  async ensureOnDisk(place: VolumePlace): Promise<string> {
    const folder = this.folderOf(place);
    if ((await ifFilePresent(lstat(folder))) !== undefined) return folder;
    const { mode, gid } = accessOf(place.pod);
    const unfinished = join(dirname(folder), `..${basename(folder)}`); // no volume has a name with dots
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(unfinished, { recursive: true, mode: privateMode });
    if (gid !== undefined) await chown(unfinished, 0, gid);
    await chmod(unfinished, mode); // mkdir's mode is cut by the umask
    await rename(unfinished, folder);
    return folder;
  }

  async ensureInMemory(place: VolumePlace, options: MemoryMountOptions): Promise<string> {
    const folder = this.folderOf(place);
    await mkdir(folder, { recursive: true, mode: privateMode });
    await mountMemory(folder, options);
    return folder;
  }

  /** Where the volume lies, once it is made. */
  folderOf({ pod, type, volume }: VolumePlace): string {
    return join(this.folderOfType(pod.metadata.uid, type), volume.name);
  }

  /** Where all volumes of that type lie. */
  folderOfType(uid: string, type: string): string {
    return join(this.of(uid), 'volumes', type);
  }
}

/** Containers of any user may write to a volume; with an fsGroup it and all that is made in it belong to that group. */
export function accessOf({ spec }: PodObject): { readonly mode: number; readonly gid: number | undefined } {
  const gid = spec?.securityContext?.fsGroup;
  return { mode: gid === undefined ? 0o777 : 0o2777, gid };
}
