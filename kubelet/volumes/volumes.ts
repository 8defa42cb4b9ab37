/**
 * The volumes of pods, as folders on the node: made before a pod starts, kept up to date while it runs, removed
 * when it is gone. How, the plugins of their types know. Everything lies below `<dataDir>/pods/<uid>`, so that what a
 * dead kubelet left is found again, and so that what containers may read is closed to other users of the node.
 */

import { readdir } from 'node:fs/promises';
import { errorText } from '../../base/error-text.ts';
import { ensurePrivateFolder } from '../../base/private-folder.ts';
import { withoutNodePaths } from '../model/node-paths.ts';
import { containersOf, type PodObject } from '../model/pod.ts';
import { emptyDirFolder } from './empty-dir.ts';
import { LocalVolumes } from './local-volumes.ts';
import { measureTree } from './measure-tree.ts';
import { PodFolders } from './pod-folders.ts';
import { removeTree } from './remove-tree.ts';
import type { MountedVolume, ReadonlyVolume, VolumePlugin } from './volume-plugin.ts';
import { createVolumePlugins, type VolumeSources } from './volume-plugins.ts';

/** A volume could not be made; users read the message. */
export class VolumeError extends Error {
  override readonly name = 'VolumeError';
}

export interface VolumesOptions extends Omit<VolumeSources, 'folders' | 'localVolumes'> {
  readonly dataDir: string;
}

export class Volumes {
  readonly #folders: PodFolders;
  /** Those that the local provisioner orders. */
  readonly local: LocalVolumes;
  readonly #plugins: readonly VolumePlugin[];

  constructor(options: VolumesOptions) {
    this.#folders = new PodFolders(options.dataDir);
    this.local = new LocalVolumes(options.dataDir);
    this.#plugins = createVolumePlugins({ ...options, folders: this.#folders, localVolumes: this.local });
  }

  /** Where everything of a pod lies. */
  folderOf(uid: string): string {
    return this.#folders.of(uid);
  }

  /** Before all else: closes the folder of all pods to others. */
  async prepare(): Promise<void> {
    await ensurePrivateFolder(this.#folders.root);
  }

  /**
   * All volumes that some container mounts, by name. Idempotent. Of those that are `mounted` already, only what they
   * show is brought up to date. Throws `VolumeError`.
   */
  async setUp(
    pod: PodObject,
    mounted: ReadonlyMap<string, MountedVolume> = new Map(),
  ): Promise<ReadonlyMap<string, MountedVolume>> {
    const asked = new Set(containersOf(pod).flatMap(({ spec }) => (spec.volumeMounts ?? []).map(({ name }) => name)));
    const needed = (pod.spec?.volumes ?? []).filter(({ name }) => asked.has(name));
    const made = await Promise.all(
      needed.map(async (volume) => [volume.name, await this.#make(pod, volume, mounted.get(volume.name))] as const),
    );
    return new Map(made);
  }

  /** How much an emptyDir volume holds, in bytes; undefined: it is not there. */
  async measureEmptyDir(pod: PodObject, name: string): Promise<number | undefined> {
    return await measureTree(this.#folders.folderOf({ pod, type: emptyDirFolder, volume: { name } }));
  }

  /** Removes everything of a pod that is gone. */
  async tearDown(uid: string): Promise<void> {
    for (const plugin of this.#plugins) await plugin.tearDown?.(uid);
    await removeTree(this.folderOf(uid));
  }

  /** The pods that have a folder here. */
  async knownUids(): Promise<string[]> {
    await this.prepare();
    return await readdir(this.#folders.root);
  }

  async #make(pod: PodObject, volume: ReadonlyVolume, mounted: MountedVolume | undefined): Promise<MountedVolume> {
    try {
      const plugin = this.#plugins.find((one) => one.supports(volume));
      if (plugin === undefined) throw new Error(`volumes of type ${typeOf(volume)} are not supported by this node`);
      if (mounted === undefined) return await plugin.setUp(pod, volume);
      await plugin.refresh?.(pod, volume);
      return mounted;
    } catch (error) {
      const words = withoutNodePaths(errorText(error), this.folderOf(pod.metadata.uid));
      throw new VolumeError(`MountVolume.SetUp failed for volume "${volume.name}" : ${words}`, { cause: error });
    }
  }
}

/** The one member that says what the volume is: `nfs`. */
const typeOf = (volume: ReadonlyVolume): string => Object.keys(volume).find((key) => key !== 'name') ?? 'unknown';
