/** The structured selector of objects (`matchLabels`, `matchExpressions`). Pure. The text form of requests is elsewhere. */

import type { DeepReadonly } from '../base/deep-readonly.ts';
import { own } from './json-record.ts';
import type { LabelSelector, LabelSelectorRequirement } from './types/meta/v1.ts';

type Labels = Readonly<Record<string, string>>;

/** An empty selector matches everything; a missing one, also one that is stored as `null`, nothing. */
export function matchesLabelSelector(
  selector: DeepReadonly<LabelSelector> | null | undefined,
  labels: Labels,
): boolean {
  if (selector === undefined || selector === null) return false;
  return (
    matchesLabels(selector.matchLabels ?? {}, labels) &&
    (selector.matchExpressions ?? []).every((requirement) => meets(requirement, labels))
  );
}

/** Every wanted label is there with its value. */
export function matchesLabels(wanted: Labels, labels: Labels): boolean {
  return Object.entries(wanted).every(([name, value]) => own(labels, name) === value);
}

function meets(requirement: DeepReadonly<LabelSelectorRequirement>, labels: Labels): boolean {
  return matchesValue(requirement, own(labels, requirement.key));
}

/** Whether a label's value (undefined: there is no such label) is one that a requirement asks for. */
export function matchesValue(
  { operator, values = [] }: { readonly operator: string; readonly values?: readonly string[] },
  value: string | undefined,
): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      return false;
  }
}
