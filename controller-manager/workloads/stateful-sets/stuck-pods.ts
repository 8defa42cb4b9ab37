/**
 * Whether a pod will hardly ever run as it is, so that waiting for it would be in vain: its image cannot be had, its
 * containers end again and again or cannot even be made, or no node can take it. Pure.
 */

import { isPodReady, podCondition } from '../../../api/pods.ts';
import type { Pod } from '../../../api/types/core/v1.ts';
import type { Cached } from '../../../client/object-cache.ts';

const hopelessReasons = new Set([
  'CrashLoopBackOff',
  'ImagePullBackOff',
  'ErrImagePull',
  'ErrImageNeverPull',
  'InvalidImageName',
  'ImageInspectError',
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError',
]);

export function isPodStuck(pod: Cached<Pod>): boolean {
  if (isPodReady(pod)) return false;
  const { initContainerStatuses = [], containerStatuses = [] } = pod.status ?? {};
  const isHopeless = [...initContainerStatuses, ...containerStatuses].some(({ state }) =>
    hopelessReasons.has(state?.waiting?.reason ?? ''),
  );
  const scheduled = podCondition(pod, 'PodScheduled');
  return isHopeless || (scheduled?.status === 'False' && scheduled.reason === 'Unschedulable');
}
