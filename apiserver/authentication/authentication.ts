/** Decides who a request is from: the authenticators in order. Another one is another row. */

import { StatusError, unauthorized } from '../../api/status-error.ts';
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

/**
 * Sets `request.user`, at once where the authenticators know at once. Throws, or rejects with Unauthorized, which says
 * nothing of the reason.
 */
export function authenticate(request: ApiRequest, authentication: Authentication): undefined | Promise<undefined> {
  const found = userOf(request, authentication, begin);
  if (found instanceof Promise) return found.then((user) => recognise(request, user));
  return recognise(request, found);
}

/**
 * Whether who sent a request that is still being answered would be recognised as the same now. Rejects when it cannot be
 * known.
 */
export async function isStillKnown(request: ApiRequest, authentication: Authentication): Promise<boolean> {
  const sender = request.impersonator ?? request.user;
  try {
    const user = await userOf(request, { ...authentication, refusals: untold }, begin);
    return user.name === sender.name;
  } catch (error) {
    if (error instanceof StatusError && error.code === 401) return false;
    throw error;
  }
}

const untold: Authentication['refusals'] = { note() {} };

function recognise(request: ApiRequest, user: User): undefined {
  request.user = user;
}

/** How far the search has come. */
interface Search {
  readonly from: number;
  /** The first that did not believe a credential. */
  readonly refused: RefusedCredentialError | undefined;
}

const begin: Search = { from: 0, refused: undefined };

function userOf(request: ApiRequest, authentication: Authentication, { from, refused }: Search): User | Promise<User> {
  const { authenticators, mayBeAnonymous, refusals } = authentication;
  let first = refused;
  for (const [index, authenticator] of authenticators.entries()) {
    if (index < from) continue;
    try {
      const found = authenticator.authenticate(request);
      if (found instanceof Promise)
        return userLater(found, request, authentication, { from: index + 1, refused: first });
      if (found !== undefined) return found;
    } catch (error) {
      first ??= refusedBy(error);
    }
  }
  if (first === undefined && mayBeAnonymous(request.info.path)) return anonymous;
  refusals.note(request, first?.message ?? 'no credential');
  throw unauthorized();
}

async function userLater(
  asked: Promise<User | undefined>,
  request: ApiRequest,
  authentication: Authentication,
  { from, refused }: Search,
): Promise<User> {
  let first = refused;
  try {
    const user = await asked;
    if (user !== undefined) return user;
  } catch (error) {
    first ??= refusedBy(error);
  }
  return await userOf(request, authentication, { from, refused: first });
}

/** Throws what is no word on a credential. */
function refusedBy(error: unknown): RefusedCredentialError {
  if (error instanceof RefusedCredentialError) return error;
  throw error;
}

const marks = ['system:authenticated', 'system:unauthenticated'];

/** Whoever was recognised is one of the authenticated. */
export function asAuthenticated(user: User): User {
  if (user.groups.some((group) => marks.includes(group))) return user;
  return { ...user, groups: [...user.groups, 'system:authenticated'] };
}
