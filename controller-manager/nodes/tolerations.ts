/** Which taints a pod tolerates, and for how long. Pure. */

import type { Taint, Toleration } from '../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';

export function tolerates(toleration: DeepReadonly<Toleration>, taint: DeepReadonly<Taint>): boolean {
  const { key = '', operator = 'Equal', value = '', effect = '' } = toleration;
  if (effect !== '' && effect !== taint.effect) return false;
  if (key !== '' && key !== taint.key) return false;
  return operator === 'Exists' || (operator === 'Equal' && key !== '' && value === (taint.value ?? ''));
}

/**
 * How long a pod may stay on a node with these taints, in milliseconds: `Infinity` for ever, 0 not at all.
 * Of all tolerations that are needed the shortest counts; negative seconds count as 0.
 */
export function toleratedMs(tolerations: DeepReadonly<Toleration[]>, taints: readonly DeepReadonly<Taint>[]): number {
  const evicting = taints.filter(({ effect }) => effect === 'NoExecute');
  const used = evicting.map((taint) => tolerations.filter((toleration) => tolerates(toleration, taint)));
  if (used.some((matching) => matching.length === 0)) return 0;
  const seconds = used.flat().map(({ tolerationSeconds }) => tolerationSeconds ?? Number.POSITIVE_INFINITY);
  return Math.max(0, Math.min(Number.POSITIVE_INFINITY, ...seconds)) * 1000;
}
