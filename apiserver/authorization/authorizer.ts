/** CONTRACT: may this user do that? Asked in order: the first that allows or refuses decides; nobody does: refused. */

import type { SubjectRulesReviewStatus } from '../../api/types/authorization/v1.ts';
import type { LabelRequirement } from '../../kinds/validation/label-requirements.ts';
import type { FieldRequirement } from '../request/field-requirements.ts';
import type { User } from '../request/user.ts';

export interface Action {
  readonly user: User;
  /** `get`, `list`, `create` …; the lower-case method for paths that are no resources. */
  readonly verb: string;
  /** Absent for paths that are no resources. */
  readonly resource?: {
    readonly group: string;
    readonly version: string;
    readonly plural: string;
    readonly subresource: string | undefined;
    readonly namespace: string | undefined;
    /** Of one object; also where a list, a watch or the deletion of a collection selects it by `metadata.name`. */
    readonly name: string | undefined;
    /** By which lists, watches and deletions of collections select, as far as that could be read. Absent: by none. */
    readonly fields?: readonly FieldRequirement[];
    /** The same by labels. */
    readonly labels?: readonly LabelRequirement[];
  };
  readonly path: string;
}

export type Verdict = {
  readonly decision: 'allow' | 'refuse' | 'noOpinion';
  readonly reason?: string;
  /** Why it could not say more: only told to who asks by a review. */
  readonly evaluationError?: string;
};

export interface Authorizer {
  readonly name: string;
  authorize(action: Action): Verdict | Promise<Verdict>;
  /** What the user may do in a namespace, as far as this authorizer could say yes. Absent: it has no list, and the answer is incomplete. */
  rulesFor?(user: User, namespace: string): SubjectRulesReviewStatus | Promise<SubjectRulesReviewStatus>;
}
