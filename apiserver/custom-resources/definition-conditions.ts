/** Conditions of a CustomResourceDefinition: found, and set as upstream sets them. Pure. */

import { formatTime } from '../../api/time.ts';
import type { CustomResourceDefinition, CustomResourceDefinitionCondition } from '../../api/types/apiextensions/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';

export type DefinitionCondition = Readonly<
  Required<Pick<CustomResourceDefinitionCondition, 'type' | 'status' | 'reason' | 'message'>>
>;

type Conditions = readonly DeepReadonly<CustomResourceDefinitionCondition>[];

export const conditionOf = ({ status }: DeepReadonly<CustomResourceDefinition>, type: string) =>
  status?.conditions?.find((condition) => condition.type === type);

export const isTrue = (definition: DeepReadonly<CustomResourceDefinition>, type: string): boolean =>
  conditionOf(definition, type)?.status === 'True';

/** `conditions` with this one. It changes in place; its time is that of its last change of status. */
export function withCondition(
  conditions: Conditions,
  condition: DefinitionCondition,
  now: number,
): DeepReadonly<CustomResourceDefinitionCondition>[] {
  const before = conditions.find(({ type }) => type === condition.type);
  const isKept = before?.status === condition.status && before.lastTransitionTime !== undefined;
  const lastTransitionTime = isKept ? before.lastTransitionTime : formatTime(now);
  const next = { ...condition, lastTransitionTime };
  return before === undefined
    ? [...conditions, next]
    : conditions.map((one) => (one === before ? { ...before, ...next } : one));
}

export const withoutCondition = (conditions: Conditions, type: string): Conditions =>
  conditions.filter((one) => one.type !== type);
