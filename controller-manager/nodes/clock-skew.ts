/**
 * By how much the clocks of nodes differ from ours, from what their heartbeats say about the time: only to be told, for
 * nothing is decided by it (`heartbeats.ts`). Pure, but for what it remembers.
 *
 * A heartbeat that took long to arrive looks like a clock that is behind, so that several in a row have to say the same.
 */

import { nodeCondition } from '../../api/nodes.ts';
import { formatTime, parseTime } from '../../api/time.ts';
import type { Node, NodeCondition } from '../../api/types/core/v1.ts';
import type { Cached } from '../../client/object-cache.ts';

export const clockSkewCondition = 'longshore.dev/ClockSkewed';

/** Less is not worth telling: heartbeats come every 10 s. */
const toleratedMs = 20_000;
const agreeing = 3;

interface Seen {
  readonly renewTime: string;
  readonly skewed: boolean;
  readonly skewMs: number;
  /** So many heartbeats in a row say so. */
  readonly count: number;
}

export class ClockSkews {
  readonly #seen = new Map<string, Seen>();

  /** A heartbeat that was heard just now. True: it is certain by now, and was not before. */
  note(node: string, renewTime: string | undefined, wallNow: number): boolean {
    const said = parseTime(renewTime);
    const before = this.#seen.get(node);
    if (renewTime === undefined || said === undefined || before?.renewTime === renewTime) return false;
    const skewMs = said - wallNow;
    const skewed = Math.abs(skewMs) > toleratedMs;
    const count = before?.skewed === skewed ? before.count + 1 : 1;
    this.#seen.set(node, { renewTime, skewed, skewMs, count });
    return count === agreeing;
  }

  forget(node: string): void {
    this.#seen.delete(node);
  }

  /** Undefined: not known for certain. */
  skewMsOf(node: string): { readonly skewed: boolean; readonly skewMs: number } | undefined {
    const seen = this.#seen.get(node);
    return seen !== undefined && seen.count >= agreeing ? seen : undefined;
  }
}

/** The node's condition when it should change; a node whose clock was always right has none. */
export function computeSkewCondition(
  node: Cached<Node>,
  { skewed, skewMs }: { readonly skewed: boolean; readonly skewMs: number },
  wallNow: number,
): NodeCondition | undefined {
  const before = nodeCondition(node, clockSkewCondition);
  const status = skewed ? 'True' : 'False';
  if (before === undefined ? !skewed : before.status === status) return undefined;
  const time = formatTime(wallNow);
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  return {
    type: clockSkewCondition,
    status,
    reason: skewed ? 'ClocksDiffer' : 'ClocksAgree',
    message: skewed
      ? `The node's clock is about ${seconds} s ${skewMs > 0 ? 'ahead of' : 'behind'} the control plane's`
      : "The node's clock agrees with the control plane's",
    lastHeartbeatTime: time,
    lastTransitionTime: time,
  };
}
