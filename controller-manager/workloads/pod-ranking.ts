/**
 * Which pod goes first when there are too many. Pure.
 *
 * In this order, the first difference decides:
 *   1. not on a node yet           before  on a node
 *   2. Pending, then Unknown       before  Running
 *   3. not ready                   before  ready
 *   4. lower deletion cost         before  higher (annotation controller.kubernetes.io/pod-deletion-cost)
 *   5. with more related pods on its node  before  with fewer
 *   6. ready for a shorter time    before  longer  (compared by powers of two, then by uid)
 *   7. more container restarts     before  fewer
 *   8. younger                     before  older   (compared by powers of two, then by uid)
 *
 * Ages are compared by powers of two so that which of several pods of about one age goes is left to chance: otherwise
 * the youngest would always go, and they tend to be together in one failure domain.
 */

import { isPodReady, podCondition } from '../../api/pods.ts';
import { parseTime } from '../../api/time.ts';
import type { Pod } from '../../api/types/core/v1.ts';
import { compareText } from '../../base/compare.ts';
import type { Cached } from '../../client/object-cache.ts';

export const deletionCostAnnotation = 'controller.kubernetes.io/pod-deletion-cost';

const phaseOrder: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 };

export interface RankingContext {
  /** Wall time in milliseconds. */
  readonly now: number;
  /** Pods whose closeness counts against a pod: those of all sets of one Deployment; empty where there is none. */
  readonly related: readonly Cached<Pod>[];
}

/** `pods`, the first to go first. */
export function rankForDeletion(pods: readonly Cached<Pod>[], context: RankingContext): Cached<Pod>[] {
  const relatedOnNode = new Map<string, number>();
  for (const { spec } of context.related) {
    if (spec?.nodeName) relatedOnNode.set(spec.nodeName, (relatedOnNode.get(spec.nodeName) ?? 0) + 1);
  }
  const crowd = (pod: Cached<Pod>) => relatedOnNode.get(pod.spec?.nodeName ?? '') ?? 0;
  return [...pods].sort(
    (a, b) =>
      compare(Number(Boolean(a.spec?.nodeName)), Number(Boolean(b.spec?.nodeName))) ||
      compare(phaseRank(a), phaseRank(b)) ||
      compare(Number(isPodReady(a)), Number(isPodReady(b))) ||
      compare(deletionCost(a), deletionCost(b)) ||
      compare(crowd(b), crowd(a)) ||
      compareAges(a, b, readySince, context.now) ||
      compare(mostRestarts(b), mostRestarts(a)) ||
      compareAges(a, b, ({ metadata }) => metadata.creationTimestamp, context.now),
  );
}

const compare = (a: number, b: number): number => a - b;

const phaseRank = ({ status }: Cached<Pod>): number => phaseOrder[status?.phase ?? ''] ?? 0;

function deletionCost({ metadata }: Cached<Pod>): number {
  const text = metadata.annotations?.[deletionCostAnnotation] ?? '0';
  return /^(0|-?[1-9]\d*)$/.test(text) ? Number(text) : 0;
}

const readySince = (pod: Cached<Pod>): string | undefined =>
  isPodReady(pod) ? podCondition(pod, 'Ready')?.lastTransitionTime : undefined;

const mostRestarts = ({ status }: Cached<Pod>): number =>
  Math.max(0, ...(status?.containerStatuses ?? []).map((container) => container.restartCount));

function compareAges(
  a: Cached<Pod>,
  b: Cached<Pod>,
  timeOf: (pod: Cached<Pod>) => string | undefined,
  now: number,
): number {
  const [timeA, timeB] = [parseTime(timeOf(a)), parseTime(timeOf(b))];
  if (timeA === undefined || timeB === undefined || timeA === timeB) return 0;
  return compare(ageRank(timeA, now), ageRank(timeB, now)) || compareText(a.metadata.uid, b.metadata.uid);
}

function ageRank(time: number, now: number): number {
  const ageMs = now - time;
  return ageMs <= 0 ? -1 : Math.floor(Math.log2(ageMs * 1e6));
}
