/** What a container can read of the devices that its claims gave it: their names, and how much of each it may use. Pure. */

import { readQuantity, wholeUnits } from '../../api/quantity.ts';
import type { ClaimedDevice } from './pod-device-claims.ts';

/**
 *   LONGSHORE_DEVICES_GPU=gpu-0,gpu-1                 of the request `gpu`
 *   LONGSHORE_SHARE_GPU_MEMORY=8589934592,4294967296  of each of them, in bytes
 */
export function computeDeviceEnvironment(claimed: readonly ClaimedDevice[]): Record<string, string> {
  const values = new Map<string, string[]>();
  const add = (name: string, value: string) => values.set(name, [...(values.get(name) ?? []), value]);
  for (const { request, device, share } of claimed) {
    const wish = upper(request.split('/')[0] ?? '');
    add(`LONGSHORE_DEVICES_${wish}`, device.name);
    for (const [name, amount] of Object.entries(share))
      add(`LONGSHORE_SHARE_${wish}_${upper(name.split('/').at(-1) ?? '')}`, String(wholeUnits(readQuantity(amount))));
  }
  return Object.fromEntries([...values].map(([name, list]) => [name, list.join(',')]));
}

const upper = (text: string): string => text.toUpperCase().replace(/[^A-Z0-9]/g, '_');
