/** What the status of a CustomResourceDefinition is to be, given all definitions there are. Pure. */

import { equalJson } from '../../api/json-record.ts';
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionCondition,
  CustomResourceDefinitionStatus,
} from '../../api/types/apiextensions/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import { approvalCondition, approvalConditionType } from './api-approval.ts';
import {
  conditionOf,
  type DefinitionCondition,
  isTrue,
  withCondition,
  withoutCondition,
} from './definition-conditions.ts';
import { acceptNames } from './definition-names.ts';
import type { IsOwnPlace } from './own-places.ts';

type Definition = DeepReadonly<CustomResourceDefinition>;
type Status = DeepReadonly<CustomResourceDefinitionStatus>;

export interface StatusContext {
  readonly all: Iterable<Definition>;
  readonly isOwnPlace: IsOwnPlace;
  /** Wall time in milliseconds. */
  readonly now: number;
}

/** Undefined: it says so already. */
export function computeDefinitionStatus(
  definition: Definition,
  { all, isOwnPlace, now }: StatusContext,
): Status | undefined {
  const { names, condition } = acceptNames(definition, all, isOwnPlace);
  const before = definition.status ?? {};
  const wanted: [string, DefinitionCondition | undefined][] = [
    ['NamesAccepted', condition],
    ['Established', establishedCondition(definition, condition.status === 'True')],
    ['NonStructuralSchema', nonStructuralCondition(definition)],
    [approvalConditionType, approvalCondition(definition)],
  ];
  const conditions = wanted.reduce<readonly DeepReadonly<CustomResourceDefinitionCondition>[]>(
    (list, [type, one]) => (one === undefined ? withoutCondition(list, type) : withCondition(list, one, now)),
    before.conditions ?? [],
  );
  const status: Status = { ...before, acceptedNames: names, conditions };
  return equalJson(status, before) ? undefined : status;
}

/**
 * The same of several that are looked at together: each in its turn, and what one is given nobody after it gets. Only
 * those that do not say so already.
 */
export function computeDefinitionStatuses<D extends Definition>(
  definitions: Iterable<D>,
  { all, ...context }: StatusContext,
): { readonly definition: D; readonly status: Status }[] {
  const groups = new Map<string, Map<string | undefined, Definition>>();
  for (const one of all) {
    const { group } = one.spec;
    const known = groups.get(group) ?? new Map<string | undefined, Definition>();
    groups.set(group, known.set(one.metadata?.name, one));
  }
  const changes: { readonly definition: D; readonly status: Status }[] = [];
  for (const definition of definitions) {
    const group = groups.get(definition.spec.group);
    const status = computeDefinitionStatus(definition, { ...context, all: group?.values() ?? [] });
    if (status === undefined) continue;
    group?.set(definition.metadata?.name, { ...definition, status });
    changes.push({ definition, status });
  }
  return changes;
}

/** Once established, a definition stays so. */
function establishedCondition(definition: Definition, areNamesAccepted: boolean): DefinitionCondition | undefined {
  const type = 'Established';
  if (isTrue(definition, type)) return kept(definition, type);
  return areNamesAccepted
    ? { type, status: 'True', reason: 'InitialNamesAccepted', message: 'the initial names have been accepted' }
    : { type, status: 'False', reason: 'NotAccepted', message: 'not all names are accepted' };
}

function kept(definition: Definition, type: string): DefinitionCondition {
  const { status = 'True', reason = '', message = '' } = conditionOf(definition, type) ?? {};
  return { type, status, reason, message };
}

/** What is not structural is refused when it is written; only this has been there before there were schemas. */
function nonStructuralCondition({ spec }: Definition): DefinitionCondition | undefined {
  if (!spec.preserveUnknownFields) return undefined;
  const message = 'spec.preserveUnknownFields: Invalid value: true: must be false';
  return { type: 'NonStructuralSchema', status: 'True', reason: 'Violations', message };
}
