/** Decides who a request is from: the authenticators in order. Another one is another row. */

import { unauthorized } from '../../api/status-error.ts';
import type { ApiRequest } from '../request/api-request.ts';
import { anonymous, type User } from '../request/user.ts';
import type { Authenticator } from './authenticator.ts';

/** Sets `request.user`. Throws Unauthorized for credentials that nobody accepts. */
export async function authenticate(request: ApiRequest, authenticators: readonly Authenticator[]): Promise<void> {
  request.user = await userOf(request, authenticators);
}

async function userOf(request: ApiRequest, authenticators: readonly Authenticator[]): Promise<User> {
  for (const authenticator of authenticators) {
    const found = authenticator.authenticate(request);
    const user = found instanceof Promise ? await found : found;
    if (user !== undefined) return user;
  }
  if (request.header('authorization') !== '') throw unauthorized();
  return anonymous;
}
