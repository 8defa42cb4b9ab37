/** The kind ResourceClaimTemplate. */

import { resourceClaimTemplates } from '../../api/resources/resource.ts';
import { FieldPath } from '../../machinery/field-errors.ts';
import { defineKind } from '../define-kind.ts';
import { validateImmutableStruct } from '../validation/immutable.ts';

const specDefinition = 'io.k8s.api.resource.v1.ResourceClaimTemplateSpec';

export const resourceClaimTemplateKind = defineKind(resourceClaimTemplates, {
  strategy: {
    validateUpdate(next, previous, errors) {
      validateImmutableStruct(specDefinition, next.spec, previous.spec, FieldPath.of('spec'), errors);
    },
  },
});
