/** What components, nodes and everybody who is known are given. */

import type { ClusterRole, ClusterRoleBinding, PolicyRule } from '../../../api/types/rbac/v1.ts';
import { allow, allowEvents, allowPaths, clusterRole, clusterRoleBinding, read, readWrite } from './notation.ts';

const readUpdate = `${read} update patch`;
const csrs = 'certificatesigningrequests';
const healthPaths = '/healthz /livez /readyz';

/** They judge who calls them by asking the API server. */
const delegate: PolicyRule[] = [
  allow('create', 'authentication.k8s.io', 'tokenreviews'),
  allow('create', 'authorization.k8s.io', 'subjectaccessreviews'),
];

/** Bound to no one: the Node authorizer gives each node its part of it. */
const nodeRules: PolicyRule[] = [
  allow('create', 'authentication.k8s.io', 'tokenreviews'),
  allow('create', 'authorization.k8s.io', 'localsubjectaccessreviews subjectaccessreviews'),
  allow(read, 'core', 'services'),
  allow(`create ${read}`, 'core', 'nodes'),
  allow('update patch', 'core', 'nodes/status'),
  allow('update patch', 'core', 'nodes'),
  allow('create update patch', 'core', 'events'),
  allow(read, 'core', 'pods'),
  allow('create delete', 'core', 'pods'),
  allow('update patch', 'core', 'pods/status'),
  allow('create', 'core', 'pods/eviction'),
  allow(read, 'core', 'configmaps secrets'),
  allow('get', 'core', 'persistentvolumeclaims persistentvolumes'),
  allow('get', 'core', 'endpoints'),
  allow(`create ${read}`, 'certificates.k8s.io', csrs),
  allow('get create update patch delete', 'coordination.k8s.io', 'leases'),
  allow('get', 'storage.k8s.io', 'volumeattachments'),
  allow('create', 'core', 'serviceaccounts/token'),
  allow('get update patch', 'core', 'persistentvolumeclaims/status'),
  allow(read, 'storage.k8s.io', 'csidrivers'),
  allow('get create update patch delete', 'storage.k8s.io', 'csinodes'),
  allow(read, 'node.k8s.io', 'runtimeclasses'),
  allow('get', 'resource.k8s.io', 'resourceclaims'),
  allow('deletecollection', 'resource.k8s.io', 'resourceslices'),
  allow('get', 'core', 'serviceaccounts'),
];

const schedulerRules: PolicyRule[] = [
  allowEvents,
  allow('create', 'coordination.k8s.io', 'leases'),
  allow(`${read} update`, 'coordination.k8s.io', 'leases', 'kube-scheduler'),
  allow(readWrite, 'coordination.k8s.io', 'leasecandidates'),
  allow(read, 'core', 'nodes'),
  allow(`${read} delete`, 'core', 'pods'),
  allow('create', 'core', 'bindings pods/binding'),
  allow('patch update', 'core', 'pods/status'),
  allow(read, 'core', 'replicationcontrollers services'),
  allow(read, 'apps extensions', 'replicasets'),
  allow(read, 'apps', 'statefulsets'),
  allow(read, 'policy', 'poddisruptionbudgets'),
  allow(read, 'core', 'persistentvolumeclaims persistentvolumes'),
  ...delegate,
  allow(read, 'storage.k8s.io', 'csinodes'),
  allow(read, 'storage.k8s.io', 'volumeattachments'),
  allow(read, 'core', 'namespaces'),
  allow(read, 'storage.k8s.io', 'csidrivers'),
  allow(read, 'storage.k8s.io', 'csistoragecapacities'),
  allow(read, 'resource.k8s.io', 'deviceclasses'),
  allow(readUpdate, 'resource.k8s.io', 'resourceclaims'),
  allow(readUpdate, 'resource.k8s.io', 'resourceclaims/status'),
  allow('update', 'core', 'pods/finalizers'),
  allow(read, 'resource.k8s.io', 'resourceslices'),
  allow('create delete', 'resource.k8s.io', 'resourceclaims'),
  allow('patch update', 'resource.k8s.io', 'resourceclaims/binding'),
];

const controllerManagerRules: PolicyRule[] = [
  allowEvents,
  allow('create', 'coordination.k8s.io', 'leases'),
  allow('get update', 'coordination.k8s.io', 'leases', 'kube-controller-manager'),
  allow('create', 'core', 'secrets serviceaccounts'),
  allow('delete', 'core', 'secrets'),
  allow('get', 'core', 'configmaps namespaces secrets serviceaccounts'),
  allow('update', 'core', 'secrets serviceaccounts'),
  ...delegate,
  allow('list watch', '*', '*'),
  allow('create', 'core', 'serviceaccounts/token'),
];

const approver = (signer: string): ClusterRole =>
  clusterRole(`system:certificates.k8s.io:${signer}-approver`, [
    allow('approve', 'certificates.k8s.io', 'signers', `kubernetes.io/${signer}`),
  ]);

const csrCreator = (kind: string): ClusterRole =>
  clusterRole(`system:certificates.k8s.io:certificatesigningrequests:${kind}`, [
    allow('create', 'certificates.k8s.io', `${csrs}/${kind}`),
  ]);

export const systemRoles: readonly ClusterRole[] = [
  clusterRole('system:discovery', [
    allowPaths('get', `${healthPaths} /version /version/ /openapi /openapi/* /api /api/* /apis /apis/*`),
  ]),
  clusterRole('system:monitoring', [
    allowPaths('get', `/metrics /metrics/slis ${healthPaths} /healthz/* /livez/* /readyz/* /statusz /flagz`),
    allow('get', 'core', 'nodes/metrics'),
  ]),
  clusterRole('system:basic-user', [
    allow('create', 'authorization.k8s.io', 'selfsubjectaccessreviews selfsubjectrulesreviews'),
    allow('create', 'authentication.k8s.io', 'selfsubjectreviews'),
  ]),
  clusterRole('system:public-info-viewer', [allowPaths('get', `${healthPaths} /version /version/`)]),
  clusterRole('system:heapster', [
    allow(read, 'core', 'events namespaces nodes pods'),
    allow(read, 'extensions', 'deployments'),
  ]),
  clusterRole('system:node', nodeRules),
  clusterRole('system:node-problem-detector', [
    allow('get', 'core', 'nodes'),
    allow('patch', 'core', 'nodes/status'),
    allowEvents,
  ]),
  clusterRole('system:kubelet-api-admin', [
    allow(read, 'core', 'nodes'),
    allow('proxy', 'core', 'nodes'),
    allow('*', 'core', 'nodes/log nodes/metrics nodes/proxy nodes/stats'),
    allow('*', 'core', 'nodes/configz nodes/healthz nodes/pods'),
  ]),
  clusterRole('system:node-bootstrapper', [allow(`create ${read}`, 'certificates.k8s.io', csrs)]),
  clusterRole('system:auth-delegator', delegate),
  clusterRole('system:kube-aggregator', [allow(read, 'core', 'endpoints services')]),
  clusterRole('system:kube-controller-manager', controllerManagerRules),
  clusterRole('system:kube-dns', [allow('list watch', 'core', 'endpoints services')]),
  clusterRole('system:persistent-volume-provisioner', [
    allow(`${read} create delete`, 'core', 'persistentvolumes'),
    allow(`${read} update`, 'core', 'persistentvolumeclaims'),
    allow(read, 'storage.k8s.io', 'storageclasses'),
    allow('watch', 'core', 'events'),
    allowEvents,
  ]),
  csrCreator('nodeclient'),
  csrCreator('selfnodeclient'),
  clusterRole('system:volume-scheduler', [
    allow(readUpdate, 'core', 'persistentvolumes'),
    allow(read, 'storage.k8s.io', 'storageclasses'),
    allow(readUpdate, 'core', 'persistentvolumeclaims'),
  ]),
  ...['legacy-unknown', 'kubelet-serving', 'kube-apiserver-client', 'kube-apiserver-client-kubelet'].map(approver),
  clusterRole('system:service-account-issuer-discovery', [
    allowPaths('get', '/.well-known/openid-configuration /openid/v1/jwks'),
  ]),
  clusterRole('system:node-proxier', [
    allow('list watch', 'core', 'endpoints services'),
    allow(read, 'core', 'nodes'),
    allowEvents,
    allow('list watch', 'discovery.k8s.io', 'endpointslices'),
    allow('list watch', 'networking.k8s.io', 'servicecidrs'),
  ]),
  clusterRole('system:kube-scheduler', schedulerRules),
];

const authenticated = 'system:authenticated';
const scheduler = 'system:kube-scheduler';

export const systemBindings: readonly ClusterRoleBinding[] = [
  clusterRoleBinding('cluster-admin', { groups: ['system:masters'] }),
  clusterRoleBinding('system:monitoring', { groups: ['system:monitoring'] }),
  clusterRoleBinding('system:discovery', { groups: [authenticated] }),
  clusterRoleBinding('system:basic-user', { groups: [authenticated] }),
  clusterRoleBinding('system:public-info-viewer', { groups: [authenticated, 'system:unauthenticated'] }),
  // Not upstream's, whose installers bind it: the API server itself, where kubelets ask who it is.
  clusterRoleBinding('system:kubelet-api-admin', { users: ['kube-apiserver-kubelet-client'] }),
  clusterRoleBinding('system:node-proxier', { users: ['system:kube-proxy'] }),
  clusterRoleBinding('system:kube-controller-manager', { users: ['system:kube-controller-manager'] }),
  clusterRoleBinding('system:kube-dns', { accounts: ['kube-dns'] }),
  clusterRoleBinding('system:kube-scheduler', { users: [scheduler] }),
  clusterRoleBinding('system:volume-scheduler', { users: [scheduler] }),
  clusterRoleBinding('system:service-account-issuer-discovery', { groups: ['system:serviceaccounts'] }),
  // Nobody's: it stands there so that those who bind nodes by it are seen.
  clusterRoleBinding('system:node', {}),
];
