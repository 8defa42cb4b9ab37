/**
 * What kubelets and the control plane agree on about pods whose node is cut off: those that ask for it end by themselves,
 * and are made anew elsewhere once that is sure. Pure.
 *
 *   Lease renewed last ──cutOffAfterMs (T1)──► the kubelet ends the pod, in its grace period
 *                      ──movesAfterMs (T2)────────────────────────────────────────────────► the control plane removes it
 *
 * T2 is longer than T1 and the grace period together. Each side measures on its own monotonic clock: the kubelet from
 * before it sent the renewal, the control plane from when it heard of it, which is later.
 */

import type { DeepReadonly } from '../base/deep-readonly.ts';
import type { Pod } from './types/core/v1.ts';

/** On a StatefulSet, `"true"`: its pods do so. It hands it on to the pods that it makes. */
export const moveWhenCutOffAnnotation = 'longshore.dev/move-when-cut-off';

/** Of a pod, written by its kubelet: what runs of it here ends when the node is cut off. Nothing moves without it. */
export const endsWhenCutOffCondition = 'longshore.dev/EndsWhenCutOff';

/** Why such a pod failed. */
export const cutOffReason = 'NodeCutOff';

/** T1. */
export const cutOffAfterMs = 60_000;
/** So much later than it should have ended everywhere: clocks run at different speed, and killing takes its time. */
const marginMs = 30_000;

export const asksToMove = (annotations: Readonly<Record<string, string>> | undefined): boolean =>
  annotations?.[moveWhenCutOffAnnotation] === 'true';

export const endsWhenCutOff = ({ status }: DeepReadonly<Pod>): boolean =>
  status?.conditions?.some(({ type, status: is }) => type === endsWhenCutOffCondition && is === 'True') ?? false;

/** T2: how long a node has to be silent before a pod of it that ends by itself has ended for certain. */
export function movesAfterMs({ metadata, spec }: DeepReadonly<Pod>): number {
  const grace = Math.max(spec?.terminationGracePeriodSeconds ?? 30, metadata?.deletionGracePeriodSeconds ?? 0);
  return cutOffAfterMs + grace * 1000 + marginMs;
}
