/**
 * The pods of a DaemonSet: on which nodes they may be, what they tolerate, and how they are made. Pure.
 *
 * A pod is meant for one node from the start: its required node affinity names it, in place of the template's own, which
 * was asked already.
 */

import { notReadyTaint, unreachableTaint, unschedulableTaint } from '../../../api/labels.ts';
import { matchesRequiredNodes } from '../../../api/node-selection.ts';
import { tolerates } from '../../../api/taints.ts';
import type { DaemonSet } from '../../../api/types/apps/v1.ts';
import type { Node, Pod, PodSpec, PodTemplateSpec, Toleration } from '../../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import type { Cached } from '../../../client/object-cache.ts';
import { controllerOf } from '../ownership.ts';

type CachedSet = Cached<DaemonSet>;
type Spec = DeepReadonly<PodSpec>;

export const revisionLabel = 'controller-revision-hash';
/** Counts templates; old clients read it. */
export const generationLabel = 'pod-template-generation';
export const generationAnnotation = 'deprecated.daemonset.template.generation';

const addedTolerations: readonly Toleration[] = [
  { key: notReadyTaint, operator: 'Exists', effect: 'NoExecute' },
  { key: unreachableTaint, operator: 'Exists', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/disk-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/memory-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/pid-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: unschedulableTaint, operator: 'Exists', effect: 'NoSchedule' },
];
const networkToleration: Toleration = {
  key: 'node.kubernetes.io/network-unavailable',
  operator: 'Exists',
  effect: 'NoSchedule',
};

/** What the template tolerates, and what every daemon does. */
export function tolerationsOf({ hostNetwork, tolerations = [] }: Spec): Toleration[] {
  const added = hostNetwork ? [...addedTolerations, networkToleration] : addedTolerations;
  const isSame = (a: DeepReadonly<Toleration>, b: Toleration) =>
    a.key === b.key && a.effect === b.effect && a.operator === b.operator && (a.value ?? '') === (b.value ?? '');
  const own = tolerations.filter((toleration) => !added.some((other) => isSame(toleration, other)));
  return [...own, ...added];
}

export interface Placement {
  /** A pod is to be made there when there is none. */
  readonly shouldRun: boolean;
  /** One that is there may stay. */
  readonly mayStay: boolean;
}

const nowhere: Placement = { shouldRun: false, mayStay: false };

/** What the set asks of every node, put together once. */
export function placementRule({ spec }: CachedSet): (node: Cached<Node>) => Placement {
  const podSpec: Spec = spec?.template?.spec ?? { containers: [] };
  const tolerations = tolerationsOf(podSpec);
  return (node) => placementOn(node, podSpec, tolerations);
}

function placementOn(node: Cached<Node>, podSpec: Spec, tolerations: readonly Toleration[]): Placement {
  const { name, labels = {} } = node.metadata;
  if (podSpec.nodeName && podSpec.nodeName !== name) return nowhere;
  if (!matchesRequiredNodes(podSpec, { name, labels })) return nowhere;
  const repels = (effects: readonly string[]) =>
    (node.spec?.taints ?? []).some((taint) => effects.includes(taint.effect) && !tolerates(tolerations, taint));
  if (!repels(['NoSchedule', 'NoExecute'])) return { shouldRun: true, mayStay: true };
  return { shouldRun: false, mayStay: !repels(['NoExecute']) };
}

/** Where a pod is, or is meant to be; undefined when it does not say. */
export function targetNodeOf({ spec }: Cached<Pod>): string | undefined {
  if (spec?.nodeName) return spec.nodeName;
  const { nodeSelectorTerms = [] } = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? {};
  for (const { matchFields = [] } of nodeSelectorTerms) {
    const byName = matchFields.find(({ key, operator }) => key === 'metadata.name' && operator === 'In');
    if (byName?.values?.length === 1) return byName.values[0];
  }
  return undefined;
}

/** Index of pods of DaemonSets: by their set's uid, and the node that they are meant for. */
export const daemonIndex = {
  indexers: {
    daemon: (pod: Cached<Pod>): string[] => {
      const owner = controllerOf(pod);
      const node = owner?.kind === 'DaemonSet' ? targetNodeOf(pod) : undefined;
      return owner === undefined || node === undefined ? [] : [`${owner.uid}/${node}`];
    },
  },
};

/** The template of the set's pods on one node. */
export function templateFor(
  { metadata, spec }: CachedSet,
  nodeName: string,
  hash: string,
): DeepReadonly<PodTemplateSpec> {
  const { template } = spec ?? {};
  const generation = metadata.annotations?.[generationAnnotation];
  const podSpec: Spec = template?.spec ?? { containers: [] };
  return {
    metadata: {
      ...template?.metadata,
      labels: {
        ...template?.metadata?.labels,
        ...(generation !== undefined && { [generationLabel]: generation }),
        [revisionLabel]: hash,
      },
    },
    spec: {
      ...podSpec,
      tolerations: tolerationsOf(podSpec),
      affinity: {
        ...podSpec.affinity,
        nodeAffinity: {
          ...podSpec.affinity?.nodeAffinity,
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [nodeName] }] }],
          },
        },
      },
    },
  };
}
