/** How the default roles are written down: lists are words of one text, in any order; stored they are sorted. */

import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  Role,
  RoleBinding,
  Subject,
} from '../../../api/types/rbac/v1.ts';

export const read = 'get list watch';
export const write = 'create update patch delete deletecollection';
export const readWrite = `${read} ${write}`;

const words = (text: string): string[] => text.split(' ').sort();

/** `core` is the group without a name. */
export function allow(verbs: string, groups: string, resources: string, names?: string): PolicyRule {
  return {
    apiGroups: words(groups)
      .map((group) => (group === 'core' ? '' : group))
      .sort(),
    resources: words(resources),
    verbs: words(verbs),
    ...(names !== undefined && { resourceNames: words(names) }),
  };
}

export const allowPaths = (verbs: string, paths: string): PolicyRule => ({
  nonResourceURLs: words(paths),
  verbs: words(verbs),
});

export const allowEvents: PolicyRule = allow('create update patch', 'core events.k8s.io', 'events');

const metadataOf = (name: string, labels: Readonly<Record<string, string>> = {}) => ({
  name,
  labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults', ...labels },
  annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' },
});

export const clusterRole = (name: string, rules: PolicyRule[], labels?: Record<string, string>): ClusterRole => ({
  metadata: metadataOf(name, labels),
  rules,
});

/** Its rules are those of the roles that say so by a label. */
export const aggregatedRole = (name: string, labels?: Record<string, string>): ClusterRole => ({
  metadata: metadataOf(name, labels),
  aggregationRule: { clusterRoleSelectors: [{ matchLabels: aggregateTo(name) }] },
});

/** The label of roles that are parts of another. */
export const aggregateTo = (role: string): Record<string, string> => ({
  [`rbac.authorization.k8s.io/aggregate-to-${role}`]: 'true',
});

export const role = (namespace: string, name: string, rules: PolicyRule[]): Role & Named => ({
  metadata: { ...metadataOf(name), namespace },
  rules,
});

const apiGroup = 'rbac.authorization.k8s.io';

export interface Bound {
  readonly users?: readonly string[];
  readonly groups?: readonly string[];
  /** Of kube-system. */
  readonly accounts?: readonly string[];
}

function subjectsOf({ users = [], groups = [], accounts = [] }: Bound): { readonly subjects?: Subject[] } {
  const subjects = [
    ...users.map((name) => ({ apiGroup, kind: 'User', name })),
    ...groups.map((name) => ({ apiGroup, kind: 'Group', name })),
    ...accounts.map((name) => ({ kind: 'ServiceAccount', name, namespace: 'kube-system' })),
  ];
  return subjects.length > 0 ? { subjects } : {};
}

export const clusterRoleBinding = (roleName: string, bound: Bound, name: string = roleName): ClusterRoleBinding => ({
  metadata: metadataOf(name),
  roleRef: { apiGroup, kind: 'ClusterRole', name: roleName },
  ...subjectsOf(bound),
});

interface Named {
  readonly metadata: { readonly name: string; readonly namespace: string };
}

export const roleBinding = (
  namespace: string,
  roleName: string,
  bound: Bound,
  name: string = roleName,
): RoleBinding & Named => ({
  metadata: { ...metadataOf(name), namespace },
  roleRef: { apiGroup, kind: 'Role', name: roleName },
  ...subjectsOf(bound),
});
