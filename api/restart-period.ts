/**
 * The longest wait between two starts of a container: 5 minutes, less where a node or a pod says so. Pure.
 *
 * For a node it is a flag of the kubelet (upstream: `crashLoopBackOff.maxContainerRestartPeriod`), for a pod the
 * annotation; the shorter of the two holds.
 */

import { parseDurationMs } from '../base/duration.ts';

export const restartPeriodAnnotation = 'longshore.dev/max-container-restart-period';

/** In milliseconds; as upstream's. */
const shortestMs = 1_000;
export const longestRestartPeriodMs = 300_000;
export const restartPeriodRule = 'must be a duration from 1s to 5m';

/** In milliseconds; undefined: it breaks `restartPeriodRule`. */
export function parseRestartPeriodMs(text: string): number | undefined {
  const ms = parseDurationMs(text);
  return ms !== undefined && ms >= shortestMs && ms <= longestRestartPeriodMs ? ms : undefined;
}

/** Of a pod; what it says wrongly (a version before this could store it) counts as nothing. */
export function restartPeriodOf(annotations: Readonly<Record<string, string>> | undefined, ofNodeMs: number): number {
  const text = annotations?.[restartPeriodAnnotation];
  return Math.min(ofNodeMs, (text === undefined ? undefined : parseRestartPeriodMs(text)) ?? ofNodeMs);
}
