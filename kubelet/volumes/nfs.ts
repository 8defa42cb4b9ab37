/** Folders of NFS servers, in a pod itself or by a claim; mounted for each pod by the system's own helper. */

import { mkdir } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { isAbsolute } from 'node:path';
import type { NFSVolumeSource } from '../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import { privateMode } from '../../base/private-folder.ts';
import type { PodObject } from '../model/pod.ts';
import { isMountPoint } from './mounts.ts';
import { checkAnswers, mountNetwork } from './network-mounts.ts';
import type { PodFolders } from './pod-folders.ts';
import type { MountedVolume, ReadonlyVolume, VolumePlugin } from './volume-plugin.ts';

export interface NfsWish {
  readonly source: DeepReadonly<NFSVolumeSource>;
  readonly options: readonly string[];
  readonly readOnly: boolean;
}

export class NfsPlugin implements VolumePlugin {
  readonly #folders: PodFolders;

  constructor(folders: PodFolders) {
    this.#folders = folders;
  }

  supports({ nfs }: ReadonlyVolume): boolean {
    return Boolean(nfs);
  }

  async setUp(pod: PodObject, volume: ReadonlyVolume): Promise<MountedVolume> {
    if (!volume.nfs) throw new Error(`the volume ${volume.name} is not of NFS`);
    return await this.mount(pod, volume, { source: volume.nfs, options: [], readOnly: volume.nfs.readOnly ?? false });
  }

  /** For a claim as well. Idempotent. */
  async mount(pod: PodObject, volume: ReadonlyVolume, { source, options, readOnly }: NfsWish): Promise<MountedVolume> {
    const target = this.#folders.folderOf({ pod, type: 'nfs', volume });
    // What is mounted already is not looked into: its server may be silent.
    if (await isMountPoint(target)) await checkAnswers(target);
    else {
      await mkdir(target, { recursive: true, mode: privateMode });
      const all = [...options, ...(readOnly ? ['ro'] : [])];
      await mountNetwork({ type: 'nfs', source: nfsSource(source), target, options: all });
    }
    return { hostPath: target, readOnly, isRemote: true };
  }
}

/** As mount.nfs reads it. Throws an Error for what it would read as something else. Pure. */
export function nfsSource({ server, path }: DeepReadonly<NFSVolumeSource>): string {
  if (server === '' || /[\s/]/.test(server)) throw new Error(`${JSON.stringify(server)} is not the name of a server`);
  if (!isAbsolute(path)) throw new Error(`the path ${path} of the NFS volume must be absolute`);
  return `${isIPv6(server) ? `[${server}]` : server}:${path}`;
}
