/** `matchLabelKeys`: labels of the incoming pod itself become part of its selectors when it is created. */

import { own } from '../../../api/json-record.ts';
import type { PodSpec } from '../../../api/types/core/v1.ts';
import type { LabelSelector } from '../../../api/types/meta/v1.ts';

interface Keyed {
  labelSelector?: LabelSelector;
  matchLabelKeys?: string[];
  mismatchLabelKeys?: string[];
}

export function mergeLabelKeys(labels: Readonly<Record<string, string>>, spec: PodSpec): void {
  for (const term of keyedTerms(spec)) {
    const { labelSelector } = term;
    if (!labelSelector) continue;
    addRequirements(labelSelector, term.matchLabelKeys ?? [], 'In', labels);
    addRequirements(labelSelector, term.mismatchLabelKeys ?? [], 'NotIn', labels);
  }
}

function* keyedTerms({ affinity, topologySpreadConstraints = [] }: PodSpec): Generator<Keyed> {
  for (const pods of [affinity?.podAffinity, affinity?.podAntiAffinity]) {
    yield* pods?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
    for (const { podAffinityTerm } of pods?.preferredDuringSchedulingIgnoredDuringExecution ?? [])
      yield podAffinityTerm;
  }
  yield* topologySpreadConstraints;
}

function addRequirements(
  selector: LabelSelector,
  keys: readonly string[],
  operator: 'In' | 'NotIn',
  labels: Readonly<Record<string, string>>,
): void {
  for (const key of keys) {
    const value = own(labels, key);
    if (value === undefined) continue;
    selector.matchExpressions = [...(selector.matchExpressions ?? []), { key, operator, values: [value] }];
  }
}
