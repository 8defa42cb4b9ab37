/** Reviews: questions about who somebody is and what they may do. Answered at once, never stored. */

import type { KubernetesObject } from '../../../api/object.ts';
import { isSameResource } from '../../../api/resource.ts';
import { selfSubjectReviews } from '../../../api/resources/authentication.ts';
import { badRequest } from '../../../api/status-error.ts';
import { formatTime } from '../../../api/time.ts';
import type { TokenReview } from '../../../api/types/authentication/v1.ts';
import type {
  LocalSubjectAccessReview,
  SelfSubjectAccessReview,
  SelfSubjectRulesReview,
  SubjectAccessReview,
  SubjectAccessReviewSpec,
} from '../../../api/types/authorization/v1.ts';
import type { ObjectMeta } from '../../../api/types/meta/v1.ts';
import { RefusedCredentialError } from '../../authentication/authenticator.ts';
import type { VerifiedTokens } from '../../authentication/verified-tokens.ts';
import { decide, rulesFor } from '../../authorization/authorization.ts';
import type { Authorizer } from '../../authorization/authorizer.ts';
import { managedFieldsOf } from '../../decoding/field-ownership.ts';
import type { AdmissionChain } from '../../registry/admission.ts';
import type { Target } from '../../registry/target.ts';
import type { ApiRequest } from '../../request/api-request.ts';
import type { User } from '../../request/user.ts';
import { parseWriteOptions } from '../../request/write-options.ts';
import { negotiate } from '../../responses/negotiation.ts';
import { sendValue } from '../../responses/object-answers.ts';
import { admitCreation } from '../admit-creation.ts';
import type { ResourceServers, Serve } from '../resource-server.ts';
import { managerOf, placeInNamespace, readObject } from '../write.ts';
import { type AccessSpec, checkAccessReview } from './access-review-checks.ts';
import { reviewedAction } from './reviewed-action.ts';

/** What the answer to a review may look at beside it. */
interface Asked {
  readonly user: User;
  readonly target: Target;
  /** What it says, with the owners of its fields as they would be stored. */
  reviewed<Spec>(review: KubernetesObject & { readonly spec?: Spec }): { metadata: ObjectMeta; spec: Spec | undefined };
}

type Answer<T> = (review: T, asked: Asked) => object | Promise<object>;

type ReviewServers = Pick<
  ResourceServers,
  | 'tokenReview'
  | 'selfSubjectReview'
  | 'subjectAccessReview'
  | 'localSubjectAccessReview'
  | 'selfSubjectAccessReview'
  | 'selfSubjectRulesReview'
>;

export interface ReviewServersParts {
  readonly admission: AdmissionChain;
  readonly authorizers: readonly Authorizer[];
  readonly tokens: Pick<VerifiedTokens, 'verify' | 'serverAudiences'>;
}

/** One for each kind of review. */
export function createReviewServers({ admission, authorizers, tokens }: ReviewServersParts): ReviewServers {
  const reviewServer = <T extends KubernetesObject>(answer: Answer<T>) => createReviewServer(admission, answer);
  const access = async (user: User, spec: AccessSpec | undefined) => {
    const { action, unread } = reviewedAction(user, spec ?? {});
    const { decision, reason, evaluationError } = await decide(action, authorizers);
    const errors = [...(evaluationError ? [evaluationError] : []), ...unread].join('; ');
    return {
      allowed: decision === 'allow',
      ...(decision === 'refuse' && { denied: true }),
      ...(reason && { reason }),
      ...(errors && { evaluationError: errors }),
    };
  };
  return {
    tokenReview: reviewServer((review: TokenReview) => reviewToken(review, tokens)),
    selfSubjectReview: reviewServer((_review, { user }) => ({ userInfo: userInfo(user) })),
    subjectAccessReview: reviewServer((review: SubjectAccessReview, asked) => {
      checkAccessReview({ ...asked.reviewed(review), namesSubject: true });
      return access(subjectOf(review.spec), review.spec);
    }),
    localSubjectAccessReview: reviewServer((review: LocalSubjectAccessReview, asked) => {
      const namespace = asked.target.namespace ?? '';
      checkAccessReview({ ...asked.reviewed(review), namesSubject: true, namespace });
      return access(subjectOf(review.spec), review.spec);
    }),
    selfSubjectAccessReview: reviewServer((review: SelfSubjectAccessReview, asked) => {
      checkAccessReview({ ...asked.reviewed(review), namesSubject: false });
      return access(asked.user, review.spec);
    }),
    selfSubjectRulesReview: reviewServer(({ spec }: SelfSubjectRulesReview, { user }) => {
      if (!spec?.namespace) throw badRequest('no namespace on request');
      return rulesFor(user, spec.namespace, authorizers);
    }),
  };
}

async function reviewToken({ spec }: TokenReview, tokens: ReviewServersParts['tokens']): Promise<object> {
  if (!spec?.token) throw badRequest('token is required for TokenReview in authentication');
  const asked = spec.audiences?.length ? spec.audiences : tokens.serverAudiences;
  try {
    const { user, audiences } = await tokens.verify(spec.token, asked);
    return { authenticated: true, user: userInfo(user), audiences };
  } catch (error) {
    if (!(error instanceof RefusedCredentialError)) throw error;
    return { user: {}, error: error.message };
  }
}

const createReviewServer = <T extends KubernetesObject>(
  admission: AdmissionChain,
  answer: Answer<T>,
): { readonly create: Serve } => ({
  async create(request, target) {
    const output = negotiate(request.header('accept'), ['object']);
    const options = parseWriteOptions(request.query, 'CreateOptions');
    const review = await readObject(request, target.kind, options);
    placeInNamespace(review, target);
    const { dryRun } = options;
    await admitCreation(admission, request, { target, subresource: undefined, object: review, dryRun });
    // A kind of review names the server that knows it.
    const status = await answer(review as T, askedBy(request, target, managerOf(request, options)));
    const isSelf = isSameResource(target.kind, selfSubjectReviews);
    const metadata = { ...review.metadata, ...(isSelf && { creationTimestamp: formatTime(request.clock.now()) }) };
    await sendValue(request, 201, { ...review, metadata, status }, output);
  },
});

function subjectOf({ user = '', groups = [], uid, extra }: SubjectAccessReviewSpec = {}): User {
  return {
    name: user,
    groups,
    ...(uid !== undefined && { uid }),
    ...(extra !== undefined && { extra }),
  };
}

const askedBy = (request: ApiRequest, target: Target, manager: string): Asked => ({
  user: request.user,
  target,
  reviewed(review) {
    const write = { kind: target.kind, manager, subresource: undefined, now: request.clock.now() };
    const managedFields = managedFieldsOf(review, undefined, write);
    return { metadata: { ...review.metadata, managedFields }, spec: review.spec };
  },
});

const userInfo = ({ name, uid, groups, extra }: User) => ({
  username: name,
  ...(uid !== undefined && { uid }),
  groups,
  ...(extra !== undefined && { extra }),
});
