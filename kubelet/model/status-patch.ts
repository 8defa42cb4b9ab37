/**
 * Strategic merge patches of a status that touch what is the kubelet's own and nothing else: a condition of somebody
 * else is neither named nor needed, so that a write of theirs is never undone. Pure.
 */

import type { DeepReadonly } from '../../base/deep-readonly.ts';

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly lastTransitionTime?: unknown;
}

/** The elements of a keyed list that make `conditions` of the object hold `own`; of `ownTypes`, others are removed. */
export function patchOfConditions(own: readonly Condition[], ownTypes: ReadonlySet<string>): object[] {
  const present = new Set(own.map(({ type }) => type));
  const gone = [...ownTypes].filter((type) => !present.has(type));
  return [
    // A text that belonged to the verdict before would stay.
    ...own.map((condition) => ({ reason: null, message: null, ...condition })),
    ...gone.map((type) => ({ $patch: 'delete', type })),
  ];
}

/** A keyed list that is replaced as a whole. */
export const replacedList = (items: readonly object[]): object[] => [{ $patch: 'replace' }, ...items];

/** `own` and what others said in `present`, each in its place. */
export function mergeConditions<T extends Condition>(
  own: readonly T[],
  present: readonly DeepReadonly<T>[],
  ownTypes: ReadonlySet<string>,
): T[] {
  const said = new Set(own.map(({ type }) => type));
  const others = present.filter(({ type }) => !ownTypes.has(type) && !said.has(type));
  // A copy may be changed, what is in a cache may not: the type cannot say so of any T.
  return [...own, ...others.map((one) => ({ ...one }) as T)];
}
