/** What a pod counts in a quota: itself while it has not ended, and what it requests and is limited to. */

import { compareText } from '../../base/compare.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import { type Amounts, addAmounts, one, readAmounts } from '../amounts.ts';
import { computePodAmounts, hasPodLevelAmounts } from '../pod-amounts.ts';
import { computeQualityClass } from '../pod-quality.ts';
import { isPodFinished } from '../pods.ts';
import type { Quantity } from '../quantity.ts';
import { parseTime } from '../time.ts';
import type { Pod, PodAffinityTerm, PodSpec } from '../types/core/v1.ts';
import type { QuotaUsage, Requirement } from './quota-usage.ts';
import { selectsName } from './scopes.ts';

const measured = ['cpu', 'memory', 'ephemeral-storage'];
const names = ['count/pods', 'pods', ...measured.flatMap((name) => [name, `requests.${name}`, `limits.${name}`])];
/** Who limits these asks each container to say what it needs of them. For others, saying nothing is asking for none. */
const demanded = ['cpu', 'memory'].flatMap((name) => [name, `requests.${name}`, `limits.${name}`]);

export const podUsage: QuotaUsage<Pod> = {
  resource: { group: '', plural: 'pods' },
  countsUpdates: { subresource: 'resize' },
  isMatching: (name) =>
    names.includes(name) || /^(requests\.)?hugepages-/.test(name) || isExtended(name.replace(/^requests\./, ''), name),
  usageOf(pod, now) {
    const usage = new Map([['count/pods', one]]);
    if (pod.spec === undefined || isOver(pod, now)) return usage;
    const options = { withOverhead: true, status: pod.status };
    const requests = computePodAmounts(pod.spec, 'requests', options);
    addAmounts(usage, usageByName(requests, computePodAmounts(pod.spec, 'limits', options)));
    return usage;
  },
  isInScope,
  whyIncomplete,
};

/** `example.com/gpu`, limited only under the name `requests.example.com/gpu`. */
const isExtended = (resource: string, limitedAs: string): boolean =>
  limitedAs.startsWith('requests.') && resource.includes('/') && !resource.includes('kubernetes.io/');

/** It has ended, or its node has let the time pass in which it should have. */
function isOver(pod: DeepReadonly<Pod>, now: number): boolean {
  if (isPodFinished(pod)) return true;
  const { deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata ?? {};
  if (deletionTimestamp === undefined || deletionGracePeriodSeconds === undefined) return false;
  return now > (parseTime(deletionTimestamp) ?? now) + deletionGracePeriodSeconds * 1000;
}

/** By all the names under which a quota can limit them. */
function usageByName(requests: Amounts, limits: Amounts): Map<string, Quantity> {
  const usage = new Map([['pods', one]]);
  for (const [name, quantity] of requests) {
    const isMeasured = measured.includes(name) || name.startsWith('hugepages-');
    if (isMeasured) usage.set(name, quantity);
    if (isMeasured || isExtended(name, `requests.${name}`)) usage.set(`requests.${name}`, quantity);
  }
  for (const [name, quantity] of limits) if (measured.includes(name)) usage.set(`limits.${name}`, quantity);
  return usage;
}

function isInScope(requirement: Requirement, { spec }: DeepReadonly<Pod>): boolean {
  if (spec === undefined) return false;
  switch (requirement.scopeName) {
    case 'Terminating':
      return spec.activeDeadlineSeconds !== undefined;
    case 'NotTerminating':
      return spec.activeDeadlineSeconds === undefined;
    case 'BestEffort':
      return computeQualityClass(spec) === 'BestEffort';
    case 'NotBestEffort':
      return computeQualityClass(spec) !== 'BestEffort';
    case 'PriorityClass':
      return selectsName(requirement, spec.priorityClassName ? [spec.priorityClassName] : []);
    case 'CrossNamespacePodAffinity':
      return affinityTerms(spec).some(
        ({ namespaces = [], namespaceSelector }) => namespaces.length > 0 || namespaceSelector !== undefined,
      );
    default:
      return false;
  }
}

function affinityTerms({ affinity }: DeepReadonly<PodSpec>): DeepReadonly<PodAffinityTerm>[] {
  return [affinity?.podAffinity, affinity?.podAntiAffinity].flatMap((side) => [
    ...(side?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...(side?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ podAffinityTerm }) => podAffinityTerm),
  ]);
}

function whyIncomplete(limited: readonly string[], { spec }: DeepReadonly<Pod>): string | undefined {
  // What the pod says as a whole, its containers need not say again.
  if (spec !== undefined && hasPodLevelAmounts(spec)) return undefined;
  const missing = new Map<string, Set<string>>();
  for (const { name: container, resources } of [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])]) {
    const said = usageByName(readAmounts(resources?.requests), readAmounts(resources?.limits));
    for (const name of limited) {
      if (!demanded.includes(name) || said.has(name)) continue;
      missing.set(name, (missing.get(name) ?? new Set()).add(container));
    }
  }
  if (missing.size === 0) return undefined;
  const parts = [...missing].sort(([a], [b]) => compareText(a, b));
  return `must specify ${parts.map(([name, containers]) => `${name} for: ${[...containers].sort().join(',')}`).join('; ')}`;
}
