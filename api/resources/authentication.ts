/** The resources of authentication.k8s.io. */

import { resource } from '../resource.ts';
import type { SelfSubjectReview, TokenReview } from '../types/authentication/v1.ts';

export const selfSubjectReviews = resource<SelfSubjectReview>({
  group: 'authentication.k8s.io',
  version: 'v1',
  kind: 'SelfSubjectReview',
  plural: 'selfsubjectreviews',
  namespaced: false,
});

export const tokenReviews = resource<TokenReview>({
  group: 'authentication.k8s.io',
  version: 'v1',
  kind: 'TokenReview',
  plural: 'tokenreviews',
  namespaced: false,
});
