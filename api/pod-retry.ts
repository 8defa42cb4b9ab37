/** What `pods/<name>/retry` answers: what of a pod waited for its next try, and is tried now. Pure. */

import { isRecord } from './json-record.ts';

export interface RetriedStep {
  /** Absent: it is about the pod as a whole, its volumes or its sandbox. */
  readonly container?: string;
  /** Why it waited: `CrashLoopBackOff`, `ImagePullBackOff`, `FailedMount`. */
  readonly reason: string;
  readonly message?: string;
}

export interface PodRetry {
  readonly apiVersion: 'longshore.dev/v1';
  readonly kind: 'PodRetry';
  readonly metadata: { readonly namespace: string; readonly name: string; readonly uid: string };
  /** Empty: nothing waited. */
  readonly retried: readonly RetriedStep[];
}

/** Of an answer; what is none has none. */
export function readRetriedSteps(answer: unknown): RetriedStep[] {
  const retried: unknown = isRecord(answer) ? answer.retried : undefined;
  if (!Array.isArray(retried)) return [];
  return retried.flatMap((step: unknown) => {
    if (!isRecord(step) || typeof step.reason !== 'string') return [];
    const { container, reason, message } = step;
    return [
      {
        reason,
        ...(typeof container === 'string' && { container }),
        ...(typeof message === 'string' && { message }),
      },
    ];
  });
}
