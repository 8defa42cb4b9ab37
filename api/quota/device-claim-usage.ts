/** What a ResourceClaim counts in a quota: itself, and its devices by device class, at most as many as it may get. */

import type { DeepReadonly } from '../../base/deep-readonly.ts';
import { addAmounts, one, raiseAmounts, wholeAmount } from '../amounts.ts';
import type { Quantity } from '../quantity.ts';
import type { DeviceRequest, ResourceClaim } from '../types/resource/v1.ts';
import type { QuotaUsage } from './quota-usage.ts';

const countOfClaims = 'count/resourceclaims.resource.k8s.io';
const classSuffix = '.deviceclass.resource.k8s.io/devices';
/** Nobody knows how many devices "all" will be: as many as one claim can get. */
const mostDevices = 32;

export const deviceClaimUsage: QuotaUsage<ResourceClaim> = {
  resource: { group: 'resource.k8s.io', plural: 'resourceclaims' },
  countsUpdates: {},
  isMatching: (name) => name === countOfClaims || name.endsWith(classSuffix),
  usageOf(claim) {
    const usage = new Map<string, Quantity>([[countOfClaims, one]]);
    for (const request of claim.spec?.devices?.requests ?? []) addAmounts(usage, devicesOf(request));
    return usage;
  },
};

/** Of several choices each class counts as much as the choice that takes most of it. */
function devicesOf({ exactly, firstAvailable = [] }: DeepReadonly<DeviceRequest>): Map<string, Quantity> {
  const most = new Map<string, Quantity>();
  for (const { deviceClassName, allocationMode, count } of exactly ? [exactly] : firstAvailable) {
    const devices = allocationMode === 'All' ? mostDevices : (count ?? 1);
    raiseAmounts(most, new Map([[`${deviceClassName}${classSuffix}`, wholeAmount(devices)]]));
  }
  return most;
}
