/** The kind SelfSubjectReview. */

import { selfSubjectReviews } from '../../api/resources/authentication.ts';
import { defineKind } from '../define-kind.ts';

export const selfSubjectReviewKind = defineKind(selfSubjectReviews, {
  servedBy: 'selfSubjectReview',
});
