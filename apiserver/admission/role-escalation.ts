/**
 * Nobody gives what they do not have: who writes a role must hold all that it allows, and who binds one must hold all of
 * the role, unless the verb `escalate` on the role, or `bind` on the role that is bound, is allowed to them. It comes
 * after everything that may change the object, and is never switched off.
 */

import { isDeepStrictEqual } from 'node:util';
import type { KubernetesObject } from '../../api/object.ts';
import { clusterRoleBindings, clusterRoles, roleBindings, roles } from '../../api/resources/rbac.ts';
import { forbidden, notFound } from '../../api/status-error.ts';
import type { ClusterRole, ClusterRoleBinding, Role, RoleBinding, RoleRef } from '../../api/types/rbac/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { Action, Verdict } from '../authorization/authorizer.ts';
import { isMaster } from '../authorization/masters-authorizer.ts';
import type { Policies } from '../authorization/rbac/policies.ts';
import { compactRules, describeRule, missingRules, quotedList, type Rule } from '../authorization/rbac/rules.ts';
import { type AdmissionPlugin, type AdmissionRequest, onWrite, type WriteOf } from '../registry/admission.ts';
import type { ObjectReader } from '../registry/object-reader.ts';

export interface RoleEscalationParts {
  readonly objects: ObjectReader;
  readonly policies: Pick<Policies, 'rulesOf'>;
  decide(action: Action): Promise<Verdict>;
}

export function createRoleEscalationPlugin(parts: RoleEscalationParts): AdmissionPlugin {
  const writes = ['CREATE', 'UPDATE'] as const;
  return {
    name: 'RoleEscalation',
    admit: [
      onWrite(writes, clusterRoles, (request) => checkClusterRole(request, parts)),
      onWrite(writes, roles, (request) => checkRole(request, parts)),
      onWrite(writes, clusterRoleBindings, (request) => checkBinding(request, parts)),
      onWrite(writes, roleBindings, (request) => checkBinding(request, parts)),
    ],
  };
}

type RoleWrite = WriteOf<ClusterRole | Role>;
type BindingWrite = WriteOf<ClusterRoleBinding | RoleBinding>;

async function checkRole(request: RoleWrite, parts: RoleEscalationParts): Promise<void> {
  if (isMaster(request.user) || isOnlyLettingGo(request) || (await mayEscalate(request, parts))) return;
  confirmHeld(request, request.object.rules ?? [], parts);
}

/** What an aggregated role will gather later, nobody knows now: only who holds everything may let it gather. */
async function checkClusterRole(request: WriteOf<ClusterRole>, parts: RoleEscalationParts): Promise<void> {
  if (isMaster(request.user) || isOnlyLettingGo(request) || (await mayEscalate(request, parts))) return;
  confirmHeld(request, request.object.rules ?? [], parts);
  const { object, previous, user, kind, name } = request;
  if (!object.aggregationRule && !previous?.aggregationRule) return;
  if (missingRules(parts.policies.rulesOf(user, undefined).rules, everything).length === 0) return;
  throw forbidden(kind, name, 'must have cluster-admin privileges to use the aggregationRule');
}

const everything: readonly Rule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
];

async function checkBinding(request: BindingWrite, parts: RoleEscalationParts): Promise<void> {
  const { object, user } = request;
  if (isMaster(user) || isOnlyLettingGo(request)) return;
  if (await mayBind(request, parts)) return;
  confirmHeld(request, await rulesOfRole(object.roleRef, request, parts), parts);
}

/** The path of a POST names no role: a right that is limited to names does not help there. */
async function mayEscalate(
  { user, kind, namespace, name, operation, isByUpdate }: RoleWrite,
  parts: RoleEscalationParts,
) {
  const { group, version, plural } = kind;
  const written = { group, version, plural, subresource: undefined, namespace };
  const resource = { ...written, name: operation === 'CREATE' && !isByUpdate ? undefined : name };
  const { decision } = await parts.decide({ user, verb: 'escalate', path: '', resource });
  return decision === 'allow';
}

async function mayBind({ user, namespace, object: { roleRef } }: BindingWrite, parts: RoleEscalationParts) {
  const bound = boundResources[roleRef.kind];
  if (bound === undefined) return false;
  const { version, plural } = bound;
  const group = roleRef.apiGroup ?? '';
  const resource = { group, version, plural, subresource: undefined, namespace, name: roleRef.name };
  const { decision } = await parts.decide({ user, verb: 'bind', path: '', resource });
  return decision === 'allow';
}

const boundResources: Readonly<Record<string, typeof clusterRoles | typeof roles>> = {
  ClusterRole: clusterRoles,
  Role: roles,
};

async function rulesOfRole(
  { kind: roleKind, name: roleName }: DeepReadonly<RoleRef>,
  { kind, name, namespace }: BindingWrite,
  { objects }: RoleEscalationParts,
): Promise<readonly Rule[]> {
  const inCluster = roleKind === 'ClusterRole';
  const bound = inCluster
    ? await objects.find(clusterRoles, { name: roleName })
    : await objects.find(roles, { namespace, name: roleName });
  if (bound === undefined) throw notFound(kind, name);
  return bound.rules ?? [];
}

/** Throws Forbidden, and says what is not held. */
function confirmHeld(
  { user, namespace, kind, name }: AdmissionRequest,
  asked: readonly Rule[],
  { policies }: RoleEscalationParts,
): void {
  const { rules, errors } = policies.rulesOf(user, namespace);
  const missing = missingRules(rules, asked);
  if (missing.length === 0) return;
  const lines = new Set(compactRules(missing).map(describeRule));
  const unresolved = errors.length === 0 ? '' : `; resolution errors: [${errors.join(', ')}]`;
  throw forbidden(
    kind,
    name,
    `user ${JSON.stringify(user.name)} (groups=${quotedList(user.groups)}) is attempting to grant RBAC permissions not currently held:\n${[...lines].sort().join('\n')}${unresolved}`,
  );
}

/** What the garbage collector changes, who owns an object and whom it waits for, is nobody's new right. */
function isOnlyLettingGo({ object, previous }: RoleWrite | BindingWrite): boolean {
  if (previous === undefined) return false;
  const [before, after] = [splitOwnership(previous), splitOwnership(object)];
  return isDeepStrictEqual(before.rest, after.rest) && !isDeepStrictEqual(before.ownership, after.ownership);
}

function splitOwnership({ metadata = {}, ...rest }: DeepReadonly<KubernetesObject>) {
  const { ownerReferences, finalizers, managedFields: _, resourceVersion: __, ...kept } = metadata;
  return { rest: { ...rest, metadata: kept }, ownership: { ownerReferences, finalizers } };
}
