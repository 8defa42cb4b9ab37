/** From which nodes a volume can be reached, and where one of a class may be made. Pure. */

import type { DeepReadonly } from '../../base/deep-readonly.ts';
import { own } from '../json-record.ts';
import { matchesTerm, type SelectableNode } from '../node-selection.ts';
import type { PersistentVolume } from '../types/core/v1.ts';
import type { StorageClass } from '../types/storage/v1.ts';

/** By the volume's node affinity. */
export function isReachedFrom({ spec }: DeepReadonly<PersistentVolume>, node: SelectableNode): boolean {
  const required = spec?.nodeAffinity?.required;
  return required === undefined || (required.nodeSelectorTerms ?? []).some((term) => matchesTerm(term, node));
}

/** By the class's allowed topologies. */
export function mayBeMadeOn(
  { allowedTopologies = [] }: DeepReadonly<StorageClass>,
  { labels }: SelectableNode,
): boolean {
  if (allowedTopologies.length === 0) return true;
  return allowedTopologies.some(({ matchLabelExpressions = [] }) => {
    if (matchLabelExpressions.length === 0) return false;
    return matchLabelExpressions.every(({ key, values = [] }) => {
      const value = own(labels, key);
      return value !== undefined && values.includes(value);
    });
  });
}
