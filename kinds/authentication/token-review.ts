/** The kind TokenReview. */

import { tokenReviews } from '../../api/resources/authentication.ts';
import { defineKind } from '../define-kind.ts';

export const tokenReviewKind = defineKind(tokenReviews, {
  servedBy: 'tokenReview',
});
