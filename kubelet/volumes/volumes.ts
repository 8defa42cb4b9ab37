/**
 * The volumes of pods, as folders on the node: made before a pod starts, kept up to date while it runs, removed
 * when it is gone. Everything lies below `<dataDir>/pods/<uid>`, so that what a dead kubelet left is found again, and
 * so that what containers may read is closed to other users of the node.
 */

import { execFile } from 'node:child_process';
import { chmod, chown, lstat, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { parseQuantity } from '../../api/quantity.ts';
import type { Clock } from '../../base/clock.ts';
import { errorText } from '../../base/error-text.ts';
import { ifFilePresent } from '../../base/if-file-present.ts';
import { ensurePrivateFolder, privateMode } from '../../base/private-folder.ts';
import { containersOf, type PodObject } from '../model/pod.ts';
import type { FieldContext } from '../references/field-refs.ts';
import type { ReferencedData } from '../references/referenced-data.ts';
import { writeAtomically } from './atomic-writer.ts';
import { ensureHostPath } from './host-path.ts';
import { type MemoryMountOptions, mountMemory, unmountBelow } from './mounts.ts';
import { computePayload, type ReadonlyVolume, type TokenSource } from './payloads.ts';

const run = promisify(execFile);

/** A volume could not be made; users read the message. */
export class VolumeError extends Error {
  override readonly name = 'VolumeError';
}

export interface MountedVolume {
  readonly hostPath: string;
  /** Its files are the kubelet's: containers may not write. */
  readonly readOnly: boolean;
}

export interface VolumesOptions {
  readonly dataDir: string;
  readonly data: Pick<ReferencedData, 'configMap' | 'secret'>;
  readonly tokens: TokenSource;
  readonly clock: Clock;
  fieldsOf(pod: PodObject): FieldContext;
}

export class Volumes {
  readonly #options: VolumesOptions;
  readonly #podsFolder: string;

  constructor(options: VolumesOptions) {
    this.#options = options;
    this.#podsFolder = join(options.dataDir, 'pods');
  }

  /** Where everything of a pod lies. */
  folderOf(uid: string): string {
    return join(this.#podsFolder, uid);
  }

  /** Before all else: closes the folder of all pods to others. */
  async prepare(): Promise<void> {
    await ensurePrivateFolder(this.#podsFolder);
  }

  /** All volumes that some container mounts, by name. Idempotent: also brings their files up to date. */
  async setUp(pod: PodObject): Promise<ReadonlyMap<string, MountedVolume>> {
    const mounted = new Set(containersOf(pod).flatMap(({ spec }) => (spec.volumeMounts ?? []).map(({ name }) => name)));
    const needed = (pod.spec?.volumes ?? []).filter(({ name }) => mounted.has(name));
    const made = await Promise.all(needed.map(async (volume) => [volume.name, await this.#make(pod, volume)] as const));
    return new Map(made);
  }

  /** Removes everything of a pod that is gone. */
  async tearDown(uid: string): Promise<void> {
    const folder = this.folderOf(uid);
    await unmountBelow(folder);
    // rm(1) follows no link, not even one that appears while it works, and leaves other file systems alone.
    await run('rm', ['-rf', '--one-file-system', '--', folder]);
  }

  /** The pods that have a folder here. */
  async knownUids(): Promise<string[]> {
    await this.prepare();
    return await readdir(this.#podsFolder);
  }

  async #make(pod: PodObject, volume: ReadonlyVolume): Promise<MountedVolume> {
    try {
      if (volume.emptyDir) return { hostPath: await this.#emptyDir(pod, volume), readOnly: false };
      if (volume.hostPath) {
        await ensureHostPath(volume.hostPath.path, volume.hostPath.type ?? '');
        return { hostPath: volume.hostPath.path, readOnly: false };
      }
      const { data, tokens, clock } = this.#options;
      const payload = await computePayload(volume, { pod, data, tokens, fields: this.#options.fieldsOf(pod) });
      if (payload === undefined) throw new Error('its type is not supported by this node');
      const hostPath = await this.#ensurePayloadFolder(pod, volume);
      await writeAtomically(hostPath, payload, new Date(clock.now()));
      return { hostPath, readOnly: true };
    } catch (error) {
      const words = errorText(error);
      throw new VolumeError(`MountVolume.SetUp failed for volume "${volume.name}" : ${words}`, { cause: error });
    }
  }

  async #emptyDir(pod: PodObject, { name, emptyDir }: ReadonlyVolume): Promise<string> {
    const { medium = '', sizeLimit } = emptyDir ?? {};
    if (medium !== '' && medium !== 'Memory') throw new Error(`its medium ${medium} is not supported by this node`);
    const folder = this.#folderOf(pod, 'empty-dir', name);
    if (medium === '') return await this.#ensureOnDisk(folder, pod);
    const limit = sizeLimit === undefined ? 0 : parseQuantity(String(sizeLimit));
    const { mode, gid } = accessOf(pod);
    return await this.#ensureInMemory(folder, {
      mode: mode | 0o1000,
      gid,
      swap: true,
      ...(limit > 0 && { sizeBytes: limit }), // tmpfs takes 0 for no limit at all
    });
  }

  /** What the kubelet writes. Secrets are not for disks, from which they could be read when the pod is long gone. */
  async #ensurePayloadFolder(pod: PodObject, volume: ReadonlyVolume): Promise<string> {
    if (!isSecret(volume)) return await this.#ensureOnDisk(this.#folderOf(pod, 'files', volume.name), pod);
    return await this.#ensureInMemory(this.#folderOf(pod, 'secrets', volume.name), { ...accessOf(pod), swap: false });
  }

  #folderOf(pod: PodObject, type: string, name: string): string {
    return join(this.folderOf(pod.metadata.uid), 'volumes', type, name);
  }

  /** Containers may change what they find: so it is there as wanted, or not at all. */
  async #ensureOnDisk(folder: string, pod: PodObject): Promise<string> {
    if ((await ifFilePresent(lstat(folder))) !== undefined) return folder;
    const { mode, gid } = accessOf(pod);
    const unfinished = join(dirname(folder), `..${basename(folder)}`); // no volume has a name with dots
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(unfinished, { recursive: true, mode: privateMode });
    if (gid !== undefined) await chown(unfinished, 0, gid);
    await chmod(unfinished, mode); // mkdir's mode is cut by the umask
    await rename(unfinished, folder);
    return folder;
  }

  async #ensureInMemory(folder: string, options: MemoryMountOptions): Promise<string> {
    await mkdir(folder, { recursive: true, mode: privateMode });
    await mountMemory(folder, options);
    return folder;
  }
}

/** Containers of any user may write to a volume; with an fsGroup it and all that is made in it belong to that group. */
function accessOf({ spec }: PodObject): { readonly mode: number; readonly gid: number | undefined } {
  const gid = spec?.securityContext?.fsGroup;
  return { mode: gid === undefined ? 0o777 : 0o2777, gid };
}

function isSecret({ secret, projected }: ReadonlyVolume): boolean {
  const sources = projected?.sources ?? [];
  return secret !== undefined || sources.some((source) => source.secret ?? source.serviceAccountToken);
}
