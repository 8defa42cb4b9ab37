/** Whether a node is one that a pod's nodeSelector and node affinity ask for. Pure. */

import type { DeepReadonly } from '../base/deep-readonly.ts';
import { parseInt64 } from './int64.ts';
import { own } from './json-record.ts';
import { matchesValue } from './label-selector.ts';
import type { NodeSelectorRequirement, NodeSelectorTerm, PodSpec } from './types/core/v1.ts';

type Requirement = DeepReadonly<NodeSelectorRequirement>;
export type SelectorTerm = DeepReadonly<NodeSelectorTerm>;
export interface SelectableNode {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** nodeSelector and the required node affinity together. */
export function matchesRequiredNodes(spec: DeepReadonly<PodSpec>, node: SelectableNode): boolean {
  for (const [key, value] of Object.entries(spec.nodeSelector ?? {})) if (own(node.labels, key) !== value) return false;
  const terms = requiredTerms(spec);
  return terms === undefined || terms.some((term) => matchesTerm(term, node));
}

export function requiredTerms(spec: DeepReadonly<PodSpec>): readonly SelectorTerm[] | undefined {
  return spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
}

/** A term without requirements matches no node. */
export function matchesTerm(term: SelectorTerm, node: SelectableNode): boolean {
  const { matchExpressions = [], matchFields = [] } = term;
  if (matchExpressions.length === 0 && matchFields.length === 0) return false;
  return (
    matchExpressions.every((requirement) => matches(requirement, own(node.labels, requirement.key))) &&
    matchFields.every((requirement) => requirement.key === 'metadata.name' && matches(requirement, node.name))
  );
}

/** The names that a term allows by its fields; undefined when it allows any. */
export function namesOf(term: SelectorTerm): readonly string[] | undefined {
  const names = (term.matchFields ?? [])
    .filter(({ key, operator }) => key === 'metadata.name' && operator === 'In')
    .map(({ values }) => values ?? []);
  return names.length === 0 ? undefined : names.reduce((all, more) => all.filter((one) => more.includes(one)));
}

function matches(requirement: Requirement, value: string | undefined): boolean {
  const { operator, values = [] } = requirement;
  switch (operator) {
    case 'Gt':
      return compare(value, values, (label, limit) => label > limit);
    case 'Lt':
      return compare(value, values, (label, limit) => label < limit);
    default:
      return matchesValue(requirement, value);
  }
}

function compare(
  value: string | undefined,
  values: readonly string[],
  test: (label: bigint, limit: bigint) => boolean,
): boolean {
  const [label, limit] = [parseInt64(value ?? ''), parseInt64(values[0] ?? '')];
  return label !== undefined && limit !== undefined && test(label, limit);
}
