/** Whether a Deployment that replaces all its pods at once has to wait for old ones. Pure. */

import { isPodFinished } from '../../../api/pods.ts';
import type { Pod } from '../../../api/types/core/v1.ts';
import type { Cached } from '../../../client/object-cache.ts';
import { controllerOf } from '../ownership.ts';
import type { SetHistory } from './set-history.ts';

/**
 * `pods`: those of all its ReplicaSets. One that is on its way out still runs, and one of which nothing is known may
 * run; only a finished one does not.
 */
export function hasOldPods({ current, old }: SetHistory, pods: Iterable<Cached<Pod>>): boolean {
  if (old.some(({ status }) => (status?.replicas ?? 0) > 0)) return true;
  return [...pods].some((pod) => !isPodFinished(pod) && controllerOf(pod)?.uid !== current?.metadata.uid);
}
