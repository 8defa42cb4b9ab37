/** The kind VolumeAttributesClass. */

import { equalJson } from '../../api/json-record.ts';
import { volumeAttributesClasses } from '../../api/resources/storage.ts';
import { FieldPath } from '../../machinery/field-errors.ts';
import { ageColumn, nameColumn, textColumn } from '../columns.ts';
import { defineKind } from '../define-kind.ts';
import { validateParameters, validateProvisioner } from './class-fields.ts';

export const volumeAttributesClassKind = defineKind(volumeAttributesClasses, {
  shortNames: ['vac'],
  columns: [
    nameColumn,
    textColumn('DriverName', 'The driver that its attributes are for.', ({ driverName }) => driverName ?? ''),
    ageColumn,
  ],
  strategy: {
    returnDeletedObject: true,
    validate({ driverName, parameters }, errors) {
      validateProvisioner(driverName ?? '', FieldPath.of('driverName'), errors);
      if (Object.keys(parameters ?? {}).length === 0) {
        errors.required(FieldPath.of('parameters'), 'must contain at least one key/value pair');
      }
      validateParameters(parameters, FieldPath.of('parameters'), errors);
    },
    validateUpdate(next, previous, errors) {
      for (const field of ['driverName', 'parameters'] as const) {
        if (equalJson(next[field], previous[field])) continue;
        errors.forbidden(FieldPath.of(field), `updates to ${field} are forbidden.`);
      }
    },
  },
});
