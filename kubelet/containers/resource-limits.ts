/** Requests and limits in the kernel's units. Pure. */

import { milliUnits, parseQuantity, readQuantity } from '../../api/quantity.ts';
import type { ContainerSpec, PodObject } from '../pod.ts';
import type { ContainerResources } from '../runtime/runtime.ts';

const cpuPeriod = 100_000;
const minCpuShares = 2;
const maxCpuShares = 262_144;
const minCpuQuota = 1_000;
const pageBytes = 4096;

type Quantities = Readonly<Record<string, unknown>> | undefined;

export interface NodeLimits {
  readonly nodeMemoryBytes: number;
  /** Of each container: processes and threads; 0: no limit. */
  readonly maxPids: number;
}

export function computeContainerResources(
  pod: PodObject,
  { resources }: ContainerSpec,
  { nodeMemoryBytes, maxPids }: NodeLimits,
): ContainerResources {
  const limits = (resources?.limits ?? {}) as Quantities;
  const requests = (resources?.requests ?? {}) as Quantities;
  const cpuRequest = requests?.cpu ?? limits?.cpu;
  const cpuLimitMilli = limits?.cpu === undefined ? 0 : milliOf(limits.cpu);
  const memoryRequest = bytesOf(requests?.memory ?? limits?.memory);
  return {
    cpuShares: clamp(Math.floor((milliOf(cpuRequest) * 1024) / 1000), minCpuShares, maxCpuShares),
    cpuQuota: cpuLimitMilli === 0 ? 0 : Math.max(minCpuQuota, Math.floor((cpuLimitMilli * cpuPeriod) / 1000)),
    cpuPeriod,
    memoryBytes: Math.floor(bytesOf(limits?.memory) / pageBytes) * pageBytes,
    oomScoreAdj: computeOomScoreAdj(pod, memoryRequest, nodeMemoryBytes),
    maxPids,
  };
}

/** Who asked for all that it uses is killed last; who asked for nothing first; else by the share asked for. */
function computeOomScoreAdj({ status, spec }: PodObject, memoryRequest: number, nodeMemoryBytes: number): number {
  if (spec?.priorityClassName === 'system-node-critical' || status?.qosClass === 'Guaranteed') return -997;
  if (status?.qosClass === 'BestEffort') return 1000;
  const adjusted = 1000 - Math.floor((1000 * memoryRequest) / Math.max(1, nodeMemoryBytes));
  return clamp(adjusted, 3, 999);
}

const milliOf = (quantity: unknown): number =>
  quantity === undefined ? 0 : Number(milliUnits(readQuantity(String(quantity))));
const bytesOf = (quantity: unknown): number => (quantity === undefined ? 0 : parseQuantity(String(quantity)));
const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));
