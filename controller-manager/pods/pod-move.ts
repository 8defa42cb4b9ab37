/**
 * A pod that is about to move to another node, surge first: its set makes one more before it is evicted. An addition of
 * Longshore (docs/rebalancing.md). Pure.
 */

import { parseTime } from '../../api/time.ts';
import type { Pod } from '../../api/types/core/v1.ts';
import type { Cached } from '../../client/object-cache.ts';

/** On a pod: since when it is about to move. */
export const movingAnnotation = 'longshore.dev/moving-since';

export const isMoving = ({ metadata }: Cached<Pod>): boolean => metadata.annotations?.[movingAnnotation] !== undefined;

/** Wall time in milliseconds; undefined where it does not move, or where what it says is no time. */
export const movingSince = ({ metadata }: Cached<Pod>): number | undefined =>
  parseTime(metadata.annotations?.[movingAnnotation]);

/** How many pods a set keeps beyond what it asks for: one at most, however many of its pods are marked. */
export const surgeFor = (replicas: number, active: readonly Cached<Pod>[]): number =>
  replicas > 0 && active.some(isMoving) ? 1 : 0;
