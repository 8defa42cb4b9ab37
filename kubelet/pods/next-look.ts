/** When a pod worker looks at its pod again if nothing wakes it before. Pure, but for the jitter of one wait. */

import { computeBackoffMs } from '../../base/backoff.ts';
import { showPullErrorMs } from '../images/image-puller.ts';
import type { PodAction } from './pod-actions.ts';
import { transientReasons } from './pod-reporter.ts';

export interface NextLookInput {
  /** What was done in this step. */
  readonly actions: readonly PodAction[];
  /** Why containers wait. */
  readonly waitingReasons: readonly string[];
  /** A start that was made decides what comes next: nobody will tell of it. */
  readonly startDecides: boolean;
  /** Of the pod; undefined: it has none, or is ending. */
  readonly deadlineLeftMs: number | undefined;
  /** Until a container may be started that the runtime refused; undefined: none was. */
  readonly nextStartInMs: number | undefined;
  /** Until a resize that met trouble is tried again; undefined: none did. */
  readonly resizeInMs: number | undefined;
  /** Until an image may be tried again; undefined: none failed. */
  readonly nextPullInMs: number | undefined;
  /** Undefined: it has no volumes whose contents may change. */
  readonly volumesDueInMs: number | undefined;
  /** How often in a row, this time included, `hasConfigFailure` held. */
  readonly configFailures: number;
}

const pullReasons: ReadonlySet<string> = new Set(['ErrImagePull', 'ImagePullBackOff']);
const configRetry = { baseMs: 2_000, maxMs: 30_000 };
/** What is overdue is tried soon, but not again and again without a pause. */
const shortestPullWaitMs = 50;

/** Whether a container could not be made as it is written: only another try tells when it can. */
export const hasConfigFailure = (waitingReasons: readonly string[]): boolean =>
  waitingReasons.some(
    (reason) => !transientReasons.has(reason) && !pullReasons.has(reason) && reason !== 'RunContainerError',
  );

/** Infinity: something will wake it. */
export function computeNextLookMs(input: NextLookInput): number {
  const { actions, waitingReasons, startDecides, deadlineLeftMs, nextPullInMs, volumesDueInMs } = input;
  const waits: number[] = actions.flatMap((action) => (action.type === 'backOff' ? [action.leftMs] : []));
  if (deadlineLeftMs !== undefined) waits.push(Math.max(0, deadlineLeftMs));
  if (waitingReasons.includes('ErrImagePull')) waits.push(showPullErrorMs);
  if (nextPullInMs !== undefined && waitingReasons.some((reason) => pullReasons.has(reason)))
    waits.push(Math.max(shortestPullWaitMs, nextPullInMs));
  if (hasConfigFailure(waitingReasons)) waits.push(computeBackoffMs(input.configFailures, configRetry));
  if (waitingReasons.length === 0 && startDecides) waits.push(0);
  if (input.nextStartInMs !== undefined) waits.push(input.nextStartInMs);
  if (input.resizeInMs !== undefined) waits.push(Math.max(0, input.resizeInMs));
  if (volumesDueInMs !== undefined) waits.push(Math.max(0, volumesDueInMs));
  return Math.min(Number.POSITIVE_INFINITY, ...waits);
}
