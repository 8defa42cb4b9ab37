/** The rules of an aggregated ClusterRole: those of all roles that its selectors select, each once. Pure. */

import { equalJson } from '../../api/json-record.ts';
import { matchesLabelSelector } from '../../api/label-selector.ts';
import type { ClusterRole, PolicyRule } from '../../api/types/rbac/v1.ts';
import { compareText } from '../../base/compare.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';

type Role = DeepReadonly<ClusterRole>;

/** What the rules of `role` have to become; undefined: it gathers none, or has them already. */
export function planAggregation(role: Role, all: Iterable<Role>): DeepReadonly<PolicyRule>[] | undefined {
  if (!role.aggregationRule) return undefined;
  const selectors = role.aggregationRule.clusterRoleSelectors ?? [];
  const name = role.metadata?.name;
  const parts = [...all].filter(
    ({ metadata }) =>
      metadata?.name !== name && selectors.some((one) => matchesLabelSelector(one, metadata?.labels ?? {})),
  );
  parts.sort((a, b) => compareText(a.metadata?.name ?? '', b.metadata?.name ?? ''));
  const rules = eachOnce(parts.flatMap((part) => part.rules ?? []));
  return equalJson(rules, role.rules ?? []) ? undefined : rules;
}

function eachOnce(rules: readonly DeepReadonly<PolicyRule>[]): DeepReadonly<PolicyRule>[] {
  const known = new Map(rules.map((rule) => [JSON.stringify(rule), rule]));
  return [...known.values()];
}
