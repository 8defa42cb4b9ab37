/** The rules that hold whatever roles say: masters may do all, everybody may ask for health and version. */

import { isMaster } from '../authentication/user.ts';
import type { Authorizer } from './authorizer.ts';

const publicPaths: readonly string[] = ['/healthz', '/livez', '/readyz', '/version'];

export const mastersAuthorizer: Authorizer = {
  name: 'Masters',
  authorize: ({ user }) => ({ decision: isMaster(user) ? 'allow' : 'noOpinion' }),
};

export const publicPathsAuthorizer: Authorizer = {
  name: 'PublicPaths',
  authorize({ resource, verb, path }) {
    const isPublic =
      resource === undefined && verb === 'get' && publicPaths.some((one) => path === one || path.startsWith(`${one}/`));
    return { decision: isPublic ? 'allow' : 'noOpinion' };
  },
};
