/** The rules that hold whatever roles say: masters may do all, everybody may ask for health and version. */

import { isSameResource, type Resource } from '../../api/resource.ts';
import { selfSubjectReviews } from '../../api/resources/authentication.ts';
import { selfSubjectAccessReviews, selfSubjectRulesReviews } from '../../api/resources/authorization.ts';
import type { SubjectRulesReviewStatus } from '../../api/types/authorization/v1.ts';
import type { User } from '../request/user.ts';
import type { Authorizer } from './authorizer.ts';

/** Members of this group may do everything. */
const isMaster = (user: User): boolean => user.groups.includes('system:masters');

const publicPaths: readonly string[] = ['/healthz', '/livez', '/readyz', '/version'];

const nothing: SubjectRulesReviewStatus = { resourceRules: [], nonResourceRules: [], incomplete: false };
const everything: SubjectRulesReviewStatus = {
  resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
  nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
  incomplete: false,
};

export const mastersAuthorizer: Authorizer = {
  name: 'Masters',
  authorize: ({ user }) => ({ decision: isMaster(user) ? 'allow' : 'noOpinion' }),
  rulesFor: (user) => (isMaster(user) ? everything : nothing),
};

export const publicPathsAuthorizer: Authorizer = {
  name: 'PublicPaths',
  authorize({ resource, verb, path }) {
    const isPublic =
      resource === undefined && verb === 'get' && publicPaths.some((one) => path === one || path.startsWith(`${one}/`));
    return { decision: isPublic ? 'allow' : 'noOpinion' };
  },
  rulesFor: () => ({ ...nothing, nonResourceRules: [readOf(publicPaths)] }),
};

const selfReviews: readonly Resource[] = [selfSubjectAccessReviews, selfSubjectRulesReviews, selfSubjectReviews];
const discoveryPaths: readonly string[] = ['/api', '/apis', '/openapi'];

/** Some paths, and all below them. */
const readOf = (paths: readonly string[]) => ({
  verbs: ['get'],
  nonResourceURLs: paths.flatMap((path) => [path, `${path}/*`]),
});

const isKnown = (user: User): boolean => user.groups.includes('system:authenticated');

/** Whoever is known may ask what there is, who they are and what they may do. */
export const knownUsersAuthorizer: Authorizer = {
  name: 'KnownUsers',
  authorize({ user, resource, verb, path }) {
    if (!isKnown(user)) return { decision: 'noOpinion' };
    const asksAboutSelf =
      resource !== undefined && verb === 'create' && selfReviews.some((review) => isSameResource(review, resource));
    const discovers =
      resource === undefined &&
      verb === 'get' &&
      discoveryPaths.some((one) => path === one || path.startsWith(`${one}/`));
    return { decision: asksAboutSelf || discovers ? 'allow' : 'noOpinion' };
  },
  rulesFor: (user) =>
    isKnown(user)
      ? {
          resourceRules: selfReviews.map(({ group, plural }) => ({
            verbs: ['create'],
            apiGroups: [group],
            resources: [plural],
          })),
          nonResourceRules: [readOf(discoveryPaths)],
          incomplete: false,
        }
      : nothing,
};
