/** The parts of a Scale in the object that is scaled: where workloads have them, or where its definition says. Pure. */

import { isRecord, own, setOwn } from '../../../api/json-record.ts';
import type { KubernetesObject } from '../../../api/object.ts';
import type { LabelSelector } from '../../../api/types/meta/v1.ts';
import { compareText } from '../../../base/compare.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import type { ScalePaths } from '../../../kinds/kind.ts';
import type { ReplicasPlace } from '../../../machinery/apply/scale-managed-fields.ts';

/** What all scalable kinds have in common. */
export type Scalable = KubernetesObject & {
  spec?: { replicas?: number; selector?: LabelSelector | Record<string, string> };
  status?: { replicas?: number };
};

export interface ScaleParts {
  readonly replicas: number;
  readonly statusReplicas: number;
  /** In its text form. */
  readonly selector: string;
}

export function scaleParts(object: DeepReadonly<Scalable>, paths: ScalePaths | undefined): ScaleParts {
  if (paths === undefined) {
    const { spec, status } = object;
    const selector = selectorText(spec?.selector);
    return { replicas: spec?.replicas ?? 0, statusReplicas: status?.replicas ?? 0, selector };
  }
  const selector = paths.labelSelector && valueAt(object, paths.labelSelector);
  return {
    replicas: numberAt(object, paths.specReplicas),
    statusReplicas: numberAt(object, paths.statusReplicas),
    selector: typeof selector === 'string' ? selector : '',
  };
}

export const hasReplicas = (object: object, paths: ScalePaths): boolean =>
  typeof valueAt(object, paths.specReplicas) === 'number';

const workloadReplicas = ['spec', 'replicas'];

/** Where managers of the object's fields find its replicas, each in the version that it has written. */
export function replicasPlace(paths: ScalePaths | undefined): ReplicasPlace {
  if (paths === undefined) return () => workloadReplicas;
  const { specReplicasByVersion } = paths;
  return (apiVersion) => (specReplicasByVersion.has(apiVersion) ? specReplicasByVersion.get(apiVersion) : null);
}

/** The object with so many replicas; what is on the way to them is copied. */
export function withReplicas(object: Scalable, replicas: number, paths: ScalePaths | undefined): Scalable {
  const path = paths?.specReplicas ?? workloadReplicas;
  return Object.assign({ ...object }, withValue(object, path, replicas));
}

function withValue(value: unknown, [step, ...rest]: readonly string[], end: number): unknown {
  if (step === undefined) return end;
  const copy = isRecord(value) ? { ...value } : {};
  setOwn(copy, step, withValue(own(copy, step), rest, end));
  return copy;
}

const valueAt = (value: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>((at, step) => (isRecord(at) ? own(at, step) : undefined), value);

function numberAt(value: unknown, path: readonly string[]): number {
  const found = valueAt(value, path);
  return typeof found === 'number' ? found : 0;
}

/** The selector in its text form, requirements in the order of their keys. */
function selectorText(selector: DeepReadonly<LabelSelector | Record<string, string>> | undefined): string {
  if (selector === undefined) return '';
  if (!isLabelSelector(selector)) return sortedPairs(selector).join(',');
  const expressions = (selector.matchExpressions ?? []).map(({ key, operator, values = [] }) => {
    const list = `(${[...values].sort().join(',')})`;
    switch (operator) {
      case 'In':
        return { key, text: `${key} in ${list}` };
      case 'NotIn':
        return { key, text: `${key} notin ${list}` };
      case 'Exists':
        return { key, text: key };
      default:
        return { key, text: `!${key}` };
    }
  });
  const labels = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => ({ key, text: `${key}=${value}` }));
  return [...labels, ...expressions]
    .sort((a, b) => compareText(a.key, b.key))
    .map(({ text }) => text)
    .join(',');
}

const isLabelSelector = (selector: object): selector is DeepReadonly<LabelSelector> =>
  'matchLabels' in selector || 'matchExpressions' in selector || Object.keys(selector).length === 0;

const sortedPairs = (labels: Readonly<Record<string, string>>): string[] =>
  Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .sort();
