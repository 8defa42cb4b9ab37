/** The kind SelfSubjectReview. */

import type { SelfSubjectReview } from 'kubernetes-types/authentication/v1';
import { defineKind } from '../define-kind.ts';

export const selfSubjectReviews = defineKind<SelfSubjectReview>({
  group: 'authentication.k8s.io',
  version: 'v1',
  kind: 'SelfSubjectReview',
  plural: 'selfsubjectreviews',
  namespaced: false,
  verbs: ['create'],
});
