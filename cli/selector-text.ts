/** A label selector as the text that the API takes: `app=web,tier in (a,b),!old`. Pure. */

import type { LabelSelector } from '../api/types/meta/v1.ts';

type Requirement = NonNullable<LabelSelector['matchExpressions']>[number];

export const selectorText = ({ matchLabels = {}, matchExpressions = [] }: LabelSelector): string =>
  [...Object.entries(matchLabels).map((pair) => pair.join('=')), ...matchExpressions.map(textOf)].join(',');

function textOf({ key, operator, values = [] }: Requirement): string {
  if (operator === 'Exists') return key;
  if (operator === 'DoesNotExist') return `!${key}`;
  return `${key} ${operator === 'In' ? 'in' : 'notin'} (${values.join(',')})`;
}
