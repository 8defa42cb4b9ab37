/**
 * What becomes of a default role or binding that is there already, as upstream's API server does at start: what is
 * missing is added, what was added stays, and what says that it is not to be updated is left alone. Pure.
 */

import { isDeepStrictEqual } from 'node:util';
import type { ObjectMeta } from '../../../api/types/meta/v1.ts';
import type { AggregationRule, PolicyRule, RoleRef, Subject } from '../../../api/types/rbac/v1.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import { copyRule, missingRules } from '../../authorization/rbac/rules.ts';

const bootstrapping = 'kubernetes.io/bootstrapping';
const autoUpdate = 'rbac.authorization.kubernetes.io/autoupdate';

export interface RoleObject {
  metadata?: ObjectMeta;
  rules?: PolicyRule[];
  aggregationRule?: AggregationRule;
}

export interface BindingObject {
  metadata?: ObjectMeta;
  roleRef: RoleRef;
  subjects?: Subject[];
}

/** What to write over; undefined: nothing is missing. */
export function reconcileRole<T extends RoleObject>(present: T, wanted: RoleObject): T | undefined {
  if (isLeftAlone(present)) return undefined;
  const next = {
    ...present,
    metadata: addMetadata(present.metadata, wanted.metadata),
    ...(wanted.aggregationRule === undefined
      ? { rules: addRules(present.rules ?? [], wanted.rules) }
      : { aggregationRule: addSelectors(present.aggregationRule, wanted.aggregationRule) }),
  };
  return isDeepStrictEqual(next, present) ? undefined : next;
}

/** What to write over; 'replace': it is bound to another role, which no update may change; undefined: nothing is missing. */
export function reconcileBinding<T extends BindingObject>(
  present: T,
  wanted: BindingObject,
): T | 'replace' | undefined {
  if (isLeftAlone(present)) return undefined;
  if (!isDeepStrictEqual(present.roleRef, wanted.roleRef)) return 'replace';
  const subjects = present.subjects ?? [];
  const missing = (wanted.subjects ?? []).filter((one) => !subjects.some((other) => isDeepStrictEqual(one, other)));
  const next = {
    ...present,
    metadata: addMetadata(present.metadata, wanted.metadata),
    ...(missing.length > 0 && { subjects: [...subjects, ...missing] }),
  };
  return isDeepStrictEqual(next, present) ? undefined : next;
}

/** Whether it was a default of Longshore's own, and is none any more. */
export function isObsolete(
  metadata: DeepReadonly<ObjectMeta>,
  wanted: readonly { readonly metadata?: ObjectMeta }[],
): boolean {
  const { name = '', namespace, labels, annotations } = metadata;
  const isOwnDefault = name.startsWith('longshore:') && labels?.[bootstrapping] === 'rbac-defaults';
  if (!isOwnDefault || annotations?.[autoUpdate] === 'false') return false;
  return !wanted.some((one) => one.metadata?.name === name && one.metadata.namespace === namespace);
}

const isLeftAlone = ({ metadata }: { readonly metadata?: ObjectMeta }): boolean =>
  metadata?.annotations?.[autoUpdate] === 'false';

function addMetadata(present: ObjectMeta = {}, wanted: ObjectMeta = {}): ObjectMeta {
  return {
    ...present,
    ...(wanted.labels && { labels: { ...wanted.labels, ...present.labels } }),
    ...(wanted.annotations && { annotations: { ...wanted.annotations, ...present.annotations } }),
  };
}

function addRules(present: readonly PolicyRule[], wanted: readonly PolicyRule[] = []): PolicyRule[] {
  return [...present, ...missingRules(present, wanted).map(copyRule)];
}

function addSelectors(present: AggregationRule | undefined, wanted: AggregationRule): AggregationRule {
  const selectors = present?.clusterRoleSelectors ?? [];
  const missing = (wanted.clusterRoleSelectors ?? []).filter(
    (one) => !selectors.some((other) => isDeepStrictEqual(one, other)),
  );
  return { clusterRoleSelectors: [...selectors, ...missing] };
}
