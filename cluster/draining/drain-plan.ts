/** Which pods of a node have to go before it can, and which of them may not be taken away without being asked for. Pure. */

import { mirrorAnnotation } from '../../api/labels.ts';
import type { Stored } from '../../api/object.ts';
import { isPodFinished } from '../../api/pods.ts';
import type { Pod } from '../../api/types/core/v1.ts';

/** As kubectl's `drain` has them. */
export interface DrainOptions {
  readonly ignoreDaemonSets: boolean;
  readonly deleteEmptyDirData: boolean;
  /** Pods that nobody makes again, too. */
  readonly force: boolean;
  /** Absent: each pod's own. */
  readonly gracePeriodSeconds?: number | undefined;
}

export interface DrainPlan {
  readonly evict: readonly Stored<Pod>[];
  /** Why nothing may be evicted yet: sentences, each with the flag that allows it. */
  readonly refusals: readonly string[];
  readonly warnings: readonly string[];
}

type Judgement = 'evict' | 'stay' | keyof typeof sentences;

const sentences = {
  daemonSet: 'cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore)',
  emptyDir: 'cannot delete Pods with local storage (use --delete-emptydir-data to override)',
  unmanaged: 'cannot delete Pods that declare no controller (use --force to override)',
} as const;

export function planDrain(pods: readonly Stored<Pod>[], options: DrainOptions): DrainPlan {
  const judged = pods.map((pod) => ({ pod, judgement: judge(pod, options) }));
  const namesWhere = (isMeant: (one: (typeof judged)[number]) => boolean): string =>
    judged
      .filter(isMeant)
      .map(({ pod }) => titleOf(pod))
      .join(', ');
  const refusals = Object.entries(sentences).flatMap(([name, sentence]) => {
    const names = namesWhere(({ judgement }) => judgement === name);
    return names === '' ? [] : [`${sentence}: ${names}`];
  });
  const evict = judged.filter(({ judgement }) => judgement === 'evict').map(({ pod }) => pod);
  const warned = [
    ['ignoring DaemonSet-managed Pods', namesWhere(({ pod, judgement }) => judgement === 'stay' && isOfDaemonSet(pod))],
    ['deleting Pods that declare no controller', evict.filter(isUnmanaged).map(titleOf).join(', ')],
  ];
  const warnings = warned.flatMap(([what, names]) => (names === '' ? [] : [`${what}: ${names}`]));
  return { evict, refusals, warnings };
}

function judge(pod: Stored<Pod>, { ignoreDaemonSets, deleteEmptyDirData, force }: DrainOptions): Judgement {
  if (pod.metadata.annotations?.[mirrorAnnotation] !== undefined) return 'stay';
  // Nothing of it runs: nothing is lost.
  if (isPodFinished(pod)) return 'evict';
  // Its controller makes it again at once, whatever the node says of being cordoned.
  if (isOfDaemonSet(pod)) return ignoreDaemonSets ? 'stay' : 'daemonSet';
  const hasEmptyDir = pod.spec?.volumes?.some(({ emptyDir }) => emptyDir !== undefined) ?? false;
  if (hasEmptyDir && !deleteEmptyDirData) return 'emptyDir';
  return isUnmanaged(pod) && !force ? 'unmanaged' : 'evict';
}

const controllerOf = ({ metadata }: Stored<Pod>) =>
  metadata.ownerReferences?.find(({ controller }) => controller === true);
const isOfDaemonSet = (pod: Stored<Pod>): boolean => controllerOf(pod)?.kind === 'DaemonSet';
const isUnmanaged = (pod: Stored<Pod>): boolean => controllerOf(pod) === undefined && !isPodFinished(pod);

export const titleOf = ({ metadata: { namespace, name } }: Stored<Pod>): string => `${namespace}/${name}`;
