/** Requests and limits in the kernel's units. Pure. */

import { milliUnits, parseQuantity, readQuantity } from '../../api/quantity.ts';
import { type ContainerSpec, containerOf, type PodObject } from '../model/pod.ts';
import type { ContainerResources } from '../runtime/runtime.ts';

const cpuPeriod = 100_000;
const minCpuShares = 2;
const maxCpuShares = 262_144;
const minCpuQuota = 1_000;
const pageBytes = 4096;

export interface NodeLimits {
  readonly nodeMemoryBytes: number;
  /** Of each container: processes and threads; 0: no limit. */
  readonly maxPids: number;
}

export function computeContainerResources(
  pod: PodObject,
  container: ContainerSpec,
  { nodeMemoryBytes, maxPids }: NodeLimits,
): ContainerResources {
  const { limits, requests } = container.resources ?? {};
  const cpuRequest = requests?.cpu ?? limits?.cpu;
  const cpuLimitMilli = limits?.cpu === undefined ? 0 : milliOf(limits.cpu);
  return {
    cpuShares: clamp(Math.floor((milliOf(cpuRequest) * 1024) / 1000), minCpuShares, maxCpuShares),
    cpuQuota: cpuLimitMilli === 0 ? 0 : Math.max(minCpuQuota, Math.floor((cpuLimitMilli * cpuPeriod) / 1000)),
    cpuPeriod,
    memoryBytes: wholePages(bytesOf(limits?.memory)),
    oomScoreAdj: computeOomScoreAdj(pod, container, nodeMemoryBytes),
    maxPids,
  };
}

/** As the kernel rounds; but a limit below one page stays one, instead of becoming "no limit". */
const wholePages = (bytes: number): number =>
  bytes === 0 ? 0 : Math.max(pageBytes, Math.floor(bytes / pageBytes) * pageBytes);

/** Who asked for all that it uses is killed last; who asked for nothing first; else by the share asked for. */
function computeOomScoreAdj(pod: PodObject, container: ContainerSpec, nodeMemoryBytes: number): number {
  const { status, spec } = pod;
  if (spec?.priorityClassName === 'system-node-critical' || status?.qosClass === 'Guaranteed') return -997;
  if (status?.qosClass === 'BestEffort') return 1000;
  const scoreOf = (one: ContainerSpec) =>
    1000 - Math.floor((1000 * memoryRequestOf(one)) / Math.max(1, nodeMemoryBytes));
  // A sidecar is not to go before the containers that it serves.
  const served = containerOf(pod, container.name)?.sidecar ? (spec?.containers ?? []) : [container];
  return clamp(Math.min(scoreOf(container), Math.max(...served.map(scoreOf))), 3, 999);
}

const memoryRequestOf = ({ resources }: ContainerSpec): number =>
  bytesOf(resources?.requests?.memory ?? resources?.limits?.memory);

const milliOf = (quantity: unknown): number =>
  quantity === undefined ? 0 : Number(milliUnits(readQuantity(String(quantity))));
const bytesOf = (quantity: unknown): number => (quantity === undefined ? 0 : parseQuantity(String(quantity)));
const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));
