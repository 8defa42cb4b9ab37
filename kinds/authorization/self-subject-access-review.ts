/** The kind SelfSubjectAccessReview. */

import { selfSubjectAccessReviews } from '../../api/resources/authorization.ts';
import type { SelfSubjectAccessReview } from '../../api/types/authorization/v1.ts';
import { defineKind } from '../define-kind.ts';

export const selfSubjectAccessReviewKind = defineKind(selfSubjectAccessReviews, {
  verbs: ['create'],
});
