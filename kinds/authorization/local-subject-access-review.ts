/** The kind LocalSubjectAccessReview. */

import { localSubjectAccessReviews } from '../../api/resources/authorization.ts';
import { defineKind } from '../define-kind.ts';

export const localSubjectAccessReviewKind = defineKind(localSubjectAccessReviews, {
  servedBy: 'localSubjectAccessReview',
});
