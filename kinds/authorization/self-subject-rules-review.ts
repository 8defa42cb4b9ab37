/** The kind SelfSubjectRulesReview. */

import { selfSubjectRulesReviews } from '../../api/resources/authorization.ts';
import type { SelfSubjectRulesReview } from '../../api/types/authorization/v1.ts';
import { defineKind } from '../define-kind.ts';

export const selfSubjectRulesReviewKind = defineKind(selfSubjectRulesReviews, {
  verbs: ['create'],
});
