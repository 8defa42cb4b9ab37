/** `Impersonate-User`, `-Group`, `-Uid`, `-Extra-*`: acting as somebody else, for those who may. */

import { badRequest, forbidden } from '../../api/status-error.ts';
import { percentDecoded } from '../../base/percent-decoded.ts';
import type { ApiRequest } from '../request/api-request.ts';
import { isMaster, type User } from '../request/user.ts';

/** The user that the request wants to act as; undefined: its own. Throws Forbidden. */
export function impersonatedUser(request: ApiRequest): User | undefined {
  if (!asksForIt(request)) return undefined;
  const name = request.header('impersonate-user');
  const groups = request.incoming.headersDistinct['impersonate-group'] ?? [];
  const uid = request.header('impersonate-uid');
  const extra = extraOf(request);
  if (name === '') {
    if (groups.length === 0 && uid === '' && Object.keys(extra).length === 0) return undefined;
    throw badRequest('requested impersonation of a group, uid or extra without impersonating a user');
  }
  if (!isMaster(request.user)) {
    throw forbidden(
      { group: '', plural: 'users' },
      name,
      `User ${JSON.stringify(request.user.name)} cannot impersonate resource "users" in API group "" at the cluster scope`,
    );
  }
  return {
    name,
    groups: completeGroups(name, groups),
    ...(uid !== '' && { uid }),
    ...(Object.keys(extra).length > 0 && { extra }),
  };
}

/** Nearly no request does: the others should not pay for the reading of all their headers. */
function asksForIt({ incoming: { headers } }: ApiRequest): boolean {
  for (const name in headers) if (name.startsWith('impersonate-')) return true;
  return false;
}

/** Service accounts have their groups by name; everybody but anonymous is authenticated. */
function completeGroups(name: string, groups: readonly string[]): string[] {
  const account = /^system:serviceaccount:([^:]+):[^:]+$/.exec(name);
  const own =
    account && groups.length === 0 ? ['system:serviceaccounts', `system:serviceaccounts:${account[1]}`] : groups;
  const mark = name === 'system:anonymous' ? 'system:unauthenticated' : 'system:authenticated';
  return own.includes(mark) ? [...own] : [...own, mark];
}

const extraPrefix = 'impersonate-extra-';

function extraOf(request: ApiRequest): Record<string, readonly string[]> {
  const extra: [string, readonly string[]][] = [];
  for (const [header, values] of Object.entries(request.incoming.headersDistinct)) {
    if (header.startsWith(extraPrefix)) extra.push([keyOf(header.slice(extraPrefix.length)), values ?? []]);
  }
  return Object.fromEntries(extra);
}

/** A key that is not percent-encoded as it should be is taken as it is: what it says is recorded in any case. */
function keyOf(text: string): string {
  return percentDecoded(text) ?? text;
}
