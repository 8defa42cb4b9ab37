/** The kind VolumeAttributesClass. */

import { ageColumn, nameColumn, textColumn } from '../columns.ts';
import { defineKind } from '../define-kind.ts';
import { FieldPath } from '../field-errors.ts';
import type { KubernetesObject } from '../object.ts';
import { equalJson } from '../patch/record.ts';
import { validateParameters, validateProvisioner } from './class-fields.ts';

/** Newer than the types we read with. */
export interface VolumeAttributesClass extends KubernetesObject {
  driverName?: string;
  parameters?: Record<string, string>;
}

/** Keeps a class until no claim and no volume names it. */
export const attributesClassProtection = 'kubernetes.io/vac-protection';

export const volumeAttributesClasses = defineKind<VolumeAttributesClass>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'VolumeAttributesClass',
  plural: 'volumeattributesclasses',
  shortNames: ['vac'],
  namespaced: false,
  columns: [
    nameColumn,
    textColumn('DriverName', 'The driver that its attributes are for.', ({ driverName }) => driverName ?? ''),
    ageColumn,
  ],
  strategy: {
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
