/** The kind TokenReview. */

import type { TokenReview } from 'kubernetes-types/authentication/v1';
import { defineKind } from '../define-kind.ts';

export const tokenReviews = defineKind<TokenReview>({
  group: 'authentication.k8s.io',
  version: 'v1',
  kind: 'TokenReview',
  plural: 'tokenreviews',
  namespaced: false,
  verbs: ['create'],
});
