/** The kind SelfSubjectRulesReview. */

import type { SelfSubjectRulesReview } from 'kubernetes-types/authorization/v1';
import { defineKind } from '../define-kind.ts';

export const selfSubjectRulesReviews = defineKind<SelfSubjectRulesReview>({
  group: 'authorization.k8s.io',
  version: 'v1',
  kind: 'SelfSubjectRulesReview',
  plural: 'selfsubjectrulesreviews',
  namespaced: false,
  verbs: ['create'],
});
