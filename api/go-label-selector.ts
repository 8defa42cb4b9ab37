/** A label selector as Go prints one, which clients see in messages and tables. Pure. */

import { compareKeys } from '../base/compare.ts';
import type { DeepReadonly } from '../base/deep-readonly.ts';
import type { LabelSelector } from './types/meta/v1.ts';

export function goLabelSelector(selector: DeepReadonly<LabelSelector> | undefined): string {
  if (selector === undefined) return 'nil';
  const labels = Object.entries(selector.matchLabels ?? {}).sort(compareKeys);
  const requirements = (selector.matchExpressions ?? []).map(
    ({ key, operator, values = [] }) =>
      `LabelSelectorRequirement{Key:${key},Operator:${operator},Values:[${values.join(' ')}],},`,
  );
  const shownLabels = labels.map(([key, value]) => `${key}: ${value},`).join('');
  return `&LabelSelector{MatchLabels:map[string]string{${shownLabels}},MatchExpressions:[]LabelSelectorRequirement{${requirements.join('')}},}`;
}
