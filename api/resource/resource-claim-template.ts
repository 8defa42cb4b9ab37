/** The kind ResourceClaimTemplate. */

import { defineKind } from '../define-kind.ts';
import { FieldPath } from '../field-errors.ts';
import type { KubernetesObject } from '../object.ts';
import { validateImmutableStruct } from '../validation/immutable.ts';

/** Newer than the types we read with. */
interface ResourceClaimTemplate extends KubernetesObject {
  spec?: object;
}

const specDefinition = 'io.k8s.api.resource.v1.ResourceClaimTemplateSpec';

export const resourceClaimTemplates = defineKind<ResourceClaimTemplate>({
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'ResourceClaimTemplate',
  plural: 'resourceclaimtemplates',
  strategy: {
    validateUpdate(next, previous, errors) {
      validateImmutableStruct(specDefinition, next.spec, previous.spec, FieldPath.of('spec'), errors);
    },
  },
});
