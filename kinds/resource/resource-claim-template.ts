/** The kind ResourceClaimTemplate. */

import { resourceClaimTemplates } from '../../api/resources/resource.ts';
import { FieldPath } from '../../machinery/field-errors.ts';
import { defineKind } from '../define-kind.ts';
import { validateImmutableStruct } from '../validation/immutable.ts';
import { setDeviceClaimDefaults, validateDeviceClaim } from './device-claim.ts';

const specDefinition = 'io.k8s.api.resource.v1.ResourceClaimTemplateSpec';

export const resourceClaimTemplateKind = defineKind(resourceClaimTemplates, {
  strategy: {
    setDefaults: ({ spec }) => setDeviceClaimDefaults(spec?.spec?.devices),
    compilesExpressions: true,
    validate({ spec }, errors, { isUpdate }) {
      if (!isUpdate) validateDeviceClaim(spec?.spec?.devices, FieldPath.of('spec', 'spec', 'devices'), errors);
    },
    validateUpdate(next, previous, errors) {
      validateImmutableStruct(specDefinition, next.spec, previous.spec, FieldPath.of('spec'), errors);
    },
  },
});
