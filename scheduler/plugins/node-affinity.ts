/** Pods say by nodeSelector and node affinity where they may run, and where they would rather run. */

import { matchesRequiredNodes, matchesTerm, namesOf, requiredTerms } from '../../api/node-selection.ts';
import type { FilterPlugin, Refusal, ScorePlugin } from '../framework.ts';
import { normalizeToHundred } from '../normalize.ts';
import type { PodSpecView } from '../pod-info.ts';

const name = 'NodeAffinity';
const refusal: Refusal = {
  plugin: name,
  reasons: ["node(s) didn't match Pod's node affinity/selector"],
  resolvable: false,
};

export const nodeAffinity: FilterPlugin & ScorePlugin = {
  name,
  scope: 'template',
  eventsToRegister: ['node added', 'node labels'],
  weight: 2,

  prepareFilter({ pod: { spec } }) {
    if (spec.nodeSelector === undefined && requiredTerms(spec) === undefined) return undefined;
    const candidates = candidatesOf(spec);
    if (candidates?.size === 0) return { plugin: name, reasons: ['pod affinity terms conflict'], resolvable: false };
    return {
      ...(candidates !== undefined && { candidates }),
      refuse: (node) => (matchesRequiredNodes(spec, node) ? undefined : refusal),
    };
  },

  prepareScore({ pod: { spec } }) {
    const preferred = spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    if (preferred.length === 0) return undefined;
    return {
      score(node) {
        let sum = 0;
        for (const { preference, weight } of preferred) if (matchesTerm(preference, node)) sum += weight;
        return sum;
      },
      normalize: (scores) => normalizeToHundred(scores, { reverse: false }),
    };
  },
};

/** The nodes that every term names, as the pods of a DaemonSet do: the others need not even be looked at. */
function candidatesOf(spec: PodSpecView['spec']): ReadonlySet<string> | undefined {
  const terms = requiredTerms(spec);
  if (terms === undefined || terms.length === 0) return undefined;
  const names = terms.map(namesOf);
  if (names.includes(undefined)) return undefined;
  return new Set(names.flatMap((some) => some ?? []));
}
