/** What a pod asks of its spreading, made ready to be asked: own constraints, or soft ones for pods of one owner. */

import { own } from '../../api/json-record.ts';
import { matchesLabelSelector, matchesLabels } from '../../api/label-selector.ts';
import { matchesRequiredNodes } from '../../api/node-selection.ts';
import { tolerates } from '../../api/taints.ts';
import type { TopologySpreadConstraint } from '../../api/types/core/v1.ts';
import type { LabelSelector } from '../../api/types/meta/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { ClusterListers } from '../cluster-listers.ts';
import type { NodeInfo } from '../node-info.ts';
import type { PodQuestion } from '../pod-counts.ts';
import type { PodInfo } from '../pod-info.ts';
import type { DefaultConstraints } from './spread-args.ts';

export interface SpreadConstraint {
  readonly topologyKey: string;
  readonly maxSkew: number;
  /** With fewer domains than this the emptiest counts as empty. */
  readonly minDomains: number;
  /** Whether pods on this node count. */
  counts(node: NodeInfo): boolean;
  /** Whether they count on every node. */
  readonly countsEverywhere: boolean;
  /** Which pods are spread. */
  readonly question: PodQuestion;
}

type Constraint = DeepReadonly<TopologySpreadConstraint>;
export type WhenUnsatisfiable = 'DoNotSchedule' | 'ScheduleAnyway';

export function ownConstraints(pod: PodInfo, whenUnsatisfiable: WhenUnsatisfiable): readonly SpreadConstraint[] {
  return (pod.pod.spec.topologySpreadConstraints ?? [])
    .filter((constraint) => constraint.whenUnsatisfiable === whenUnsatisfiable)
    .map((constraint) => prepare(constraint, pod));
}

export interface DefaultsInput {
  readonly listers: ClusterListers;
  readonly defaults: DefaultConstraints;
  readonly whenUnsatisfiable: WhenUnsatisfiable;
}

/** Of the profile; none for a pod that belongs to no Service and no controller. */
export function defaultConstraints(
  pod: PodInfo,
  { listers, defaults, whenUnsatisfiable }: DefaultsInput,
): readonly SpreadConstraint[] {
  const wanted = defaults.filter((constraint) => constraint.whenUnsatisfiable === whenUnsatisfiable);
  if (wanted.length === 0) return [];
  const selector = siblingsOf(pod, listers);
  if (selector === undefined) return [];
  const question = questionFor(pod, selector.key, (other) => selector.matches(other.labels));
  return wanted.map((constraint) => withQuestion(constraint, pod, question));
}

function prepare(constraint: Constraint, pod: PodInfo): SpreadConstraint {
  const selector = withMatchLabelKeys(constraint, pod);
  const matches = (other: PodInfo) => matchesLabelSelector(selector, other.labels);
  return withQuestion(constraint, pod, questionFor(pod, JSON.stringify(selector), matches));
}

function withQuestion(constraint: Constraint, pod: PodInfo, question: PodQuestion): SpreadConstraint {
  return {
    topologyKey: constraint.topologyKey,
    maxSkew: constraint.maxSkew,
    minDomains: constraint.minDomains ?? 1,
    counts(node) {
      const { nodeAffinityPolicy = 'Honor', nodeTaintsPolicy = 'Ignore' } = constraint;
      if (nodeAffinityPolicy === 'Honor' && !matchesRequiredNodes(pod.pod.spec, node)) return false;
      return nodeTaintsPolicy === 'Ignore' || !isRepelled(pod, node);
    },
    countsEverywhere: acceptsAnyNode(pod) && constraint.nodeTaintsPolicy !== 'Honor',
    question,
  };
}

function acceptsAnyNode({ pod: { spec } }: PodInfo): boolean {
  return spec.nodeSelector === undefined && spec.affinity?.nodeAffinity === undefined;
}

/** Pods that end are as good as gone. */
function questionFor(pod: PodInfo, key: string, matches: (other: PodInfo) => boolean): PodQuestion {
  return {
    key: `spread ${pod.namespace} ${key}`,
    namespace: pod.namespace,
    matches: (other) => !other.terminating && matches(other),
  };
}

/** The API server writes these keys into the selector already; doing it again changes nothing. */
function withMatchLabelKeys(
  { labelSelector, matchLabelKeys = [] }: Constraint,
  pod: PodInfo,
): DeepReadonly<LabelSelector> | undefined {
  const values = matchLabelKeys.flatMap((key) => {
    const value = own(pod.labels, key);
    return value === undefined ? [] : [{ key, operator: 'In', values: [value] }];
  });
  if (labelSelector === undefined || values.length === 0) return labelSelector;
  return { ...labelSelector, matchExpressions: [...(labelSelector.matchExpressions ?? []), ...values] };
}

function isRepelled({ pod }: PodInfo, { node }: NodeInfo): boolean {
  return (node.spec?.taints ?? []).some(
    (taint) => taint.effect !== 'PreferNoSchedule' && !tolerates(pod.spec.tolerations, taint),
  );
}

interface Siblings {
  readonly key: string;
  matches(labels: Readonly<Record<string, string>>): boolean;
}

/** The pods that all Services of the pod and its controller select, together. */
function siblingsOf(pod: PodInfo, listers: ClusterListers): Siblings | undefined {
  const labels: Record<string, string> = {};
  for (const { spec } of listers.services.list(pod.namespace)) {
    const selector = spec?.selector ?? {};
    if (Object.keys(selector).length > 0 && matchesLabels(selector, pod.labels)) Object.assign(labels, selector);
  }
  const owner = ownerSelector(pod, listers);
  const count =
    Object.keys(labels).length + Object.keys(owner?.matchLabels ?? {}).length + (owner?.matchExpressions ?? []).length;
  if (count === 0) return undefined;
  return {
    key: JSON.stringify([labels, owner]),
    matches: (other) => matchesLabels(labels, other) && (owner === undefined || matchesLabelSelector(owner, other)),
  };
}

function ownerSelector(pod: PodInfo, listers: ClusterListers): DeepReadonly<LabelSelector> | undefined {
  const owner = pod.pod.metadata.ownerReferences?.find(({ controller }) => controller);
  if (owner === undefined) return undefined;
  const key = `${pod.namespace}/${owner.name}`;
  switch (`${owner.apiVersion} ${owner.kind}`) {
    case 'v1 ReplicationController': {
      const matchLabels = listers.replicationControllers.get(key)?.spec?.selector;
      return matchLabels === undefined ? undefined : { matchLabels };
    }
    case 'apps/v1 ReplicaSet':
      return listers.replicaSets.get(key)?.spec?.selector;
    case 'apps/v1 StatefulSet':
      return listers.statefulSets.get(key)?.spec?.selector;
    default:
      return undefined;
  }
}
