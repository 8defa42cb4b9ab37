/**
 * The volumes of pods, as folders on the node: made before a pod starts, kept up to date while it runs, removed
 * when it is gone. How, the plugins of their types know. Everything lies below `<dataDir>/pods/<uid>`, so that what a
 * dead kubelet left is found again, and so that what containers may read is closed to other users of the node.
 */

import { readdir } from 'node:fs/promises';
import type { Container } from '../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import { errorText } from '../../base/error-text.ts';
import { ensurePrivateFolder } from '../../base/private-folder.ts';
import { withoutNodePaths } from '../model/node-paths.ts';
import { containersOf, type PodObject } from '../model/pod.ts';
import { CsiRecords } from './csi/csi-records.ts';
import { CsiVolumes, type CsiVolumesOptions } from './csi/csi-volumes.ts';
import { emptyDirFolder } from './empty-dir.ts';
import { fillsOf, ImageFill } from './image-fill.ts';
import { type ImageFiles, ImageFolders } from './image-folders.ts';
import { LocalVolumes } from './local-volumes.ts';
import { NfsPlugin } from './nfs.ts';
import { PodFolders } from './pod-folders.ts';
import { removeTree } from './remove-tree.ts';
import type { ImageSource, MountedVolume, ReadonlyVolume, VolumePlugin } from './volume-plugin.ts';
import { createVolumePlugins, type VolumeSources } from './volume-plugins.ts';
import { VolumeStepError } from './volume-step-error.ts';

type ContainerSpec = DeepReadonly<Pick<Container, 'name' | 'volumeMounts'>>;

export interface FillOptions {
  /** Of the container. */
  readonly imageId: string;
  /** The pod's volumes, by name. */
  readonly mounted: ReadonlyMap<string, MountedVolume>;
  readonly signal: AbortSignal;
}

/** A volume could not be made; users read the message. */
export class VolumeError extends Error {
  override readonly name = 'VolumeError';
}

export interface VolumesOptions extends Omit<VolumeSources, 'folders' | 'localVolumes' | 'csi' | 'nfs' | 'images'> {
  readonly dataDir: string;
  /** Part of the runtime. */
  readonly imageFiles: ImageFiles;
  readonly csi: Omit<CsiVolumesOptions, 'records' | 'data' | 'clock'>;
}

export class Volumes {
  readonly #folders: PodFolders;
  /** Those that the local provisioner orders. */
  readonly local: LocalVolumes;
  /** Those of CSI drivers. */
  readonly csi: CsiVolumes;
  /** What images hold that pods mount. */
  readonly images: ImageFolders;
  readonly #plugins: readonly VolumePlugin[];
  readonly #csiRecords: CsiRecords;
  readonly #fill: ImageFill;
  readonly #leaving = new Map<string, Promise<void>>();

  constructor(options: VolumesOptions) {
    this.#folders = new PodFolders(options.dataDir);
    this.local = new LocalVolumes(options.dataDir);
    this.images = new ImageFolders(options.dataDir, options.imageFiles);
    this.#csiRecords = new CsiRecords(this.#folders);
    this.csi = new CsiVolumes({ ...options, ...options.csi, records: this.#csiRecords });
    this.#fill = new ImageFill(options.imageFiles);
    this.#plugins = createVolumePlugins({
      ...options,
      folders: this.#folders,
      localVolumes: this.local,
      csi: this.csi,
      images: this.images,
      nfs: new NfsPlugin(this.#folders),
    });
  }

  /** Where everything of a pod lies. */
  folderOf(uid: string): string {
    return this.#folders.of(uid);
  }

  /** Before all else: closes the folder of all pods to others. */
  async prepare(): Promise<void> {
    await ensurePrivateFolder(this.#folders.root);
    await this.#csiRecords.load();
  }

  /**
   * All volumes that some container mounts, by name, but for those of images. Idempotent. Of those that are `mounted`
   * already, only what they show is brought up to date. Throws `VolumeError`.
   */
  async setUp(
    pod: PodObject,
    mounted: ReadonlyMap<string, MountedVolume> = new Map(),
  ): Promise<ReadonlyMap<string, MountedVolume>> {
    const needed = mountedBy(
      pod,
      containersOf(pod).map(({ spec }) => spec),
    ).filter(({ image }) => !image);
    const made = await Promise.all(
      needed.map(async (volume) => [volume.name, await this.#make(pod, volume, mounted.get(volume.name))] as const),
    );
    return new Map([...mounted, ...made]);
  }

  /** Those of images that a container mounts and that are not `mounted`. */
  imageVolumesOf(pod: PodObject, container: ContainerSpec, mounted: ReadonlyMap<string, unknown>): ReadonlyVolume[] {
    return mountedBy(pod, [container]).filter(({ name, image }) => image && !mounted.has(name));
  }

  /** One of an image. `bring` is called when the image has to be here for it, and says which it is. Throws what that throws, or `VolumeError`. */
  async setUpOfImage(
    pod: PodObject,
    volume: ReadonlyVolume,
    { bring, signal }: { readonly bring: () => Promise<{ readonly id: string }>; readonly signal: AbortSignal },
  ): Promise<MountedVolume> {
    const present = await this.#pluginFor(volume)?.isSetUp?.(pod, volume);
    if (present !== undefined) return present;
    const { id: imageId } = await bring();
    return await this.#make(pod, volume, undefined, { imageId, signal });
  }

  /** Fills what a container mounts that is empty, where the pod asks for it. Throws `VolumeError`. */
  async fillFor(pod: PodObject, container: ContainerSpec, { imageId, mounted, signal }: FillOptions): Promise<void> {
    for (const { volume: name, path } of fillsOf(pod, container)) {
      const volume = mounted.get(name);
      if (volume === undefined) continue;
      await this.#throwingWords(pod, { name }, () => this.#fill.fill({ imageId, path, volume }, signal));
    }
  }

  /** Gives back what emptyDir volumes hold of a pod that is over, and whose object stays. Idempotent. */
  async removeEmptyDirs(uid: string): Promise<void> {
    await removeTree(this.#folders.folderOfType(uid, emptyDirFolder));
  }

  /** Where an emptyDir volume lies, once it is made. */
  emptyDirFolderOf(pod: PodObject, name: string): string {
    return this.#folders.folderOf({ pod, type: emptyDirFolder, volume: { name } });
  }

  /** Removes everything of a pod that is gone. Whoever asks while that goes on hears how it ends. */
  async tearDown(uid: string): Promise<void> {
    const leaving = this.#leaving.get(uid) ?? this.#tearDown(uid).finally(() => this.#leaving.delete(uid));
    this.#leaving.set(uid, leaving);
    await leaving;
  }

  /** The pods that have a folder here. */
  async knownUids(): Promise<string[]> {
    await ensurePrivateFolder(this.#folders.root);
    return await readdir(this.#folders.root);
  }

  async #tearDown(uid: string): Promise<void> {
    for (const plugin of this.#plugins) await plugin.tearDown?.(uid);
    await removeTree(this.folderOf(uid));
  }

  async #make(
    pod: PodObject,
    volume: ReadonlyVolume,
    mounted: MountedVolume | undefined,
    source?: ImageSource,
  ): Promise<MountedVolume> {
    return await this.#throwingWords(pod, volume, async () => {
      const plugin = this.#pluginFor(volume);
      if (plugin === undefined) throw new Error(`volumes of type ${typeOf(volume)} are not supported by this node`);
      if (mounted === undefined) return await plugin.setUp(pod, volume, source);
      await plugin.refresh?.(pod, volume);
      return mounted;
    });
  }

  #pluginFor(volume: ReadonlyVolume): VolumePlugin | undefined {
    return this.#plugins.find((one) => one.supports(volume));
  }

  async #throwingWords<T>(pod: PodObject, { name }: { readonly name: string }, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const words = withoutNodePaths(errorText(error), this.folderOf(pod.metadata.uid));
      const namesStep = error instanceof VolumeStepError;
      throw new VolumeError(namesStep ? words : `MountVolume.SetUp failed for volume "${name}" : ${words}`, {
        cause: error,
      });
    }
  }
}

/** The pod's volumes that some of its containers mount. */
function mountedBy({ spec }: PodObject, containers: readonly ContainerSpec[]): ReadonlyVolume[] {
  const asked = new Set(containers.flatMap(({ volumeMounts = [] }) => volumeMounts.map(({ name }) => name)));
  return (spec?.volumes ?? []).filter(({ name }) => asked.has(name));
}

/** The one member that says what the volume is: `nfs`. */
const typeOf = (volume: ReadonlyVolume): string => Object.keys(volume).find((key) => key !== 'name') ?? 'unknown';
