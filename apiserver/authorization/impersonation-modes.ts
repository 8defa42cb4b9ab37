/**
 * The ways in which one may act as somebody else, as upstream has them: with the right `impersonate`, whatever the other
 * may do; or, by kind of user, with two rights that together allow no more than this very request: to be that user
 * (`impersonate:<mode>`), and to do this as somebody else (`impersonate-on:<mode>:<verb>`). Pure.
 */

import { checkDns1123Label, checkDns1123Subdomain } from '../../kinds/validation/names.ts';
import type { User } from '../request/user.ts';
import type { Action } from './authorizer.ts';

export interface ImpersonationMode {
  /** What the sender must be allowed, all of it. */
  readonly actions: readonly Action[];
  /** Whom the request is from then. */
  readonly user: User;
}

type Impersonated = Partial<NonNullable<Action['resource']>> & { readonly plural: string; readonly name?: string };

/** In the order in which they are tried. `action`: what the request is for, by the user who sends it. */
export function impersonationModes(action: Action, wanted: User): ImpersonationMode[] {
  const account = accountOf(wanted.name);
  const node = nodeOf(wanted.name);
  const named = complete(wanted, account);
  const limited = (mode: string, user: User, impersonated: readonly Impersonated[]): ImpersonationMode => ({
    user,
    actions: [
      { ...action, verb: `impersonate-on:${mode}:${action.verb}` },
      ...impersonated.map((one) => actionOn(action.user, `impersonate:${mode}`, { ...authentication, ...one })),
    ],
  });
  const modes: ImpersonationMode[] = [];
  if (node !== undefined && isNameAlone(wanted)) {
    const user = { ...wanted, groups: ['system:nodes', 'system:authenticated'] };
    if (isOnNode(action.user, node)) modes.push(limited('associated-node', user, [{ plural: 'nodes' }]));
    modes.push(limited('arbitrary-node', user, [{ plural: 'nodes', name: node }]));
  }
  if (account !== undefined && isNameAlone(wanted))
    modes.push(limited('serviceaccount', named, [{ plural: 'serviceaccounts', ...account }]));
  if (node === undefined && account === undefined)
    modes.push(limited('user-info', named, [{ plural: 'users', name: wanted.name }, ...partsOf(wanted)]));
  const whole = account ? { plural: 'serviceaccounts', ...account } : { plural: 'users', name: wanted.name };
  const actions = [whole, ...partsOf(wanted)].map((one) => actionOn(action.user, 'impersonate', one));
  return [...modes, { actions, user: named }];
}

const authentication = { group: 'authentication.k8s.io', version: 'v1' };

/** What is impersonated beside the name, each thing for itself: the groups, the values of extra, the uid. */
function partsOf({ groups, uid, extra = {} }: User): Impersonated[] {
  return [
    ...groups.map((group) => ({ plural: 'groups', name: group })),
    ...Object.entries(extra).flatMap(([key, values]) =>
      values.map((value) => ({ ...authentication, plural: 'userextras', subresource: key, name: value })),
    ),
    ...(uid === undefined ? [] : [{ ...authentication, plural: 'uids', name: uid }]),
  ];
}

function actionOn(user: User, verb: string, impersonated: Impersonated): Action {
  const none = { group: '', version: '', subresource: undefined, namespace: undefined, name: undefined };
  return { user, verb, path: '', resource: { ...none, ...impersonated } };
}

const isNameAlone = ({ groups, uid, extra }: User): boolean =>
  groups.length === 0 && uid === undefined && extra === undefined;

/** Whether the user runs on the node: a pod's account, by its token. */
function isOnNode({ name, extra = {} }: User, node: string): boolean {
  return accountOf(name) !== undefined && (extra['authentication.kubernetes.io/node-name'] ?? []).join() === node;
}

function accountOf(user: string): { readonly namespace: string; readonly name: string } | undefined {
  const [, namespace, name] = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(user) ?? [];
  if (namespace === undefined || name === undefined) return undefined;
  return checkDns1123Label(namespace).length === 0 && checkDns1123Subdomain(name).length === 0
    ? { namespace, name }
    : undefined;
}

function nodeOf(user: string): string | undefined {
  const [, name] = /^system:node:(.+)$/.exec(user) ?? [];
  return name !== undefined && checkDns1123Subdomain(name).length === 0 ? name : undefined;
}

const marks = ['system:authenticated', 'system:unauthenticated'];

/** Service accounts have their groups by name; everybody but anonymous is authenticated. */
function complete(wanted: User, account: { readonly namespace: string } | undefined): User {
  const { name, groups } = wanted;
  const own =
    account && groups.length === 0 ? ['system:serviceaccounts', `system:serviceaccounts:${account.namespace}`] : groups;
  const isMarked =
    name === 'system:anonymous' ? own.includes('system:unauthenticated') : own.some((group) => marks.includes(group));
  const mark = name === 'system:anonymous' ? 'system:unauthenticated' : 'system:authenticated';
  return { ...wanted, groups: isMarked ? own : [...own, mark] };
}
