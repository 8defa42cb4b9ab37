/** The kind ResourceSlice. */

import { resourceSlices } from '../../api/resources/resource.ts';
import type { Device, ResourceSliceSpec } from '../../api/types/resource/v1.ts';
import { type FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { defineKind } from '../define-kind.ts';
import { checkDns1123Label, checkDns1123Subdomain } from '../validation/names.ts';
import { validateDeviceName, validateDriverName } from './device-claim.ts';

const maxItems = { devices: 128, named: 32 };
const places = ['nodeName', 'nodeSelector', 'allNodes', 'perDeviceNodeSelection'] as const;
const onePlace = 'exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required';

export const resourceSliceKind = defineKind(resourceSlices, {
  selectableFields: [
    { name: 'spec.driver', value: ({ spec }) => spec?.driver ?? '' },
    { name: 'spec.nodeName', value: ({ spec }) => spec?.nodeName ?? '' },
  ],
  strategy: {
    returnDeletedObject: true,
    generationOf: ({ spec }) => ({ spec }),
    validate({ spec }, errors) {
      validateSlice(spec ?? {}, FieldPath.of('spec'), errors);
    },
    validateUpdate({ spec }, previous, errors) {
      if (!spec) return;
      const path = FieldPath.of('spec');
      const immutable = 'field is immutable';
      if (spec.driver !== previous.spec.driver) errors.invalid(path.child('driver'), spec.driver, immutable);
      if (spec.pool?.name !== previous.spec.pool.name)
        errors.invalid(path.child('pool', 'name'), spec.pool?.name, immutable);
      if ((spec.nodeName ?? '') !== (previous.spec.nodeName ?? ''))
        errors.invalid(path.child('nodeName'), spec.nodeName ?? null, immutable);
    },
  },
});

function validateSlice(spec: Partial<ResourceSliceSpec>, path: FieldPath, errors: FieldErrors): void {
  validateDriverName(spec.driver ?? '', path.child('driver'), errors);
  const { name = '', resourceSliceCount = 0, generation = 0 } = spec.pool ?? {};
  const poolPath = path.child('pool');
  if (name === '') errors.required(poolPath.child('name'));
  else if (name.length > 253) errors.tooLong(poolPath.child('name'), 253);
  else
    for (const part of name.split('/'))
      for (const problem of checkDns1123Subdomain(part)) errors.invalid(poolPath.child('name'), part, problem);
  if (resourceSliceCount <= 0)
    errors.invalid(poolPath.child('resourceSliceCount'), resourceSliceCount, 'must be greater than zero');
  if (generation < 0) errors.invalid(poolPath.child('generation'), generation, 'must be greater than or equal to zero');
  const set = places.filter((place) => Boolean(spec[place]));
  if (set.length === 0) errors.required(path, onePlace);
  else if (set.length > 1) errors.invalid(path, `{${set.join(', ')}}`, `${onePlace}, but multiple fields are set`);
  const devices = spec.devices ?? [];
  if (devices.length > maxItems.devices) errors.tooMany(path.child('devices'), devices.length, maxItems.devices);
  else validateDevices(devices, path.child('devices'), errors);
}

function validateDevices(devices: readonly Device[], path: FieldPath, errors: FieldErrors): void {
  const names = new Set<string>();
  for (const [index, device] of devices.entries()) {
    const { name = '', attributes = {}, capacity = {} } = device;
    const at = path.index(index);
    for (const problem of checkDns1123Label(name)) errors.invalid(at.child('name'), name, problem);
    if (names.has(name)) errors.duplicate(at.child('name'), name);
    names.add(name);
    const count = Object.keys(attributes).length + Object.keys(capacity).length;
    if (count > maxItems.named)
      errors.invalid(at, count, `the total number of attributes and capacities must not exceed ${maxItems.named}`);
    for (const [key, value] of Object.entries(attributes)) {
      const place = at.child('attributes').key(key);
      validateDeviceName(key, place, errors);
      const set = Object.values(value ?? {}).filter((one) => one !== undefined).length;
      if (set === 0) errors.required(place, 'exactly one value must be specified');
      else if (set > 1) errors.invalid(place, value, 'exactly one value must be specified');
    }
    for (const key of Object.keys(capacity)) validateDeviceName(key, at.child('capacity').key(key), errors);
  }
}
