/** Why a pod was evicted, in upstream's words. Pure. */

import { formatQuantity, type Quantity, readQuantity } from '../../api/quantity.ts';
import type { PodFailure } from '../pods/pod-state.ts';
import { addDisk } from '../stats/disk-usage.ts';
import { numberOf, type PodUsage } from './pod-usage.ts';
import { type Observations, type PressedResource, type PressureCondition, resourceOf, type Signal } from './signals.ts';
import { amountOf, type Threshold } from './thresholds.ts';

export const evictedReason = 'Evicted';

/** All pods are refused on a full disk; see `pressure-admission.ts`. */
export const conditionMessage = (conditions: readonly PressureCondition[]): string =>
  `The node had condition: [${conditions.join(' ')}]. `;

export function evictionMessage(usage: PodUsage, threshold: Threshold, observations: Observations): string {
  const resource = resourceOf(threshold.signal);
  return `The node was low on resource: ${resource}. ${thresholdText(threshold, observations)}${containersText(usage, resource)}`;
}

function thresholdText({ signal, value }: Threshold, observations: Observations): string {
  const observed = observations[signal];
  if (observed === undefined) return '';
  const quantity = value.type === 'amount' ? value.quantity : binary(amountOf(value, observed));
  const available = countsThings(signal) ? decimal(observed.available) : binary(observed.available);
  return `Threshold quantity: ${formatQuantity(quantity)}, available: ${formatQuantity(available)}. `;
}

const countsThings = (signal: Signal): boolean => ['inodes', 'pids'].includes(resourceOf(signal));

/** Its containers that use more than they asked for. */
function containersText(usage: PodUsage, resource: PressedResource): string {
  if (resource !== 'memory' && resource !== 'ephemeral-storage') return '';
  const { spec } = usage.pod;
  return [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])]
    .flatMap(({ name, resources }) => {
      const used = usedBy(usage, name, resource);
      const request = readQuantity(String(resources?.requests?.[resource] ?? '0'));
      if (used === undefined || used <= numberOf(request)) return [];
      return `Container ${name} was using ${formatQuantity(binary(used))}, request is ${formatQuantity(request)}, has larger consumption of ${resource}. `;
    })
    .join('');
}

function usedBy({ memory, disk }: PodUsage, name: string, resource: 'memory' | 'ephemeral-storage') {
  if (resource === 'memory') return memory?.containers.find((one) => one.name === name)?.workingSetBytes;
  const found = disk?.containers.find((one) => one.name === name);
  return found && addDisk(found.rootfs, found.logs).bytes;
}

const binary = (count: number): Quantity => ({ nanos: BigInt(Math.floor(count)) * 1_000_000_000n, format: 'BinarySI' });
const decimal = (count: number): Quantity => ({ ...binary(count), format: 'DecimalSI' });

/** What a pod that is evicted is told. */
export const evictionOf = (message: string): PodFailure => ({ reason: evictedReason, message });
