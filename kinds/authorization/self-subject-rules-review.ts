/** The kind SelfSubjectRulesReview. */

import { selfSubjectRulesReviews } from '../../api/resources/authorization.ts';
import { defineKind } from '../define-kind.ts';

export const selfSubjectRulesReviewKind = defineKind(selfSubjectRulesReviews, {
  servedBy: 'selfSubjectRulesReview',
});
