/**
 * CONTRACT: how volumes of one type come and go. One file for each type beside this one, listed in
 * `volume-plugins.ts`; `volumes.ts` asks them.
 *
 * What a plugin makes for a pod lies in the pod's folder (`pod-folders.ts`), which is unmounted and removed as a whole
 * when the pod is gone, also by a kubelet that knows nothing more of the pod than that folder.
 */

import type { Volume } from '../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { PodObject } from '../model/pod.ts';

export type ReadonlyVolume = DeepReadonly<Volume>;

export interface MountedVolume {
  readonly hostPath: string;
  /** Its files are the kubelet's: containers may not write. */
  readonly readOnly: boolean;
  /** A server holds it, which may fall silent: files in it are not to be touched before it is known to answer. */
  readonly isRemote?: boolean;
}

/** For a volume that is made of an image. */
export interface ImageSource {
  /** Which one it is: the one that the pod may use, whatever its name leads to by now. */
  readonly imageId: string;
  readonly signal: AbortSignal;
}

/** Calls for different volumes run at the same time, those for one volume one after the other. */
export interface VolumePlugin {
  /** It is made of an image, which has to be here first. Such volumes are made before the first container that mounts them. */
  readonly isOfImage?: boolean;
  /** Whether the volume is of this type. */
  supports(volume: ReadonlyVolume): boolean;
  /**
   * Called before the first container that mounts it is made, and for most types before the pod's sandbox. Idempotent: a kubelet before this one may have been
   * killed between any two steps. Throws an Error whose message users read.
   */
  setUp(pod: PodObject, volume: ReadonlyVolume, source?: ImageSource): Promise<MountedVolume>;
  /** Of types made of images: what is there already, so that the image need not be. */
  isSetUp?(pod: PodObject, volume: ReadonlyVolume): Promise<MountedVolume | undefined>;
  /** Called from time to time while the pod runs, where data that the volume shows may change. Throws as `setUp`. */
  refresh?(pod: PodObject, volume: ReadonlyVolume): Promise<void>;
  /** Called when the pod is gone, before its folder is removed: lets go of what does not lie in there. Idempotent. */
  tearDown?(podUid: string): Promise<void>;
}
