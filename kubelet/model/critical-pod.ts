/** Which pods a node cannot do without: they are not evicted, and others make room for them. As upstream says it. */

import type { PodObject } from './pod.ts';

/** Of `system-cluster-critical`; `system-node-critical` is above it. */
const systemCriticalPriority = 2_000_000_000;

export function isCriticalPod({ metadata, spec }: PodObject): boolean {
  const { 'kubernetes.io/config.source': source, 'kubernetes.io/config.mirror': mirror } = metadata.annotations ?? {};
  const isStatic = source !== undefined && source !== 'api';
  return isStatic || mirror !== undefined || (spec?.priority ?? 0) >= systemCriticalPriority;
}
