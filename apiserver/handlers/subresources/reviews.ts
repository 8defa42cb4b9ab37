/** Reviews: questions about who somebody is and what they may do. Answered at once, never stored. */

import type { KubernetesObject } from '../../../api/object.ts';
import { isSameResource } from '../../../api/resource.ts';
import { selfSubjectReviews } from '../../../api/resources/authentication.ts';
import { badRequest } from '../../../api/status-error.ts';
import { formatTime } from '../../../api/time.ts';
import type { TokenReview } from '../../../api/types/authentication/v1.ts';
import type {
  FieldSelectorAttributes,
  LocalSubjectAccessReview,
  ResourceAttributes,
  SelfSubjectAccessReview,
  SelfSubjectRulesReview,
  SubjectAccessReview,
  SubjectAccessReviewSpec,
} from '../../../api/types/authorization/v1.ts';
import type { FieldSelectorRequirement } from '../../../api/types/meta/v1.ts';
import { FieldErrors, FieldPath, invalidObject } from '../../../machinery/field-errors.ts';
import { RefusedCredentialError } from '../../authentication/authenticator.ts';
import type { VerifiedTokens } from '../../authentication/verified-tokens.ts';
import { decide, rulesFor } from '../../authorization/authorization.ts';
import type { Action, Authorizer } from '../../authorization/authorizer.ts';
import type { AdmissionChain } from '../../registry/admission.ts';
import type { Target } from '../../registry/target.ts';
import type { ApiRequest } from '../../request/api-request.ts';
import { type FieldRequirement, parseFieldRequirements } from '../../request/field-requirements.ts';
import type { User } from '../../request/user.ts';
import { parseWriteOptions } from '../../request/write-options.ts';
import { negotiate } from '../../responses/negotiation.ts';
import { sendValue } from '../../responses/object-answers.ts';
import { admitCreation } from '../admit-creation.ts';
import type { ResourceServers, Serve } from '../resource-server.ts';
import { placeInNamespace, readObject } from '../write.ts';

type Answer<T> = (review: T, request: ApiRequest, target: Target) => object | Promise<object>;

type ReviewServers = Pick<
  ResourceServers,
  | 'tokenReview'
  | 'selfSubjectReview'
  | 'subjectAccessReview'
  | 'localSubjectAccessReview'
  | 'selfSubjectAccessReview'
  | 'selfSubjectRulesReview'
>;

const authorization = 'authorization.k8s.io';

export interface ReviewServersParts {
  readonly admission: AdmissionChain;
  readonly authorizers: readonly Authorizer[];
  readonly tokens: Pick<VerifiedTokens, 'verify' | 'serverAudiences'>;
}

/** One for each kind of review. */
export function createReviewServers({ admission, authorizers, tokens }: ReviewServersParts): ReviewServers {
  const reviewServer = <T extends KubernetesObject>(answer: Answer<T>) => createReviewServer(admission, answer);
  const access = async (user: User, spec: Attributes) => {
    const { decision, reason } = await decide(toAction(user, spec), authorizers);
    return { allowed: decision === 'allow', ...(decision === 'refuse' && { denied: true }), ...(reason && { reason }) };
  };
  return {
    tokenReview: reviewServer((review: TokenReview) => reviewToken(review, tokens)),
    selfSubjectReview: reviewServer((_review, { user }) => ({ userInfo: userInfo(user) })),
    subjectAccessReview: reviewServer(({ spec }: SubjectAccessReview) => {
      checkAttributes(spec, authorization, true);
      return access(subjectOf(spec), spec);
    }),
    localSubjectAccessReview: reviewServer(({ spec }: LocalSubjectAccessReview, _request, target) => {
      checkAttributes(spec, authorization, true);
      checkNamespace(spec, target);
      return access(subjectOf(spec), spec);
    }),
    selfSubjectAccessReview: reviewServer(({ spec }: SelfSubjectAccessReview, request) => {
      checkAttributes(spec, authorization, false);
      return access(request.user, spec);
    }),
    selfSubjectRulesReview: reviewServer(({ spec }: SelfSubjectRulesReview, { user }) =>
      rulesFor(user, spec?.namespace ?? '', authorizers),
    ),
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
    const status = await answer(review as T, request, target);
    const isSelf = isSameResource(target.kind, selfSubjectReviews);
    const metadata = { ...review.metadata, ...(isSelf && { creationTimestamp: formatTime(request.clock.now()) }) };
    await sendValue(request, 201, { ...review, metadata, status }, output);
  },
});

type Attributes = Pick<SubjectAccessReviewSpec, 'resourceAttributes' | 'nonResourceAttributes'>;

function checkAttributes(
  given: SubjectAccessReviewSpec | Attributes | undefined,
  group: string,
  needsSubject: boolean,
): void {
  const errors = new FieldErrors();
  const spec = FieldPath.of('spec');
  const { resourceAttributes, nonResourceAttributes, user, groups }: SubjectAccessReviewSpec = given ?? {};
  if (resourceAttributes !== undefined && nonResourceAttributes !== undefined) {
    const shown = { Path: nonResourceAttributes.path ?? '', Verb: nonResourceAttributes.verb ?? '' };
    errors.invalid(
      spec.child('nonResourceAttributes'),
      shown,
      'cannot be specified in combination with resourceAttributes',
    );
  }
  if (resourceAttributes === undefined && nonResourceAttributes === undefined) {
    errors.invalid(
      spec.child('resourceAttributes'),
      null,
      'exactly one of nonResourceAttributes or resourceAttributes must be specified',
    );
  }
  if (needsSubject && !user && !groups?.length)
    errors.invalid(spec.child('user'), '', 'at least one of user or group must be specified');
  // Upstream leaves the kind out here.
  if (!errors.empty) throw invalidObject({ group, kind: '' }, '', errors.list);
}

function checkNamespace({ resourceAttributes }: SubjectAccessReviewSpec, { namespace }: Target): void {
  const errors = new FieldErrors();
  const given = resourceAttributes?.namespace ?? '';
  if (given !== namespace) {
    errors.invalid(FieldPath.of('spec', 'resourceAttributes', 'namespace'), given, `must match metadata.namespace`);
  }
  if (!errors.empty) throw invalidObject({ group: 'authorization.k8s.io', kind: '' }, '', errors.list);
}

function subjectOf({ user = '', groups = [], uid, extra }: SubjectAccessReviewSpec): User {
  return {
    name: user,
    groups,
    ...(uid !== undefined && { uid }),
    ...(extra !== undefined && { extra }),
  };
}

function toAction(user: User, { resourceAttributes, nonResourceAttributes }: Attributes): Action {
  if (resourceAttributes === undefined) {
    return { user, verb: nonResourceAttributes?.verb ?? '', path: nonResourceAttributes?.path ?? '' };
  }
  const {
    group = '',
    version = '',
    resource = '',
    subresource,
    namespace,
    name,
    verb = '',
    fieldSelector,
  }: ResourceAttributes = resourceAttributes;
  const asked = { group, version, plural: resource, subresource, namespace, name };
  const fields = fieldSelector && selectedFields(fieldSelector);
  return { user, verb, path: '', resource: { ...asked, ...(fields && { fields }) } };
}

/** A requirement that cannot be read is left out: with fewer of them, less is allowed. */
function selectedFields({ rawSelector, requirements = [] }: FieldSelectorAttributes): readonly FieldRequirement[] {
  if (rawSelector === undefined) return requirements.flatMap(asFieldRequirement);
  try {
    return parseFieldRequirements(rawSelector);
  } catch {
    return [];
  }
}

function asFieldRequirement({ key: field, operator, values = [] }: FieldSelectorRequirement): FieldRequirement[] {
  const [value, ...others] = values;
  if (value === undefined || others.length > 0 || !['In', 'NotIn'].includes(operator)) return [];
  return [{ field, value, isNegated: operator === 'NotIn' }];
}

const userInfo = ({ name, uid, groups, extra }: User) => ({
  username: name,
  ...(uid !== undefined && { uid }),
  groups,
  ...(extra !== undefined && { extra }),
});
