/** `Impersonate-User`, `-Group`, `-Uid`, `-Extra-*`: acting as somebody else, for those whom the authorizers let. */

import { badRequest } from '../../api/status-error.ts';
import { percentDecoded } from '../../base/percent-decoded.ts';
import type { ApiRequest } from '../request/api-request.ts';
import type { User } from '../request/user.ts';
import { allowOrRefuse } from './authorization.ts';
import type { Action, Authorizer } from './authorizer.ts';

/** `request.user` becomes the one that the request wants to act as, if it wants to. Throws Forbidden. */
export async function impersonate(request: ApiRequest, authorizers: readonly Authorizer[]): Promise<void> {
  const wanted = impersonatedUser(request);
  if (wanted === undefined) return;
  for (const action of actionsOf(request.user, wanted)) await allowOrRefuse(action, authorizers);
  request.impersonator = request.user;
  request.user = { ...wanted, groups: completeGroups(wanted.name, wanted.groups) };
}

/** As it is asked for; undefined: the request's own user. */
function impersonatedUser(request: ApiRequest): User | undefined {
  if (!asksForIt(request)) return undefined;
  const name = request.header('impersonate-user');
  const groups = request.incoming.headersDistinct['impersonate-group'] ?? [];
  const uid = request.header('impersonate-uid');
  const extra = extraOf(request);
  if (name === '') {
    if (groups.length === 0 && uid === '' && Object.keys(extra).length === 0) return undefined;
    throw badRequest('requested impersonation of a group, uid or extra without impersonating a user');
  }
  return {
    name,
    groups,
    ...(uid !== '' && { uid }),
    ...(Object.keys(extra).length > 0 && { extra }),
  };
}

type Impersonated = Partial<NonNullable<Action['resource']>> & { readonly plural: string; readonly name: string };

/** What one must be allowed to impersonate, each thing for itself: the user, the groups, the uid, the values of extra. */
export function actionsOf(user: User, { name, groups, uid, extra = {} }: User): Action[] {
  const [, namespace, account] = serviceAccountName.exec(name) ?? [];
  const authentication = { group: 'authentication.k8s.io', version: 'v1' };
  const impersonated: Impersonated[] = [
    account === undefined ? { plural: 'users', name } : { plural: 'serviceaccounts', namespace, name: account },
    ...groups.map((group) => ({ plural: 'groups', name: group })),
    ...Object.entries(extra).flatMap(([key, values]) =>
      values.map((value) => ({ ...authentication, plural: 'userextras', subresource: key, name: value })),
    ),
    ...(uid === undefined ? [] : [{ ...authentication, plural: 'uids', name: uid }]),
  ];
  return impersonated.map((resource) => ({
    user,
    verb: 'impersonate',
    path: '',
    resource: { group: '', version: '', subresource: undefined, namespace: undefined, ...resource },
  }));
}

/** Nearly no request does: the others should not pay for the reading of all their headers. */
function asksForIt({ incoming: { headers } }: ApiRequest): boolean {
  for (const name in headers) if (name.startsWith('impersonate-')) return true;
  return false;
}

const serviceAccountName = /^system:serviceaccount:([^:]+):([^:]+)$/;

/** Service accounts have their groups by name; everybody but anonymous is authenticated. */
function completeGroups(name: string, groups: readonly string[]): string[] {
  const account = serviceAccountName.exec(name);
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
