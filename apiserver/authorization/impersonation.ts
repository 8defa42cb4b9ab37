/**
 * `Impersonate-User`, `-Group`, `-Uid`, `-Extra-*`: acting as somebody else, for those whom the authorizers let. What
 * they must let one do, `impersonation-modes.ts` says: there are several ways, and one of them is enough.
 */

import { badRequest, StatusError } from '../../api/status-error.ts';
import { percentDecoded } from '../../base/percent-decoded.ts';
import type { ApiRequest } from '../request/api-request.ts';
import type { User } from '../request/user.ts';
import { actionOf, allowOrRefuse } from './authorization.ts';
import type { Action, Authorizer } from './authorizer.ts';
import { impersonationModes } from './impersonation-modes.ts';

/** `request.user` becomes the one that the request wants to act as, if it wants to. Throws, or rejects with Forbidden. */
export function impersonate(request: ApiRequest, authorizers: readonly Authorizer[]): undefined | Promise<undefined> {
  const wanted = impersonatedUser(request);
  return wanted && actAs(request, wanted, authorizers);
}

async function actAs(request: ApiRequest, wanted: User, authorizers: readonly Authorizer[]): Promise<undefined> {
  const user = await allowedUser(actionOf(request), wanted, authorizers);
  request.impersonator = request.user;
  request.user = user;
}

/** Whether who sent it may still act as the user that it was sent as. True for requests as oneself. */
export async function mayStillImpersonate(request: ApiRequest, authorizers: readonly Authorizer[]): Promise<boolean> {
  const { impersonator } = request;
  const wanted = impersonatedUser(request);
  if (impersonator === undefined || wanted === undefined) return true;
  try {
    await allowedUser({ ...actionOf(request), user: impersonator }, wanted, authorizers);
    return true;
  } catch (error) {
    if (error instanceof StatusError && error.code === 403) return false;
    throw error;
  }
}

/** As the first mode has it that is allowed. Throws what the first one was refused with. */
async function allowedUser(action: Action, wanted: User, authorizers: readonly Authorizer[]): Promise<User> {
  let refused: StatusError | undefined;
  for (const { actions, user } of impersonationModes(action, wanted)) {
    try {
      for (const needed of actions) await allowOrRefuse(needed, authorizers);
      return user;
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      refused ??= error;
    }
  }
  throw refused ?? badRequest('nobody can be impersonated like this');
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
    throw badRequest(`requested ${goUser(uid, groups, extra)} without impersonating a user name`);
  }
  return {
    name,
    groups,
    ...(uid !== '' && { uid }),
    ...(Object.keys(extra).length > 0 && { extra }),
  };
}

/** As Go shows such a user. */
function goUser(uid: string, groups: readonly string[], extra: Readonly<Record<string, readonly string[]>>): string {
  const list = (texts: readonly string[]) =>
    texts.length === 0 ? '[]string(nil)' : `[]string{${texts.map((text) => JSON.stringify(text)).join(', ')}}`;
  const members = Object.entries(extra).map(([key, values]) => `${JSON.stringify(key)}:${list(values)}`);
  const map = members.length === 0 ? 'map[string][]string(nil)' : `map[string][]string{${members.join(', ')}}`;
  return `&user.DefaultInfo{Name:"", UID:${JSON.stringify(uid)}, Groups:${list(groups)}, Extra:${map}}`;
}

/** Nearly no request does: the others should not pay for the reading of all their headers. */
function asksForIt({ incoming: { headers } }: ApiRequest): boolean {
  for (const name in headers) if (name.startsWith('impersonate-')) return true;
  return false;
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
