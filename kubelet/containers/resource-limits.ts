/** Requests and limits in the kernel's units. Pure. */

import { computePodAmounts, podLevelLimit } from '../../api/pod-amounts.ts';
import { wholeUnits } from '../../api/quantity.ts';
import { bytesOf, clamp, cpuPeriod, cpuQuotaOf, cpuSharesOf, milliOf, wholePages } from '../model/kernel-amounts.ts';
import { type ContainerSpec, containerOf, type PodObject } from '../model/pod.ts';
import type { ContainerResources } from '../runtime/runtime.ts';

export interface NodeLimits {
  readonly nodeMemoryBytes: number;
  /** Of each pod, and so of each container: processes and threads; 0: no limit. */
  readonly maxPids: number;
}

/** A container that has no limit of its own has that of its pod as a whole. */
export function computeContainerResources(
  pod: PodObject,
  container: ContainerSpec,
  { nodeMemoryBytes, maxPids }: NodeLimits,
): ContainerResources {
  const { requests } = container.resources ?? {};
  const cpuLimit = limitOf(pod, container, 'cpu');
  return {
    cpuShares: cpuSharesOf(milliOf(requests?.cpu ?? cpuLimit)),
    cpuQuota: cpuQuotaOf(milliOf(cpuLimit)),
    cpuPeriod,
    memoryBytes: wholePages(bytesOf(limitOf(pod, container, 'memory'))),
    oomScoreAdj: computeOomScoreAdj(pod, container, nodeMemoryBytes),
    maxPids,
  };
}

function limitOf({ spec }: PodObject, { resources }: ContainerSpec, name: string): string | undefined {
  const own = resources?.limits?.[name];
  const isSet = own !== undefined && milliOf(own) > 0;
  return isSet || spec === undefined ? own : (podLevelLimit(spec, name) ?? own);
}

/** Who asked for all that it uses is killed last; who asked for nothing first; else by the share asked for. */
function computeOomScoreAdj(pod: PodObject, container: ContainerSpec, nodeMemoryBytes: number): number {
  const { status, spec } = pod;
  if (spec?.priorityClassName === 'system-node-critical' || status?.qosClass === 'Guaranteed') return -997;
  if (status?.qosClass === 'BestEffort') return 1000;
  const shared = sharedRequestOf(pod);
  const scoreOf = (one: ContainerSpec) =>
    1000 - Math.floor((1000 * (memoryRequestOf(one) + shared)) / Math.max(1, nodeMemoryBytes));
  // A sidecar is not to go before the containers that it serves.
  const served = containerOf(pod, container.name)?.sidecar ? (spec?.containers ?? []) : [container];
  return clamp(Math.min(scoreOf(container), Math.max(...served.map(scoreOf))), 3, 999);
}

/** What the pod asks for as a whole beyond its containers is theirs in equal parts. */
function sharedRequestOf({ spec }: PodObject): number {
  const whole = bytesOf(spec?.resources?.requests?.memory);
  if (spec === undefined || whole === 0) return 0;
  const { resources: _, ...ofContainers } = spec;
  const sum = computePodAmounts(ofContainers, 'requests', { withOverhead: false }).get('memory');
  const left = whole - (sum === undefined ? 0 : Number(wholeUnits(sum)));
  return Math.max(0, Math.floor(left / (spec.containers.length + (spec.initContainers ?? []).length)));
}

const memoryRequestOf = ({ resources }: ContainerSpec): number =>
  bytesOf(resources?.requests?.memory ?? resources?.limits?.memory);
