/** What a pod uses of what can run short, and how much of that it asked for. Pure. */

import { computePodAmounts } from '../../api/pod-amounts.ts';
import { parseQuantity, type Quantity } from '../../api/quantity.ts';
import type { PodObject } from '../model/pod.ts';
import type { PodDiskUsage } from '../stats/disk-usage.ts';

export interface PodUsage {
  readonly pod: PodObject;
  /** Undefined: not measured. */
  readonly memory: PodMemoryUsage | undefined;
  readonly disk: PodDiskUsage | undefined;
}

export interface PodMemoryUsage {
  /** Of the pod as a whole. */
  readonly workingSetBytes: number;
  readonly processes: number;
  readonly containers: readonly { readonly name: string; readonly workingSetBytes: number }[];
}

/** In bytes; 0: nothing. */
export function requestOf({ spec }: PodObject, resource: 'memory' | 'ephemeral-storage'): number {
  return spec === undefined ? 0 : numberOf(computePodAmounts(spec, 'requests', { withOverhead: true }).get(resource));
}

/** In bytes; undefined: none of its containers has one. */
export function storageLimitOf({ spec }: PodObject): Quantity | undefined {
  return spec && computePodAmounts(spec, 'limits', { withOverhead: true }).get('ephemeral-storage');
}

export const numberOf = (quantity: Quantity | undefined): number => Number(quantity?.nanos ?? 0n) / 1e9;

/** emptyDir volumes on the disk that may hold so much and no more. */
export function sizeLimitsOf({ spec }: PodObject): { readonly name: string; readonly limit: string }[] {
  return (spec?.volumes ?? []).flatMap(({ name, emptyDir }) => {
    const { sizeLimit = '0', medium = '' } = emptyDir ?? {};
    return medium === '' && parseQuantity(String(sizeLimit)) > 0 ? [{ name, limit: String(sizeLimit) }] : [];
  });
}

/** Whether anything of it is to be measured often. */
export const hasStorageLimits = (pod: PodObject): boolean =>
  sizeLimitsOf(pod).length > 0 || storageLimitOf(pod) !== undefined;
