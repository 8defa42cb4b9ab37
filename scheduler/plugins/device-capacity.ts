/** Amounts of devices: shares of a device that several claims may have, and counters that the devices of a pool share. Pure. */

import { own } from '../../api/json-record.ts';
import { formatQuantity, readQuantity } from '../../api/quantity.ts';
import type { CapacityRequestPolicy, Device } from '../../api/types/resource/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { DeviceLedger } from './device-ledger.ts';
import type { DevicePool } from './device-pools.ts';

export type Capacities = Readonly<Record<string, string>>;
type DeviceView = DeepReadonly<Device>;
type Counters = Map<string, Map<string, bigint>>;

const nanosOf = (amount: string | number): bigint => readQuantity(String(amount)).nanos;
const textOf = (nanos: bigint, like: string | number): string =>
  formatQuantity({ nanos, format: readQuantity(String(like)).format });

/**
 * What a share of the device consumes, beside the shares that are given out. Undefined: the device is given to one claim
 * at a time, and has what is requested. `none`: it has not.
 */
export function shareOf(
  device: DeviceView,
  requests: DeepReadonly<Record<string, string | number>>,
  shares: readonly Capacities[],
): Capacities | undefined | 'none' {
  const capacity = device.capacity ?? {};
  if (Object.keys(requests).some((name) => own(capacity, name) === undefined)) return 'none';
  const consumed: Record<string, string> = {};
  for (const [name, { value, requestPolicy }] of Object.entries(capacity)) {
    const amount = consumedOf(value, own(requests, name), requestPolicy);
    if (amount === undefined || amount > nanosOf(value)) return 'none';
    const used = shares.reduce((sum, share) => sum + nanosOf(own(share, name) ?? '0'), 0n);
    if (device.allowMultipleAllocations === true && used + amount > nanosOf(value)) return 'none';
    consumed[name] = textOf(amount, value);
  }
  return device.allowMultipleAllocations === true ? consumed : undefined;
}

/** Undefined: the policy does not allow the amount. Without a policy and a request it is all. */
function consumedOf(
  value: string | number,
  requested: string | number | undefined,
  policy: DeepReadonly<CapacityRequestPolicy> | undefined,
): bigint | undefined {
  const wanted = requested ?? policy?.default;
  if (wanted === undefined) return nanosOf(value);
  const amount = nanosOf(wanted);
  const { validValues = [], validRange } = policy ?? {};
  if (validValues.length > 0) {
    const enough = validValues.map(nanosOf).filter((one) => one >= amount);
    return enough.toSorted((a, b) => (a < b ? -1 : 1))[0];
  }
  if (validRange === undefined) return amount;
  const least = nanosOf(validRange.min);
  const step = validRange.step === undefined ? 0n : nanosOf(validRange.step);
  const over = amount - least;
  const rounded = over <= 0n ? least : step > 0n ? least + ((over + step - 1n) / step) * step : amount;
  return validRange.max !== undefined && rounded > nanosOf(validRange.max) ? undefined : rounded;
}

/** What the devices that are given out leave of the pool's counters. */
export function remainingCounters(pool: DevicePool, ledger: Pick<DeviceLedger, 'given'>): Counters {
  const left: Counters = new Map(
    [...pool.counters].map(([set, counters]) => [
      set,
      new Map(Object.entries(counters).map(([name, value]) => [name, nanosOf(value)])),
    ]),
  );
  for (const { id, device } of pool.devices) if (ledger.given(id).users > 0) consume(device, left);
  return left;
}

/** Undefined: there is not enough left; else what gives it back. */
export function takeCounters(device: DeviceView, counters: Counters | undefined): (() => void) | undefined {
  if ((device.consumesCounters ?? []).length === 0) return () => {};
  if (counters === undefined) return undefined;
  consume(device, counters);
  const giveBack = () => consume(device, counters, -1n);
  const isEnough = (device.consumesCounters ?? []).every(({ counterSet, counters: wanted }) =>
    Object.keys(wanted).every((name) => (counters.get(counterSet)?.get(name) ?? -1n) >= 0n),
  );
  if (isEnough) return giveBack;
  giveBack();
  return undefined;
}

function consume(device: DeviceView, left: Counters, factor = 1n): void {
  for (const { counterSet, counters } of device.consumesCounters ?? []) {
    const set = left.get(counterSet);
    for (const [name, { value }] of Object.entries(counters)) {
      const before = set?.get(name);
      if (before !== undefined) set?.set(name, before - factor * nanosOf(value));
    }
  }
}
