/**
 * The volumes of pods, as folders on the node: made before a pod starts, kept up to date while it runs, removed
 * when it is gone. Everything lies below `<dataDir>/pods/<uid>`, so that what a dead kubelet left is found again.
 */

import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parseQuantity } from '../../api/quantity.ts';
import type { Clock } from '../../base/clock.ts';
import type { ReferencedData } from '../containers/environment.ts';
import type { FieldContext } from '../containers/field-refs.ts';
import { containersOf, type PodObject } from '../pod.ts';
import { writeAtomically } from './atomic-writer.ts';
import { ensureHostPath } from './host-path.ts';
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
  readonly data: ReferencedData;
  readonly tokens: TokenSource;
  readonly clock: Clock;
  fieldsOf(pod: PodObject): FieldContext;
}

export class Volumes {
  readonly #options: VolumesOptions;

  constructor(options: VolumesOptions) {
    this.#options = options;
  }

  /** Where everything of a pod lies. */
  folderOf(uid: string): string {
    return join(this.#options.dataDir, 'pods', uid);
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
    for (const target of await mountsBelow(folder)) await run('umount', ['-l', target]);
    await rm(folder, { recursive: true, force: true });
  }

  /** The pods that have a folder here. */
  async knownUids(): Promise<string[]> {
    const folder = join(this.#options.dataDir, 'pods');
    await mkdir(folder, { recursive: true });
    return await readdir(folder);
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
      const hostPath = await this.#folder(pod, volume.name, 'files');
      await writeAtomically(hostPath, payload, new Date(clock.now()));
      return { hostPath, readOnly: true };
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error);
      throw new VolumeError(`MountVolume.SetUp failed for volume "${volume.name}" : ${words}`, { cause: error });
    }
  }

  async #emptyDir(pod: PodObject, { name, emptyDir }: ReadonlyVolume): Promise<string> {
    const folder = await this.#folder(pod, name, 'empty-dir');
    if (emptyDir?.medium !== 'Memory' || (await mountsBelow(folder)).includes(folder)) return folder;
    const limit = emptyDir.sizeLimit === undefined ? [] : [`size=${parseQuantity(String(emptyDir.sizeLimit))}`];
    const gid = pod.spec?.securityContext?.fsGroup;
    const mode = gid === undefined ? 'mode=1777' : 'mode=3777';
    const options = [...limit, mode, ...(gid === undefined ? [] : [`gid=${gid}`])].join(',');
    await run('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder]);
    return folder;
  }

  async #folder(pod: PodObject, name: string, type: string): Promise<string> {
    const folder = join(this.folderOf(pod.metadata.uid), 'volumes', type, name);
    const made = await mkdir(folder, { recursive: true });
    if (made === undefined) return folder;
    const gid = pod.spec?.securityContext?.fsGroup;
    if (gid !== undefined) await chown(folder, 0, gid);
    await chmod(folder, gid === undefined ? 0o777 : 0o2777); // mkdir's mode is cut by the umask
    return folder;
  }
}

/** Mount points at or below `folder`, the deepest first. */
async function mountsBelow(folder: string): Promise<string[]> {
  const table = await readFile('/proc/self/mounts', 'utf8');
  const targets = table.split('\n').map((line) => (line.split(' ')[1] ?? '').replaceAll('\\040', ' '));
  return targets.filter((target) => target === folder || target.startsWith(`${folder}/`)).reverse();
}
