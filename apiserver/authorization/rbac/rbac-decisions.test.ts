/**
 * Thousands of decisions, drawn from roles, bindings and requests by a seeded generator. What is right is told by an
 * evaluator of its own, written from the documentation: it walks all objects for each question, and shares no code.
 */

import assert from 'node:assert/strict';
import { it } from 'node:test';
import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  Role,
  RoleBinding,
  Subject,
} from '../../../api/types/rbac/v1.ts';
import type { Action } from '../authorizer.ts';
import { Policies, type PolicyKey } from './policies.ts';
import { RbacAuthorizer } from './rbac-authorizer.ts';

interface World {
  readonly clusterRoles: readonly ClusterRole[];
  readonly roles: readonly Role[];
  readonly clusterRoleBindings: readonly ClusterRoleBinding[];
  readonly roleBindings: readonly RoleBinding[];
}

const verbs = ['get', 'list', 'create', 'delete', 'impersonate', 'use'];
const groups = ['', 'apps', 'example.dev'];
const resources = ['pods', 'deployments', 'secrets', 'widgets'];
const subresources = ['status', 'scale', 'log'];
const names = ['a', 'b', 'web-0'];
const namespaces = ['one', 'two'];
const users = ['ann', 'bob', 'system:serviceaccount:one:robot', 'system:serviceaccount:two:robot'];
const userGroups = ['devs', 'ops', 'system:serviceaccounts'];
const paths = ['/metrics', '/healthz', '/healthz/etcd', '/logs/a/b', '/logs', '/'];
const urls = ['*', '/metrics', '/healthz/*', '/healthz*', '/logs/*', '/logs/**', '/*/a', '/'];

/** Always the same numbers (mulberry32). */
function createRandom(seed: number) {
  let state = seed;
  return (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function createDraw(seed: number) {
  const random = createRandom(seed);
  const one = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] ?? assert.fail();
  const some = <T>(of: readonly T[], most: number): T[] =>
    Array.from({ length: 1 + Math.floor(random() * most) }, () => one(of));
  const chance = (part: number): boolean => random() < part;
  return { one, some, chance };
}

type Draw = ReturnType<typeof createDraw>;

function drawRule({ one, some, chance }: Draw, namespaced: boolean): PolicyRule {
  const allowedVerbs = chance(0.25) ? ['*'] : some(verbs, 4);
  if (!namespaced && chance(0.25)) return { verbs: allowedVerbs, nonResourceURLs: some(urls, 2) };
  const named = [
    ...resources,
    ...resources.map((name) => `${name}/${one(subresources)}`),
    '*',
    '*/scale',
    'pods/*',
    '*/*',
  ];
  return {
    verbs: allowedVerbs,
    apiGroups: chance(0.15) ? ['*'] : some(groups, 2),
    resources: some(named, 3),
    ...(chance(0.25) && { resourceNames: some(names, 2) }),
  };
}

function drawSubject({ one, chance }: Draw, namespaced: boolean): Subject {
  if (chance(0.4)) return { kind: 'User', name: one(users) };
  if (chance(0.5)) return { kind: 'Group', name: one(userGroups) };
  const own = namespaced && chance(0.3) ? {} : { namespace: one(namespaces) };
  return { kind: 'ServiceAccount', name: 'robot', ...own };
}

function drawWorld(draw: Draw): World {
  const { one, some, chance } = draw;
  const list = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
  const rules = (namespaced: boolean) => list(chance(0.5) ? 2 : 4, () => drawRule(draw, namespaced));
  const subjects = (namespaced: boolean) => some([0, 1], 2).map(() => drawSubject(draw, namespaced));
  const roleNames = ['r0', 'r1', 'r2', 'missing'];
  return {
    clusterRoles: list(3, (i) => ({ metadata: { name: `r${i}` }, rules: rules(false) })),
    roles: namespaces.flatMap((namespace) =>
      list(2, (i) => ({ metadata: { name: `r${i}`, namespace }, rules: rules(true) })),
    ),
    clusterRoleBindings: list(4, (i) => ({
      metadata: { name: `b${i}` },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: one(roleNames) },
      subjects: subjects(false),
    })),
    roleBindings: namespaces.flatMap((namespace) =>
      list(4, (i) => ({
        metadata: { name: `b${i}`, namespace },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: one(['Role', 'ClusterRole']), name: one(roleNames) },
        subjects: subjects(true),
      })),
    ),
  };
}

function drawAction({ one, some, chance }: Draw): Action {
  const user = { name: one(users), groups: [...new Set(some(userGroups, 2))] };
  if (chance(0.2)) return { user, verb: one(['get', 'create']), path: one(paths) };
  const resource = {
    group: one(groups),
    version: 'v1',
    plural: one(resources),
    subresource: chance(0.3) ? one(subresources) : undefined,
    namespace: chance(0.7) ? one(namespaces) : undefined,
    name: chance(0.6) ? one(names) : undefined,
  };
  return { user, verb: one(verbs), path: '', resource };
}

/**
 * "RBAC Good to know", as the documentation has it: a ClusterRoleBinding gives in all namespaces and outside of them, a
 * RoleBinding in its own; what no rule gives is not allowed.
 */
function isAllowed(world: World, action: Action): boolean {
  for (const binding of world.clusterRoleBindings) {
    const role = world.clusterRoles.find((one) => one.metadata?.name === binding.roleRef.name);
    if (binds(binding.subjects, undefined, action) && gives(role?.rules, action)) return true;
  }
  for (const binding of world.roleBindings) {
    const namespace = binding.metadata?.namespace;
    if (action.resource === undefined || action.resource.namespace !== namespace) continue;
    const among: readonly (ClusterRole | Role)[] =
      binding.roleRef.kind === 'ClusterRole'
        ? world.clusterRoles
        : world.roles.filter((one) => one.metadata?.namespace === namespace);
    const role = among.find((one) => one.metadata?.name === binding.roleRef.name);
    if (binds(binding.subjects, namespace, action) && gives(role?.rules, action)) return true;
  }
  return false;
}

function binds(subjects: readonly Subject[] = [], namespace: string | undefined, { user }: Action): boolean {
  for (const { kind, name, namespace: own } of subjects) {
    if (kind === 'User' && name === user.name) return true;
    if (kind === 'Group' && user.groups.indexOf(name) >= 0) return true;
    if (kind === 'ServiceAccount' && user.name === ['system', 'serviceaccount', own ?? namespace, name].join(':'))
      return true;
  }
  return false;
}

function gives(rules: readonly PolicyRule[] = [], { verb, resource, path }: Action): boolean {
  for (const rule of rules) {
    if (!rule.verbs.some((one) => one === '*' || one === verb)) continue;
    if (resource === undefined) {
      for (const url of rule.nonResourceURLs ?? []) {
        let prefix = url;
        while (prefix.charAt(prefix.length - 1) === '*') prefix = prefix.substring(0, prefix.length - 1);
        if (url === path || (prefix !== url && path.substring(0, prefix.length) === prefix)) return true;
      }
      continue;
    }
    const { group, plural, subresource, name } = resource;
    if (!rule.apiGroups?.some((one) => one === '*' || one === group)) continue;
    const wanted = subresource === undefined ? ['*', plural] : ['*', `${plural}/${subresource}`, `*/${subresource}`];
    if (!rule.resources?.some((one) => wanted.indexOf(one) >= 0)) continue;
    if (rule.resourceNames === undefined || rule.resourceNames.some((one) => one === name)) return true;
  }
  return false;
}

function policiesOf(world: World): Policies {
  const policies = new Policies();
  for (const { metadata, rules } of [...world.clusterRoles, ...world.roles]) policies.setRole(keyOf(metadata), rules);
  for (const { metadata, roleRef, subjects = [] } of [...world.clusterRoleBindings, ...world.roleBindings]) {
    policies.setBinding({ ...keyOf(metadata), roleRef, subjects });
  }
  return policies;
}

const keyOf = ({ namespace, name = '' }: NonNullable<Role['metadata']> = {}): PolicyKey => ({ namespace, name });

it('decides 4,000 drawn requests as the documentation says', () => {
  let allowed = 0;
  for (let seed = 0; seed < 100; seed += 1) {
    const draw = createDraw(seed);
    const world = drawWorld(draw);
    const authorizer = new RbacAuthorizer(policiesOf(world));
    for (let i = 0; i < 40; i += 1) {
      const action = drawAction(draw);
      const wanted = isAllowed(world, action);
      const { decision } = authorizer.authorize(action);
      assert.equal(decision === 'allow', wanted, JSON.stringify({ seed, action, world }));
      if (wanted) allowed += 1;
    }
  }
  // Both answers are common, or the table would tell little.
  assert.ok(allowed > 500 && allowed < 3500, `${allowed} are allowed`);
});
