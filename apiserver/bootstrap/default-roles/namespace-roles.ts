/** What components are given in the cluster's own namespaces only. */

import type { PolicyRule } from '../../../api/types/rbac/v1.ts';
import { allow, allowEvents, read, role, roleBinding } from './notation.ts';

const system = 'kube-system';
const publicNamespace = 'kube-public';
const controllerManager = 'system:kube-controller-manager';
const scheduler = 'system:kube-scheduler';
const signer = 'system:controller:bootstrap-signer';
const authenticationReader = 'extension-apiserver-authentication-reader';
const leaderLocking = (component: string): string => `system::leader-locking-${component}`;

const electLeader: PolicyRule[] = [
  allow(`create ${read} update`, 'coordination.k8s.io', 'leases'),
  allow(`create ${read} update`, 'coordination.k8s.io', 'leasecandidates'),
];

export const namespaceRoles = [
  role(system, authenticationReader, [allow(read, 'core', 'configmaps', 'extension-apiserver-authentication')]),
  role(system, signer, [allow(read, 'core', 'secrets')]),
  role(system, 'system:controller:cloud-provider', [allow(`create ${read}`, 'core', 'configmaps')]),
  role(system, 'system:controller:token-cleaner', [allow(`delete ${read}`, 'core', 'secrets'), allowEvents]),
  role(system, leaderLocking('kube-controller-manager'), electLeader),
  role(system, leaderLocking('kube-scheduler'), electLeader),
  role(publicNamespace, signer, [
    allow(read, 'core', 'configmaps'),
    allow('update', 'core', 'configmaps', 'cluster-info'),
    allowEvents,
  ]),
];

export const namespaceBindings = [
  roleBinding(
    system,
    authenticationReader,
    { users: [controllerManager, scheduler] },
    `system::${authenticationReader}`,
  ),
  roleBinding(system, leaderLocking('kube-controller-manager'), {
    users: [controllerManager],
    accounts: ['kube-controller-manager', 'leader-election-controller'],
  }),
  roleBinding(system, leaderLocking('kube-scheduler'), {
    users: [scheduler],
    accounts: ['kube-scheduler', 'leader-election-controller'],
  }),
  roleBinding(system, signer, { accounts: ['bootstrap-signer'] }),
  roleBinding(system, 'system:controller:cloud-provider', { accounts: ['cloud-provider'] }),
  roleBinding(system, 'system:controller:token-cleaner', { accounts: ['token-cleaner'] }),
  roleBinding(publicNamespace, signer, { accounts: ['bootstrap-signer'] }),
];
