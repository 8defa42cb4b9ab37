/** The kind SubjectAccessReview. */

import { subjectAccessReviews } from '../../api/resources/authorization.ts';
import { defineKind } from '../define-kind.ts';

export const subjectAccessReviewKind = defineKind(subjectAccessReviews, {
  servedBy: 'subjectAccessReview',
});
