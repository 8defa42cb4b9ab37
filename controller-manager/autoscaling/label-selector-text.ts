/** A label selector as it is asked in a query: `app=web,tier in (a,b),!old`. Pure. */

import type { LabelSelector } from '../../api/types/meta/v1.ts';
import { compareKeys } from '../../base/compare.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';

export function labelSelectorText({ matchLabels = {}, matchExpressions = [] }: DeepReadonly<LabelSelector>): string {
  const labels = Object.entries(matchLabels)
    .sort(compareKeys)
    .map(([key, value]) => `${key}=${value}`);
  const requirements = matchExpressions.map(({ key, operator, values = [] }) => {
    switch (operator) {
      case 'In':
        return `${key} in (${values.join(',')})`;
      case 'NotIn':
        return `${key} notin (${values.join(',')})`;
      case 'DoesNotExist':
        return `!${key}`;
      default:
        return key;
    }
  });
  return [...labels, ...requirements].join(',');
}
