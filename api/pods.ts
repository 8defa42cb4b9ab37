/** What many ask about one pod, answered in one place. Pure. */

import type { DeepReadonly } from '../base/deep-readonly.ts';
import type { Container, Pod, PodCondition, PodSpec } from './types/core/v1.ts';

type PodView = DeepReadonly<Pod>;

export function podCondition({ status }: PodView, type: string): DeepReadonly<PodCondition> | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}

/** It may be sent traffic. */
export function isPodReady(pod: PodView): boolean {
  return podCondition(pod, 'Ready')?.status === 'True';
}

/** Succeeded or Failed: its containers never run again, and it takes no room on its node. */
export function isPodFinished({ status }: PodView): boolean {
  return isFinalPhase(status?.phase);
}

export function isFinalPhase(phase: string | undefined): phase is 'Succeeded' | 'Failed' {
  return phase === 'Succeeded' || phase === 'Failed';
}

/** Its deletion was asked for: it is on its way out, or waits for its finalizers. */
export function isPodTerminating({ metadata }: PodView): boolean {
  return metadata?.deletionTimestamp !== undefined;
}

/** Neither finished nor terminating: what counts as a replica. */
export function isPodActive(pod: PodView): boolean {
  return !isPodFinished(pod) && !isPodTerminating(pod);
}

/** Of init containers: it goes on running beside the pod's containers. */
export function isSidecar({ restartPolicy }: DeepReadonly<Pick<Container, 'restartPolicy'>>): boolean {
  return restartPolicy === 'Always';
}

export function sidecarsOf(spec: DeepReadonly<PodSpec> | undefined): DeepReadonly<Container>[] {
  return (spec?.initContainers ?? []).filter(isSidecar);
}
