/** Why objects of kinds of which there is little to say are not as they should be. Pure. */

import type { Stored } from '../../../api/object.ts';
import type { Cause } from '../../../api/pod-explanation.ts';
import { compareQuantities } from '../../../api/quantity.ts';
import type { HorizontalPodAutoscaler } from '../../../api/types/autoscaling/v2.ts';
import type { CronJob } from '../../../api/types/batch/v1.ts';
import type { Node, PersistentVolume, ResourceQuota } from '../../../api/types/core/v1.ts';
import type { PodDisruptionBudget } from '../../../api/types/policy/v1.ts';

const cause = (type: Cause['type'], message: string, help?: readonly string[]): Cause => ({
  type,
  message,
  ...(help !== undefined && { help }),
});

/** Its conditions tell of the rest. */
export function explainNode({ metadata, spec, status }: Stored<Node>): readonly Cause[] {
  const { unschedulable = false, taints = [] } = spec ?? {};
  const kept = taints.filter(({ key }) => key !== 'node.kubernetes.io/unschedulable');
  const titles = kept.map(({ key, value, effect }) => `${key}${value ? `=${value}` : ''}:${effect}`);
  return [
    ...(unschedulable
      ? [cause('node', 'It is cordoned: no pod is placed on it.', [`kubecfg uncordon ${metadata.name}`])]
      : []),
    ...(titles.length > 0 ? [cause('node', `Its taints keep pods away: ${titles.join(', ')}.`)] : []),
    ...((status?.conditions ?? []).length === 0 ? [cause('node', 'Its kubelet has never been heard of.')] : []),
  ];
}

export function explainCronJob({ spec, status }: Stored<CronJob>): readonly Cause[] {
  const active = (status?.active ?? []).map(({ name }) => `job/${name}`);
  return [
    ...(spec.suspend === true ? [cause('pod', 'It is suspended: no run of it begins.')] : []),
    ...(spec.concurrencyPolicy === 'Forbid' && active.length > 0
      ? [cause('pod', `No run begins before the last one has ended: ${active.join(', ')}.`)]
      : []),
  ];
}

export function explainVolume({ spec, status }: Stored<PersistentVolume>): readonly Cause[] {
  const said = [status?.reason, status?.message].filter((text) => text !== undefined && text !== '').join(': ');
  const claim = `${spec?.claimRef?.namespace}/${spec?.claimRef?.name}`;
  if (status?.phase === 'Failed') return [cause('volume', `It could not be reclaimed: ${said}`)];
  if (status?.phase !== 'Released') return [];
  return [
    cause('volume', `Its claim ${claim} is gone; it is kept, with its data (${spec?.persistentVolumeReclaimPolicy}).`, [
      'delete the volume, or take its spec.claimRef away so that another claim may have it',
    ]),
  ];
}

export function explainQuota({ spec, status }: Stored<ResourceQuota>): readonly Cause[] {
  const hard = status?.hard ?? spec?.hard ?? {};
  const full = Object.entries(hard).filter(([name, most]) => compareQuantities(status?.used?.[name] ?? '0', most) >= 0);
  return full.map(([name, most]) => cause('pod', `All of ${name} is used: ${status?.used?.[name] ?? '0'} of ${most}.`));
}

export function explainBudget({ status }: Stored<PodDisruptionBudget>): readonly Cause[] {
  if (status === undefined || (status.disruptionsAllowed ?? 0) > 0) return [];
  const { currentHealthy, desiredHealthy, expectedPods } = status;
  return [
    cause(
      'pod',
      `It allows no disruption now: ${currentHealthy} of ${expectedPods} pods are healthy, and ${desiredHealthy} have to be.`,
    ),
  ];
}

export function explainAutoscaler({ status }: Stored<HorizontalPodAutoscaler>): readonly Cause[] {
  return (status?.conditions ?? []).length > 0
    ? []
    : [cause('pod', 'No controller has looked at it yet.', ['see whether a controller manager runs'])];
}
