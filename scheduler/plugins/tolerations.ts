/** Whether a pod puts up with a taint. Pure. */

import type { Taint, Toleration } from '../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';

type ReadonlyTaint = DeepReadonly<Pick<Taint, 'key' | 'value' | 'effect'>>;

export function tolerates(tolerations: readonly DeepReadonly<Toleration>[] | undefined, taint: ReadonlyTaint): boolean {
  return tolerations?.some((toleration) => covers(toleration, taint)) ?? false;
}

function covers({ key, operator, value, effect }: DeepReadonly<Toleration>, taint: ReadonlyTaint): boolean {
  if (effect && effect !== taint.effect) return false;
  if (key && key !== taint.key) return false;
  if (!key && operator !== 'Exists') return false;
  switch (operator ?? 'Equal') {
    case 'Exists':
      return true;
    case 'Lt':
      return compare(taint.value, value, (taintValue, limit) => taintValue < limit);
    case 'Gt':
      return compare(taint.value, value, (taintValue, limit) => taintValue > limit);
    default:
      return (value ?? '') === (taint.value ?? '');
  }
}

function compare(
  taintValue: string | undefined,
  tolerated: string | undefined,
  test: (taintValue: bigint, limit: bigint) => boolean,
): boolean {
  const integer = /^-?\d+$/;
  if (!integer.test(taintValue ?? '') || !integer.test(tolerated ?? '')) return false;
  return test(BigInt(taintValue ?? ''), BigInt(tolerated ?? ''));
}
