/** The kind LocalSubjectAccessReview. */

import type { LocalSubjectAccessReview } from 'kubernetes-types/authorization/v1';
import { defineKind } from '../define-kind.ts';

export const localSubjectAccessReviews = defineKind<LocalSubjectAccessReview>({
  group: 'authorization.k8s.io',
  version: 'v1',
  kind: 'LocalSubjectAccessReview',
  plural: 'localsubjectaccessreviews',
  verbs: ['create'],
});
