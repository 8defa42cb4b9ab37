/** A label selector as it is asked in a query, `app=web,tier in (a,b),!old`, both ways. Pure. */

import type { LabelSelector, LabelSelectorRequirement } from '../../api/types/meta/v1.ts';
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

const comparison = /^([\w./-]+)\s*(==?|!=)\s*([\w.-]*)$/;
const membership = /^([\w./-]+)\s+(in|notin)\s*\(([\w.,\s-]*)\)$/;
const existence = /^(!?)\s*([\w./-]+)$/;
/** Anybody may have written it. */
const longest = 1_000;

/** What such a text asks for; undefined where it is beyond the usual: the API server judges those. */
export function readLabelSelector(text: string): LabelSelector | undefined {
  if (text.length > longest) return undefined;
  const requirements = text
    .split(/,(?![^()]*\))/)
    .filter((part) => part.trim() !== '')
    .map((part) => readRequirement(part.trim()));
  const known = requirements.filter((requirement) => requirement !== undefined);
  return known.length === requirements.length ? { matchExpressions: known } : undefined;
}

function readRequirement(text: string): LabelSelectorRequirement | undefined {
  const [, compared, sign, value = ''] = comparison.exec(text) ?? [];
  if (compared !== undefined) return { key: compared, operator: sign === '!=' ? 'NotIn' : 'In', values: [value] };
  const [, key, word, list = ''] = membership.exec(text) ?? [];
  const values = list.split(',').map((one) => one.trim());
  if (key !== undefined) return { key, operator: word === 'in' ? 'In' : 'NotIn', values };
  const [, not, name] = existence.exec(text) ?? [];
  return name === undefined ? undefined : { key: name, operator: not === '!' ? 'DoesNotExist' : 'Exists' };
}
