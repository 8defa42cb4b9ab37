/** Whose a pod was, also for a moment after its object is gone: its containers go after it. */

import { parseTime } from '../../api/time.ts';
import type { Pod } from '../../api/types/core/v1.ts';
import type { Informer } from '../../client/object-cache.ts';
import type { PodObject } from '../model/pod.ts';
import type { PodIdentity } from '../runtime/runtime.ts';
import type { PodFacts } from './kept-logs.ts';

const mostGone = 500;
/** Of one pod, in characters: a pod may have labels of a megabyte, and many may have been here. */
const mostLabels = 4096;

export class KnownPodFacts {
  readonly #pods: Pick<Informer<Pod>, 'get'>;
  /** By uid, the ones that went first at the beginning. */
  readonly #gone = new Map<string, PodFacts>();

  constructor(pods: Pick<Informer<Pod>, 'get' | 'onChange'>) {
    this.#pods = pods;
    pods.onChange((change) => {
      if (change.type === 'deleted') this.#noteGone(change.previous);
    });
  }

  of({ namespace, name, uid }: PodIdentity): PodFacts | undefined {
    const pod = this.#pods.get(`${namespace}/${name}`);
    return pod?.metadata.uid === uid ? factsOf(pod) : this.#gone.get(uid);
  }

  #noteGone(pod: PodObject): void {
    this.#gone.set(pod.metadata.uid, factsOf(pod));
    for (const first of this.#gone.keys()) {
      if (this.#gone.size <= mostGone) break;
      this.#gone.delete(first);
    }
  }
}

function factsOf({ metadata }: PodObject): PodFacts {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller);
  return {
    labels: labelsOf(metadata),
    controller: owner === undefined ? '' : `${owner.kind}/${owner.name}`,
    madeAt: parseTime(metadata.creationTimestamp) ?? 0,
  };
}

/** As many as there is room for. */
function labelsOf({ labels = {} }: PodObject['metadata']): Readonly<Record<string, string>> {
  let size = 0;
  return Object.fromEntries(
    Object.entries(labels).filter(([key, value]) => {
      size += key.length + value.length;
      return size <= mostLabels;
    }),
  );
}
