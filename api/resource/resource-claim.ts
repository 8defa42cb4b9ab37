/** The kind ResourceClaim. */

import { defineKind, statusSubresource } from '../define-kind.ts';
import { FieldPath } from '../field-errors.ts';
import type { KubernetesObject } from '../object.ts';
import { specAndStatus } from '../spec-and-status.ts';
import { validateImmutableStruct } from '../validation/immutable.ts';

/** Newer than the types we read with. */
interface ResourceClaim extends KubernetesObject {
  spec?: object;
}

const specDefinition = 'io.k8s.api.resource.v1.ResourceClaimSpec';

export const resourceClaims = defineKind<ResourceClaim>({
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'ResourceClaim',
  plural: 'resourceclaims',
  subresources: [statusSubresource],
  strategy: {
    ...specAndStatus<ResourceClaim>({ newStatus: () => ({}), hasGeneration: false, keepsMetadata: true }),
    validateUpdate(next, previous, errors) {
      validateImmutableStruct(specDefinition, next.spec, previous.spec, FieldPath.of('spec'), errors);
    },
  },
});
