/** What the group of a pod is given, and those above it: what its containers have together. Pure. */

import type { Amounts } from '../../api/amounts.ts';
import { computePodAmounts, podLevelLimit } from '../../api/pod-amounts.ts';
import { computeQualityClass, type QualityClass } from '../../api/pod-quality.ts';
import { milliUnits, type Quantity, wholeUnits } from '../../api/quantity.ts';
import {
  bytesOf,
  cpuPeriod,
  cpuQuotaOf,
  cpuSharesOf,
  milliOf,
  minCpuShares,
  wholePages,
} from '../model/kernel-amounts.ts';
import type { PodObject } from '../model/pod.ts';
import type { CgroupSettings } from './cgroup-values.ts';

export interface PodLimits {
  /** Processes and threads of each pod; 0: no limit. */
  readonly maxPids: number;
  /** Sizes of huge pages that the node has, by Kubernetes' name: `2Mi`. */
  readonly pageSizes: readonly string[];
}

/** As the API server decided it, which is told with the pod. */
export function qualityOf({ spec, status }: PodObject): QualityClass {
  const told = status?.qosClass;
  if (told === 'Guaranteed' || told === 'Burstable' || told === 'BestEffort') return told;
  return spec === undefined ? 'BestEffort' : computeQualityClass(spec);
}

/**
 * A limit of CPU or memory is one of the pod when all its containers have one, or the pod as a whole: without that, one
 * that has none would be held by those of the others.
 */
export function computePodSettings(pod: PodObject, { maxPids, pageSizes }: PodLimits): CgroupSettings {
  const { spec } = pod;
  if (spec === undefined) return { maxPids };
  const limits = computePodAmounts(spec, 'limits', { withOverhead: true });
  const requests = computePodAmounts(spec, 'requests', { withOverhead: true });
  const limit = (name: string): Quantity | undefined => (isLimited(pod, name) ? limits.get(name) : undefined);
  return {
    cpuShares: cpuSharesOf(milliAmount(requests.get('cpu'))),
    cpuQuota: cpuQuotaOf(milliAmount(limit('cpu'))),
    cpuPeriod,
    memoryBytes: wholePages(wholeAmount(limit('memory'))),
    maxPids,
    hugePages: computeHugePages(limits, pageSizes),
  };
}

function isLimited({ spec }: PodObject, name: string): boolean {
  if (spec === undefined || podLevelLimit(spec, name) !== undefined) return true;
  return [...spec.containers, ...(spec.initContainers ?? [])].every(
    ({ resources }) => (name === 'cpu' ? milliOf : bytesOf)(resources?.limits?.[name]) > 0,
  );
}

/** Those that a pod does not ask for it may not use. */
const computeHugePages = (limits: Amounts, sizes: readonly string[]): ReadonlyMap<string, number> =>
  new Map(sizes.map((size) => [kernelPageSize(size), wholeAmount(limits.get(`hugepages-${size}`))]));

/** `2Mi` is `2MB` in the names of the kernel's files. */
const kernelPageSize = (size: string): string => size.replace(/i$/, 'B');

/** All burstable pods together weigh as much as they ask for, so that none of them has less beside guaranteed ones. */
export function computeBurstableShares(pods: Iterable<PodObject>): number {
  let milli = 0;
  for (const pod of pods) {
    if (pod.spec === undefined || qualityOf(pod) !== 'Burstable') continue;
    milli += milliAmount(computePodAmounts(pod.spec, 'requests', { withOverhead: true }).get('cpu'));
  }
  return cpuSharesOf(milli);
}

export const bestEffortSettings: CgroupSettings = { cpuShares: minCpuShares };

/** What the node has for pods is what they can have together; `isEnforced`: also of memory. */
export function computeTopSettings(
  allocatable: Readonly<Record<string, string>>,
  { isEnforced }: { readonly isEnforced: boolean },
): CgroupSettings {
  return {
    cpuShares: cpuSharesOf(milliOf(allocatable.cpu)),
    memoryBytes: isEnforced ? wholePages(bytesOf(allocatable.memory)) : 0,
    noSwap: true,
  };
}

const milliAmount = (quantity: Quantity | undefined): number =>
  quantity === undefined ? 0 : Number(milliUnits(quantity));
const wholeAmount = (quantity: Quantity | undefined): number =>
  quantity === undefined ? 0 : Number(wholeUnits(quantity));
