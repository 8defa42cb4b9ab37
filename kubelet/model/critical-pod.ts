/** Which pods a node cannot do without: they are not evicted, and others make room for them. As upstream says it. */

import { mirrorAnnotation } from '../../api/labels.ts';
import { isStaticPod, type PodObject } from './pod.ts';

/** Of `system-cluster-critical`; `system-node-critical` is above it. */
export const systemCriticalPriority = 2_000_000_000;

export function isCriticalPod(pod: PodObject): boolean {
  const { metadata, spec } = pod;
  const isMirror = metadata.annotations?.[mirrorAnnotation] !== undefined;
  return isStaticPod(pod) || isMirror || (spec?.priority ?? 0) >= systemCriticalPriority;
}
