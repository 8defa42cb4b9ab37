/** What may become of a claim's status: devices are given and taken back whole, and nobody has them without. */

import type { Stored } from '../../api/object.ts';
import type { AllocationResult, ResourceClaim, ResourceClaimStatus } from '../../api/types/resource/v1.ts';
import { type FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { validateImmutableStruct } from '../validation/immutable.ts';
import { validateDriverName } from './device-claim.ts';

const allocationDefinition = 'io.k8s.api.resource.v1.AllocationResult';
const statusPath = FieldPath.of('status');
const maxItems = { reservedFor: 256, results: 32 };

export function validateClaimStatus(next: ResourceClaim, previous: Stored<ResourceClaim>, errors: FieldErrors): void {
  const { allocation, reservedFor = [] } = next.status ?? {};
  const path = statusPath.child('reservedFor');
  if (reservedFor.length > maxItems.reservedFor) errors.tooMany(path, reservedFor.length, maxItems.reservedFor);
  else validateConsumers(reservedFor, path, errors);
  if (reservedFor.length > 0 && allocation === undefined)
    errors.forbidden(path, 'may not be specified when `allocated` is not set');
  const isGoing = previous.metadata.deletionTimestamp !== undefined;
  const known = new Set((previous.status?.reservedFor ?? []).map(({ uid }) => uid));
  if (isGoing && reservedFor.some(({ uid }) => !known.has(uid)))
    errors.forbidden(path, 'new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set');
  validateAllocation(allocation, previous, errors, isGoing);
}

function validateConsumers(
  reservedFor: NonNullable<ResourceClaimStatus['reservedFor']>,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const uids = new Set<string>();
  for (const [index, { uid = '', name = '', resource = '' }] of reservedFor.entries()) {
    const at = path.index(index);
    if (resource === '') errors.required(at.child('resource'));
    if (name === '') errors.required(at.child('name'));
    if (uid === '') errors.required(at.child('uid'));
    else if (uids.has(uid)) errors.duplicate(at.child('uid'), uid);
    uids.add(uid);
  }
}

function validateAllocation(
  allocation: AllocationResult | undefined,
  previous: Stored<ResourceClaim>,
  errors: FieldErrors,
  isGoing: boolean,
): void {
  const path = statusPath.child('allocation');
  const before = previous.status?.allocation;
  if (allocation === undefined) return;
  if (before !== undefined) {
    validateImmutableStruct(allocationDefinition, allocation, before, path, errors);
    return;
  }
  if (isGoing) errors.forbidden(path, 'a claim that is being deleted cannot be allocated');
  const results = allocation.devices?.results ?? [];
  const resultsPath = path.child('devices', 'results');
  if (results.length > maxItems.results) errors.tooMany(resultsPath, results.length, maxItems.results);
  else
    for (const [index, one] of results.entries()) {
      const at = resultsPath.index(index);
      validateDriverName(one.driver ?? '', at.child('driver'), errors);
      if (!one.pool) errors.required(at.child('pool'));
      if (!one.device) errors.required(at.child('device'));
      const requests = (previous.spec.devices?.requests ?? []).flatMap(({ name, firstAvailable = [] }) => [
        name,
        ...firstAvailable.map((wish) => `${name}/${wish.name}`),
      ]);
      if (!requests.includes(one.request))
        errors.invalid(
          at.child('request'),
          one.request,
          'must be the name of a request in the claim or the name of a request and a subrequest separated by a /',
        );
    }
}
