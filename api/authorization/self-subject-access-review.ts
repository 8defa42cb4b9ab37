/** The kind SelfSubjectAccessReview. */

import type { SelfSubjectAccessReview } from 'kubernetes-types/authorization/v1';
import { defineKind } from '../define-kind.ts';

export const selfSubjectAccessReviews = defineKind<SelfSubjectAccessReview>({
  group: 'authorization.k8s.io',
  version: 'v1',
  kind: 'SelfSubjectAccessReview',
  plural: 'selfsubjectaccessreviews',
  namespaced: false,
  verbs: ['create'],
});
