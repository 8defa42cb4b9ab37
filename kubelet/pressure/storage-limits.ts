/**
 * Pods that take more of the disk than they may: an emptyDir beyond its `sizeLimit`, a container or the whole pod beyond
 * its limit of `ephemeral-storage`. In upstream's order and words. Pure.
 */

import { formatQuantity, parseQuantity, readQuantity } from '../../api/quantity.ts';
import type { PodObject } from '../model/pod.ts';
import { addDisk, allParts, type PodDiskUsage, sumOfDisk } from '../stats/disk-usage.ts';
import { numberOf, sizeLimitsOf, storageLimitOf } from './pod-usage.ts';

/** Undefined: it takes no more than it may. */
export function computeStorageExcess(pod: PodObject, usage: PodDiskUsage): string | undefined {
  return volumeExcess(pod, usage) ?? podExcess(pod, usage) ?? containerExcess(pod, usage);
}

function volumeExcess(pod: PodObject, { volumes }: PodDiskUsage): string | undefined {
  const found = sizeLimitsOf(pod).find(({ name, limit }) => {
    const used = volumes.find((one) => one.name === name)?.used.bytes ?? 0;
    return used > parseQuantity(limit);
  });
  return found && `Usage of EmptyDir volume "${found.name}" exceeds the limit "${found.limit}". `;
}

function podExcess(pod: PodObject, usage: PodDiskUsage): string | undefined {
  const limit = storageLimitOf(pod);
  if (limit === undefined || sumOfDisk(usage, allParts).bytes <= numberOf(limit)) return undefined;
  return `Pod ephemeral local storage usage exceeds the total limit of containers ${formatQuantity(limit)}. `;
}

function containerExcess({ spec }: PodObject, { containers }: PodDiskUsage): string | undefined {
  for (const { name, resources } of [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])]) {
    const text = resources?.limits?.['ephemeral-storage'];
    const used = containers.find((one) => one.name === name);
    if (text === undefined || used === undefined) continue;
    const limit = readQuantity(String(text));
    if (limit.nanos > 0n && addDisk(used.rootfs, used.logs).bytes > numberOf(limit))
      return `Container ${name} exceeded its local ephemeral storage limit "${formatQuantity(limit)}". `;
  }
  return undefined;
}
