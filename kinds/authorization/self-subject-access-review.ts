/** The kind SelfSubjectAccessReview. */

import { selfSubjectAccessReviews } from '../../api/resources/authorization.ts';
import { defineKind } from '../define-kind.ts';

export const selfSubjectAccessReviewKind = defineKind(selfSubjectAccessReviews, {
  servedBy: 'selfSubjectAccessReview',
});
