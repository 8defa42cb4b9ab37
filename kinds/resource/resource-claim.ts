/** The kind ResourceClaim. */

import { resourceClaims } from '../../api/resources/resource.ts';
import type { ResourceClaim } from '../../api/types/resource/v1.ts';
import { FieldPath } from '../../machinery/field-errors.ts';
import { defineKind, statusSubresource } from '../define-kind.ts';
import { specAndStatus } from '../spec-and-status.ts';
import { validateImmutableStruct } from '../validation/immutable.ts';
import { validateClaimStatus } from './claim-status.ts';
import { setDeviceClaimDefaults, validateDeviceClaim } from './device-claim.ts';

const specDefinition = 'io.k8s.api.resource.v1.ResourceClaimSpec';

export const resourceClaimKind = defineKind(resourceClaims, {
  subresources: [statusSubresource],
  strategy: {
    ...specAndStatus<ResourceClaim>({ newStatus: () => ({}), hasGeneration: false, keepsMetadata: true }),
    setDefaults: ({ spec }) => setDeviceClaimDefaults(spec?.devices),
    compilesExpressions: true,
    validate({ spec }, errors, { isUpdate }) {
      if (!isUpdate) validateDeviceClaim(spec?.devices, FieldPath.of('spec', 'devices'), errors);
    },
    validateUpdate(next, previous, errors, { subresource }) {
      if (subresource === 'status') validateClaimStatus(next, previous, errors);
      validateImmutableStruct(specDefinition, next.spec, previous.spec, FieldPath.of('spec'), errors);
    },
  },
});
