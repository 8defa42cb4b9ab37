/** Taints with NoSchedule and NoExecute keep pods away that do not tolerate them; PreferNoSchedule costs score. */

import { tolerates } from '../../api/taints.ts';
import type { FilterPlugin, Refusal, ScorePlugin } from '../framework.ts';
import { normalizeToHundred } from '../normalize.ts';

const name = 'TaintToleration';
const refusal: Refusal = { plugin: name, reasons: ['node(s) had untolerated taint(s)'], resolvable: false };

const taintText = ({ key, value, effect }: { key: string; value?: string; effect: string }): string =>
  `${key}${value ? `=${value}` : ''}:${effect}`;

export const taintToleration: FilterPlugin & ScorePlugin = {
  name,
  scope: 'template',
  eventsToRegister: ['node added', 'node taints'],
  weight: 3,

  prepareFilter({ pod: { spec } }) {
    return {
      refuse({ node }) {
        const taints = node.spec?.taints;
        if (taints === undefined || taints.length === 0) return undefined;
        const repelled = taints.some(
          (taint) => taint.effect !== 'PreferNoSchedule' && !tolerates(spec.tolerations, taint),
        );
        return repelled ? refusal : undefined;
      },
      help({ node }) {
        const repelling = (node.spec?.taints ?? []).filter(
          (taint) => taint.effect !== 'PreferNoSchedule' && !tolerates(spec.tolerations, taint),
        );
        const steps = repelling.map((taint) => `remove taint ${taintText(taint)}, or tolerate it`);
        return { steps, distance: steps.length };
      },
    };
  },

  prepareScore({ pod: { spec } }) {
    const relevant = (spec.tolerations ?? []).filter(({ effect }) => !effect || effect === 'PreferNoSchedule');
    return {
      score({ node }) {
        let count = 0;
        for (const taint of node.spec?.taints ?? [])
          if (taint.effect === 'PreferNoSchedule' && !tolerates(relevant, taint)) count++;
        return count;
      },
      normalize: (scores) => normalizeToHundred(scores, { reverse: true }),
    };
  },
};
