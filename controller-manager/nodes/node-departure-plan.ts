/**
 * When the Node of a host that says it has left is deleted. A host's word must not take off what others put on its Node: it
 * could come back at once without that. Pure.
 */

import { leftAnnotation, removedAnnotation } from '../../api/departure.ts';
import { forbiddenChanges } from '../../api/node-labels.ts';
import type { Node } from '../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import { isManagedTaint } from './node-conditions.ts';

export type Departure =
  | { readonly kind: 'none' }
  | { readonly kind: 'delete' }
  /** It stays until an administrator removes it. */
  | { readonly kind: 'keep'; readonly taints: readonly string[]; readonly labels: readonly string[] };

export function planDeparture({ metadata, spec }: DeepReadonly<Node>): Departure {
  const annotations = metadata?.annotations ?? {};
  if (annotations[leftAnnotation] === undefined) return { kind: 'none' };
  if (annotations[removedAnnotation] !== undefined) return { kind: 'delete' };
  const taints = (spec?.taints ?? []).filter((taint) => !isManagedTaint(taint)).map(({ key }) => key);
  const labels = forbiddenChanges(metadata?.labels ?? {}, {});
  return taints.length + labels.length === 0 ? { kind: 'delete' } : { kind: 'keep', taints, labels };
}
