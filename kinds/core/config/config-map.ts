/** ConfigMaps: keys that can be file names, at most 1 MiB, and, when they say so, never changed again. */

import { configMaps } from '../../../api/resources/core.ts';
import type { ConfigMap } from '../../../api/types/core/v1.ts';
import { type FieldErrors, FieldPath } from '../../../machinery/field-errors.ts';
import { ageColumn, nameColumn, textColumn } from '../../columns.ts';
import { defineKind } from '../../define-kind.ts';
import { checkConfigMapKey } from '../../validation/names.ts';
import { validateFrozen } from './immutable-data.ts';

const maxBytes = 1024 * 1024;

function validate({ data = {}, binaryData = {} }: ConfigMap, errors: FieldErrors): void {
  let bytes = 0;
  for (const [key, value] of Object.entries(data)) {
    const place = FieldPath.of('data').key(key);
    for (const message of checkConfigMapKey(key)) errors.invalid(place, key, message);
    if (Object.hasOwn(binaryData, key)) errors.invalid(place, key, 'duplicate of key present in binaryData');
    bytes += Buffer.byteLength(value);
  }
  for (const [key, value] of Object.entries(binaryData)) {
    const place = FieldPath.of('binaryData').key(key);
    for (const message of checkConfigMapKey(key)) errors.invalid(place, key, message);
    bytes += Buffer.byteLength(value, 'base64');
  }
  if (bytes > maxBytes) errors.tooLong(unnamed, maxBytes);
}

/** As upstream prints a path without a name. */
const unnamed = FieldPath.of('[]');

export const configMapKind = defineKind(configMaps, {
  shortNames: ['cm'],
  columns: [
    nameColumn,
    textColumn(
      'Data',
      'How many keys it has.',
      ({ data = {}, binaryData = {} }) => Object.keys(data).length + Object.keys(binaryData).length,
    ),
    ageColumn,
  ],
  strategy: {
    metadataOnUpdate: 'both',
    validate(object, errors, { isUpdate }) {
      if (!isUpdate) validate(object, errors);
    },
    validateUpdate(next, previous, errors) {
      validateFrozen(next, previous, ['data', 'binaryData'], errors);
      validate(next, errors);
    },
  },
});
