/** Which pod is evicted first when something runs short: upstream's order. Pure. */

import { type DiskParts, sumOfDisk } from '../stats/disk-usage.ts';
import { type PodUsage, requestOf } from './pod-usage.ts';
import { resourceOf, type Signal } from './signals.ts';

/** Less than zero: `a` goes first. */
type Order = (a: PodUsage, b: PodUsage) => number;

/**
 * The first is to be evicted first. `parts`: what of a pod lies on the file system that the signal is about. One that
 * could not be measured goes before those of which it is known what they use.
 */
export function rankPods(pods: readonly PodUsage[], signal: Signal, parts: DiskParts): PodUsage[] {
  const orders = ordersFor(signal, parts);
  return [...pods].sort((a, b) => orders.map((order) => order(a, b)).find((found) => found !== 0) ?? 0);
}

function ordersFor(signal: Signal, parts: DiskParts): Order[] {
  switch (resourceOf(signal)) {
    case 'memory':
      return byUsage((pod) => pod.memory && pod.memory.workingSetBytes - requestOf(pod.pod, 'memory'));
    case 'ephemeral-storage':
      return byUsage((pod) => pod.disk && sumOfDisk(pod.disk, parts).bytes - requestOf(pod.pod, 'ephemeral-storage'));
    case 'inodes':
      // Nobody can ask for inodes: all that are used are more than was asked for.
      return byUsage((pod) => pod.disk && sumOfDisk(pod.disk, parts).inodes);
    case 'pids':
      return [byPriority, (a, b) => (b.memory?.processes ?? 0) - (a.memory?.processes ?? 0)];
  }
}

/** `excessOf`: how much more it uses than it asked for; undefined: not measured. */
function byUsage(excessOf: (pod: PodUsage) => number | undefined): Order[] {
  const unmeasured: Order = (a, b) => Number(excessOf(a) !== undefined) - Number(excessOf(b) !== undefined);
  const exceeds = (pod: PodUsage) => (excessOf(pod) ?? 0) > 0;
  return [
    unmeasured,
    (a, b) => Number(exceeds(b)) - Number(exceeds(a)),
    byPriority,
    (a, b) => (excessOf(b) ?? 0) - (excessOf(a) ?? 0),
  ];
}

const byPriority: Order = (a, b) => (a.pod.spec?.priority ?? 0) - (b.pod.spec?.priority ?? 0);
