/** The kind SubjectAccessReview. */

import type { SubjectAccessReview } from 'kubernetes-types/authorization/v1';
import { defineKind } from '../define-kind.ts';

export const subjectAccessReviews = defineKind<SubjectAccessReview>({
  group: 'authorization.k8s.io',
  version: 'v1',
  kind: 'SubjectAccessReview',
  plural: 'subjectaccessreviews',
  namespaced: false,
  verbs: ['create'],
});
