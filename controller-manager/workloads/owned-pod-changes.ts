/** Which owners a change of a pod concerns; what was expected of it is noted by the way. */

import { isPodTerminating } from '../../api/pods.ts';
import type { Pod } from '../../api/types/core/v1.ts';
import type { Expectations } from '../../client/expectations.ts';
import type { Cached, ObjectChange } from '../../client/object-cache.ts';
import { controllerOf } from './ownership.ts';

export interface OwnedPodChanges {
  /** Kind of the owners. */
  readonly ownerKind: string;
  readonly expectations: Expectations;
  /** Keys of the owners that would adopt a pod that nobody controls. */
  keysOfAdopters(pod: Cached<Pod>): readonly string[];
}

/** Keys of the owners that have to look at the change. */
export function keysOfPodChange(
  { previous, next }: ObjectChange<Pod>,
  { ownerKind, expectations, keysOfAdopters }: OwnedPodChanges,
): string[] {
  const ownerOf = (pod: Cached<Pod> | undefined) => {
    const owner = pod && controllerOf(pod);
    return owner?.kind === ownerKind ? { uid: owner.uid, key: `${pod?.metadata.namespace}/${owner.name}` } : undefined;
  };
  const [before, now] = [ownerOf(previous), ownerOf(next)];
  if (previous === undefined && now !== undefined) expectations.observedCreation(now.uid);
  const isGoing = next === undefined || isPodTerminating(next);
  const owner = now ?? before;
  if (isGoing && owner !== undefined) expectations.observedDeletion(owner.uid, (next ?? previous)?.metadata.uid ?? '');
  const isLone = next !== undefined && controllerOf(next) === undefined && !isPodTerminating(next);
  const keys = [before?.key, now?.key].filter((key) => key !== undefined);
  return [...new Set([...keys, ...(isLone ? keysOfAdopters(next) : [])])];
}
