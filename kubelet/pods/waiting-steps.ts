/** What of a pod waits for its next try. Pure. */

import type { RetriedStep } from '../../api/pod-retry.ts';
import { VolumeError } from '../volumes/volumes.ts';
import type { WaitingReason } from './status/container-status.ts';

export interface Waiting {
  /** Why containers do not run, by name. */
  readonly waiting: ReadonlyMap<string, WaitingReason>;
  /** Why the last step for the pod failed. */
  readonly trouble: unknown;
  /** No sandbox could be made, and the next try waits. */
  readonly isHeldBack: boolean;
}

/** These are on their way. */
const underWay: ReadonlySet<string> = new Set(['ContainerCreating', 'PodInitializing']);

export function waitingSteps({ waiting, trouble, isHeldBack }: Waiting): RetriedStep[] {
  return [
    ...ofPod(trouble, isHeldBack),
    ...[...waiting]
      .filter(([, { reason }]) => !underWay.has(reason))
      .map(([container, { reason, message }]) => ({ container, reason, ...(message !== undefined && { message }) })),
  ];
}

/** What is wrong with volumes its author may read; of anything else only that it is so, as events tell the rest. */
function ofPod(trouble: unknown, isHeldBack: boolean): RetriedStep[] {
  if (trouble instanceof VolumeError) return [{ reason: 'FailedMount', message: trouble.message }];
  if (isHeldBack) return [{ reason: 'FailedCreatePodSandBox' }];
  return trouble === undefined ? [] : [{ reason: 'FailedSync' }];
}
