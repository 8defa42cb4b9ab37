/** Decides who a request is from: the authenticators in order. Another one is another row. */

import { unauthorized } from '../../api/status-error.ts';
import type { ApiRequest } from '../request/api-request.ts';
import { anonymous, type User } from '../request/user.ts';
import { type Authenticator, RefusedCredentialError } from './authenticator.ts';
import type { Refusals } from './refusals.ts';

export interface Authentication {
  readonly authenticators: readonly Authenticator[];
  /** Whether a request without any credential may go on as nobody in particular. */
  mayBeAnonymous(path: string): boolean;
  readonly refusals: Pick<Refusals, 'note'>;
}

/** Sets `request.user`. Throws Unauthorized, which says nothing of the reason. */
export async function authenticate(request: ApiRequest, authentication: Authentication): Promise<void> {
  request.user = await userOf(request, authentication);
}

async function userOf(
  request: ApiRequest,
  { authenticators, mayBeAnonymous, refusals }: Authentication,
): Promise<User> {
  let refused: RefusedCredentialError | undefined;
  for (const authenticator of authenticators) {
    try {
      const found = authenticator.authenticate(request);
      const user = found instanceof Promise ? await found : found;
      if (user !== undefined) return user;
    } catch (error) {
      if (!(error instanceof RefusedCredentialError)) throw error;
      refused ??= error;
    }
  }
  if (refused === undefined && mayBeAnonymous(request.info.path)) return anonymous;
  refusals.note(request, refused?.message ?? 'no credential');
  throw unauthorized();
}

const marks = ['system:authenticated', 'system:unauthenticated'];

/** Whoever was recognised is one of the authenticated. */
export function asAuthenticated(user: User): User {
  if (user.groups.some((group) => marks.includes(group))) return user;
  return { ...user, groups: [...user.groups, 'system:authenticated'] };
}
