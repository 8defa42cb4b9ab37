/**
 * What Longshore's components are given beside upstream's roles for them. All controllers work as one user: it has the
 * roles of those that run, and no others.
 */

import type { ClusterRole, ClusterRoleBinding } from '../../../api/types/rbac/v1.ts';
import { allow, clusterRole, clusterRoleBinding, roleBinding } from './notation.ts';

const controllerManager = 'system:kube-controller-manager';

/** Whose work the controller manager does. */
const controllers: readonly string[] = [
  'certificate-controller',
  'clusterrole-aggregation-controller',
  'endpoint-controller',
  'endpointslice-controller',
  'endpointslicemirroring-controller',
  'generic-garbage-collector',
  'namespace-controller',
  'node-controller',
  'pod-garbage-collector',
  'pv-protection-controller',
  'pvc-protection-controller',
  'replicaset-controller',
  'replication-controller',
  'resourcequota-controller',
  'root-ca-cert-publisher',
  'service-account-controller',
  'ttl-controller',
  'volumeattributesclass-protection-controller',
];

const furtherControllerManager = 'longshore:kube-controller-manager';
const clusterReader = 'longshore:cluster-id-reader';

export const componentRoles: readonly ClusterRole[] = [
  clusterRole(furtherControllerManager, [
    // Finalizers, and what is known of a request for a certificate, are patched.
    allow('patch', 'core', 'persistentvolumeclaims persistentvolumes'),
    allow('patch', 'storage.k8s.io', 'volumeattributesclasses'),
    allow('patch', 'certificates.k8s.io', 'certificatesigningrequests/approval certificatesigningrequests/status'),
    // Kubelets ask for the certificates of their servers, too.
    allow('approve', 'certificates.k8s.io', 'signers', 'kubernetes.io/kubelet-serving'),
  ]),
  // By the uid of this namespace a cluster is known.
  clusterRole(clusterReader, [allow('get', 'core', 'namespaces', 'kube-system')]),
];

export const componentBindings: readonly ClusterRoleBinding[] = [
  ...controllers.map((controller) =>
    clusterRoleBinding(`system:controller:${controller}`, { users: [controllerManager] }, `longshore:${controller}`),
  ),
  clusterRoleBinding(furtherControllerManager, { users: [controllerManager] }),
  clusterRoleBinding(clusterReader, { users: ['system:kube-proxy'] }),
  clusterRoleBinding(
    'system:kubelet-api-admin',
    { users: ['kube-apiserver-kubelet-client'] },
    'longshore:kube-apiserver-kubelet-client',
  ),
];

const bootstrapSigner = 'system:controller:bootstrap-signer';
const tokenCleaner = 'system:controller:token-cleaner';

export const componentNamespaceBindings = [
  roleBinding('kube-system', bootstrapSigner, { users: [controllerManager] }, 'longshore:bootstrap-signer'),
  roleBinding('kube-public', bootstrapSigner, { users: [controllerManager] }, 'longshore:bootstrap-signer'),
  roleBinding('kube-system', tokenCleaner, { users: [controllerManager] }, 'longshore:token-cleaner'),
];
