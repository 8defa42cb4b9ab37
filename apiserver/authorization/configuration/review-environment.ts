/** What match conditions of authorization webhooks may use: `request`, the spec of a SubjectAccessReview. */

import { makeEnvironment } from '../../../machinery/cel/make-environment.ts';
import { listOf, mapOf, objectOf, stringType } from '../../../machinery/cel/types/cel-type.ts';

const selectorType = objectOf('kubernetes.SelectorAttributes', {
  rawSelector: stringType,
  requirements: listOf(
    objectOf('kubernetes.SelectorRequirement', { key: stringType, operator: stringType, values: listOf(stringType) }),
  ),
});

export const reviewEnvironment = makeEnvironment({
  variables: {
    request: objectOf('kubernetes.SubjectAccessReviewSpec', {
      resourceAttributes: objectOf('kubernetes.ResourceAttributes', {
        namespace: stringType,
        verb: stringType,
        group: stringType,
        version: stringType,
        resource: stringType,
        subresource: stringType,
        name: stringType,
        fieldSelector: selectorType,
        labelSelector: selectorType,
      }),
      nonResourceAttributes: objectOf('kubernetes.NonResourceAttributes', { path: stringType, verb: stringType }),
      user: stringType,
      groups: listOf(stringType),
      extra: mapOf(stringType, listOf(stringType)),
      uid: stringType,
    }),
  },
});
