/** What volumes have in common whose files the kubelet writes, and writes again when the API's data change. */

import type { Clock } from '../../base/clock.ts';
import type { PodObject } from '../model/pod.ts';
import type { FieldContext } from '../references/field-refs.ts';
import type { ReferencedData } from '../references/referenced-data.ts';
import { writeAtomically } from './atomic-writer.ts';
import { computePayload, type Projection, type TokenSource } from './payloads.ts';
import { accessOf, type PodFolders } from './pod-folders.ts';
import type { MountedVolume, ReadonlyVolume, VolumePlugin } from './volume-plugin.ts';

export interface PayloadSources {
  readonly folders: PodFolders;
  readonly data: Pick<ReferencedData, 'configMap' | 'secret'>;
  readonly tokens: TokenSource;
  readonly clock: Clock;
  fieldsOf(pod: PodObject): FieldContext;
}

/** What differs between such types. */
export interface PayloadType {
  /** What is projected into the volume, in order; undefined: the volume is of another type. */
  projectionsOf(volume: ReadonlyVolume): readonly Projection[] | undefined;
  /** Not for disks, from which it could be read when the pod is long gone. */
  isSecret(volume: ReadonlyVolume): boolean;
}

export class PayloadPlugin implements VolumePlugin {
  readonly #type: PayloadType;
  readonly #sources: PayloadSources;

  constructor(type: PayloadType, sources: PayloadSources) {
    this.#type = type;
    this.#sources = sources;
  }

  supports(volume: ReadonlyVolume): boolean {
    return this.#type.projectionsOf(volume) !== undefined;
  }

  async setUp(pod: PodObject, volume: ReadonlyVolume): Promise<MountedVolume> {
    const { data, tokens, clock, fieldsOf } = this.#sources;
    const projections = this.#type.projectionsOf(volume) ?? [];
    const payload = await computePayload(projections, { pod, data, tokens, fields: fieldsOf(pod) });
    const hostPath = await this.#ensureFolder(pod, volume);
    await writeAtomically(hostPath, payload, new Date(clock.now()));
    return { hostPath, readOnly: true };
  }

  async refresh(pod: PodObject, volume: ReadonlyVolume): Promise<void> {
    await this.setUp(pod, volume);
  }

  #ensureFolder(pod: PodObject, volume: ReadonlyVolume): Promise<string> {
    const { folders } = this.#sources;
    if (!this.#type.isSecret(volume)) return folders.ensureOnDisk({ pod, type: 'files', volume });
    const { mode, gid } = accessOf(pod);
    // As upstream has folders in memory: who may write there may not remove what is another's.
    return folders.ensureInMemory({ pod, type: 'secrets', volume }, { mode: mode | 0o1000, gid, swap: false });
  }
}
