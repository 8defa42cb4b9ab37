/** Taints and tolerations: which taint a pod puts up with. Pure. The API server keeps taints valid; here they are only read. */

import type { DeepReadonly } from '../base/deep-readonly.ts';
import { parseInt64 } from './int64.ts';
import type { Taint, Toleration } from './types/core/v1.ts';

type ReadonlyTaint = DeepReadonly<Pick<Taint, 'key' | 'value' | 'effect'>>;

/** Whether one of the tolerations covers the taint. */
export function tolerates(tolerations: readonly DeepReadonly<Toleration>[] | undefined, taint: ReadonlyTaint): boolean {
  return tolerations?.some((toleration) => toleratesTaint(toleration, taint)) ?? false;
}

/**
 * Whether the toleration covers the taint: same effect and key, where empty means any, and by its operator:
 *
 * | operator        | holds when the taint's value is                                      |
 * |-----------------|----------------------------------------------------------------------|
 * | Equal (default) | the same text; no value is the empty one                             |
 * | Exists          | any; the only operator that may go without a key                     |
 * | Gt, Lt          | an integer greater, less than the toleration's value, both 64 bits   |
 */
export function toleratesTaint(toleration: DeepReadonly<Toleration>, taint: ReadonlyTaint): boolean {
  const { key = '', operator = '', value = '', effect = '' } = toleration;
  if (effect !== '' && effect !== taint.effect) return false;
  if (key !== '' && key !== taint.key) return false;
  if (key === '' && operator !== 'Exists') return false;
  switch (operator || 'Equal') {
    case 'Exists':
      return true;
    case 'Equal':
      return value === (taint.value ?? '');
    case 'Gt':
      return compare(taint.value, value, (taintValue, limit) => taintValue > limit);
    case 'Lt':
      return compare(taint.value, value, (taintValue, limit) => taintValue < limit);
    default:
      return false;
  }
}

function compare(
  taintValue: string | undefined,
  tolerated: string,
  test: (taintValue: bigint, limit: bigint) => boolean,
): boolean {
  const [a, b] = [parseInt64(taintValue ?? ''), parseInt64(tolerated)];
  return a !== undefined && b !== undefined && test(a, b);
}
