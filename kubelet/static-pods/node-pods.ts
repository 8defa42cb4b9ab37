/**
 * All pods of this node, wherever they come from: static ones, and those of the API but for mirrors. In memory each says
 * when it was met and where it is from, as upstream's kubelet has it: files of the downward API show it.
 */

import {
  configHashAnnotation,
  configSeenAnnotation,
  configSourceAnnotation,
  mirrorAnnotation,
} from '../../api/labels.ts';
import type { Pod } from '../../api/types/core/v1.ts';
import type { Clock } from '../../base/clock.ts';
import type { Informer, ObjectChange } from '../../client/object-cache.ts';
import { keyOf, type PodObject } from '../model/pod.ts';
import type { StaticPods } from './static-pods.ts';

export interface NodePodsOptions {
  /** Those that the API has for this node. */
  readonly informer: Pick<Informer<Pod>, 'get' | 'list'>;
  readonly staticPods: Pick<StaticPods, 'get' | 'list'>;
  readonly clock: Clock;
}

export const isMirrorPod = ({ metadata }: PodObject): boolean => metadata.annotations?.[mirrorAnnotation] !== undefined;

export class NodePods {
  readonly #options: NodePodsOptions;
  /** When a pod was met, by uid: the text of the annotation. */
  readonly #seenAt = new Map<string, string>();
  readonly #shown = new WeakMap<PodObject, PodObject>();

  constructor(options: NodePodsOptions) {
    this.#options = options;
  }

  *list(): Iterable<PodObject> {
    const { informer, staticPods } = this.#options;
    yield* staticPods.list();
    for (const pod of informer.list()) if (!isMirrorPod(pod)) yield this.#asSeen(pod);
  }

  /** By `namespace/name`: of a mirror pod, what it is the picture of. */
  get(key: string): PodObject | undefined {
    const { informer, staticPods } = this.#options;
    const own = staticPods.get(key);
    if (own !== undefined) return own;
    const pod = informer.get(key);
    return pod === undefined || isMirrorPod(pod) ? undefined : this.#asSeen(pod);
  }

  /** The picture of a static pod in the API; undefined: there is none of it as it is now. */
  mirrorOf(pod: PodObject): PodObject | undefined {
    const found = this.#options.informer.get(keyOf(pod));
    return found?.metadata.annotations?.[mirrorAnnotation] === hashOf(pod) ? found : undefined;
  }

  /** What a change of the API's is to those who run pods; undefined: nothing, it is one of a mirror. */
  changeOf(change: ObjectChange<Pod>): { readonly gone: string } | { readonly pod: PodObject } | undefined {
    const { next, previous } = change;
    if (isMirrorPod(next ?? previous)) return undefined;
    if (next !== undefined) return { pod: this.#asSeen(next) };
    this.#seenAt.delete(previous.metadata.uid);
    return { gone: previous.metadata.uid };
  }

  #asSeen(pod: PodObject): PodObject {
    const known = this.#shown.get(pod);
    if (known !== undefined) return known;
    const { uid, annotations } = pod.metadata;
    const seen = this.#seenAt.get(uid) ?? new Date(this.#options.clock.now()).toISOString();
    this.#seenAt.set(uid, seen);
    const own = { [configSeenAnnotation]: seen, [configSourceAnnotation]: 'api' };
    const shown = { ...pod, metadata: { ...pod.metadata, annotations: { ...annotations, ...own } } };
    this.#shown.set(pod, shown);
    return shown;
  }
}

/** What a mirror of it says that it is the picture of. */
export const hashOf = ({ metadata }: PodObject): string => metadata.annotations?.[configHashAnnotation] ?? metadata.uid;
