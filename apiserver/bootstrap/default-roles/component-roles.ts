/**
 * What Longshore's components are given beside upstream's roles for them. A controller works as a service account of
 * kube-system; what its account needs beyond upstream's role for it is in `longshore:controller:<account>`.
 */

import type { ClusterRole, ClusterRoleBinding, PolicyRule } from '../../../api/types/rbac/v1.ts';
import {
  aggregateTo,
  allow,
  allowEvents,
  clusterRole,
  clusterRoleBinding,
  read,
  role,
  roleBinding,
} from './notation.ts';

const csrs = 'certificatesigningrequests';

/** By account. */
const controllers: Readonly<Record<string, PolicyRule[]>> = {
  'certificate-controller': [
    // What is known of a request is patched.
    allow('patch', 'certificates.k8s.io', `${csrs}/approval ${csrs}/status`),
    // Kubelets ask for the certificates of their servers, too.
    allow('approve', 'certificates.k8s.io', 'signers', 'kubernetes.io/kubelet-serving'),
    // And for those of their proxies.
    allow('approve sign', 'certificates.k8s.io', 'signers', 'longshore.dev/kube-proxy-client'),
    // Whether there is a node of that name already.
    allow('get', 'core', 'nodes'),
  ],
  'configuration-rollout-controller': [
    allow(`patch ${read}`, 'apps', 'daemonsets deployments statefulsets'),
    allow(read, 'core', 'configmaps secrets'),
    allowEvents,
  ],
  'deployment-rollback-controller': [
    allow(`patch update ${read}`, 'apps', 'deployments'),
    allow(`patch ${read}`, 'apps', 'replicasets'),
    allow(read, 'core', 'pods'),
    allowEvents,
  ],
  'local-volume-provisioner-controller': [
    allow(`create delete patch ${read}`, 'core', 'persistentvolumes'),
    allow(`patch ${read}`, 'core', 'persistentvolumeclaims'),
    allow(read, 'core', 'nodes'),
    allow(read, 'storage.k8s.io', 'storageclasses'),
    // Folders are made and removed by the kubelets' servers, which have nothing else that is done by these verbs.
    allow('delete update', 'core', 'nodes/proxy'),
    allowEvents,
  ],
  'node-cut-off-controller': [
    allow('get', 'coordination.k8s.io', 'leases'),
    allow('delete', 'core', 'pods'),
    allow('patch', 'core', 'pods/status'),
    allowEvents,
  ],
  'node-departure-controller': [allow('delete get', 'core', 'nodes')],
  'node-reachability-controller': [allow('patch', 'core', 'nodes')],
  'pod-drain-controller': [allow('patch', 'core', 'pods/status')],
  'pod-rebalancer-controller': [
    allow(read, 'apps', 'deployments replicasets'),
    allow(read, 'core', 'nodes replicationcontrollers'),
    allow(`patch ${read}`, 'core', 'pods'),
    allow('create', 'core', 'pods/eviction'),
    allowEvents,
  ],
  'set-rollback-controller': [
    allow(`patch update ${read}`, 'apps', 'daemonsets statefulsets'),
    allow(`patch ${read}`, 'apps', 'controllerrevisions'),
    allow(read, 'core', 'pods'),
    allowEvents,
  ],
  'storage-version-migrator-controller': [
    // Whatever is stored is written again; upstream has this role where its feature is on.
    allow('list patch', '*', '*'),
    allow('get list update watch', 'storagemigration.k8s.io', 'storageversionmigrations'),
    allow('update', 'storagemigration.k8s.io', 'storageversionmigrations/status'),
  ],
  // Finalizers are patched.
  'pv-protection-controller': [allow('patch', 'core', 'persistentvolumes')],
  'pvc-protection-controller': [allow('patch', 'core', 'persistentvolumeclaims')],
  'volumeattributesclass-protection-controller': [allow('patch', 'storage.k8s.io', 'volumeattributesclasses')],
};

interface NamespaceRules {
  readonly namespace: string;
  readonly account: string;
  readonly rules: PolicyRule[];
}

const controllersInNamespaces: readonly NamespaceRules[] = [
  {
    // How often a join token was used, and for which name.
    namespace: 'kube-system',
    account: 'certificate-controller',
    rules: [allow('get update', 'core', 'secrets'), allow('create get update', 'coordination.k8s.io', 'leases')],
  },
  {
    // The names of nodes that have come are reserved no more.
    namespace: 'kube-system',
    account: 'node-departure-controller',
    rules: [allow('get update', 'coordination.k8s.io', 'leases')],
  },
  {
    // A lease is read again before its node is said to be gone.
    namespace: 'kube-node-lease',
    account: 'node-controller',
    rules: [allow('get', 'coordination.k8s.io', 'leases')],
  },
  {
    // Which tokens have ended is said there.
    namespace: 'kube-public',
    account: 'token-cleaner',
    rules: [allow('get update', 'core', 'configmaps', 'cluster-info')],
  },
];

const roleOf = (account: string): string => `longshore:controller:${account}`;
const clusterReader = 'longshore:cluster-id-reader';
/** Of the DNS that runs beside each node's proxy. */
const nodeDns = 'longshore:node-dns';
/** Of each node's proxy, which enforces NetworkPolicies: pods of all nodes are peers. */
const policyEnforcer = 'longshore:network-policy-enforcer';
const proxies = { users: ['system:kube-proxy'] };
const ingress = 'longshore:ingress';

export const componentRoles: readonly ClusterRole[] = [
  ...Object.entries(controllers).map(([account, rules]) => clusterRole(roleOf(account), rules)),
  // By the uid of this namespace a cluster is known.
  clusterRole(clusterReader, [allow('get', 'core', 'namespaces', 'kube-system')]),
  // Whether a name is missing, or only has no records, depends on the namespace.
  clusterRole(nodeDns, [allow('list watch', 'core', 'namespaces')]),
  clusterRole(policyEnforcer, [
    allow('list watch', 'networking.k8s.io', 'networkpolicies'),
    allow('list watch', 'core', 'namespaces pods'),
  ]),
  clusterRole(ingress, [
    allow('list watch', 'networking.k8s.io', 'ingresses ingressclasses'),
    allow('patch', 'networking.k8s.io', 'ingresses/status'),
    // Of Secrets it asks for those of type kubernetes.io/tls only; roles cannot say so.
    allow('list watch', 'core', 'nodes secrets services'),
    allow('list watch', 'discovery.k8s.io', 'endpointslices'),
    allowEvents,
  ]),
  // Who may read pods of a namespace may read why they wait: `view`, and so `edit` and `admin`, take it up.
  // As upstream's metrics-server brings it.
  clusterRole('system:aggregated-metrics-reader', [allow(read, 'metrics.k8s.io', 'nodes pods')], {
    ...aggregateTo('admin'),
    ...aggregateTo('edit'),
    ...aggregateTo('view'),
  }),
  clusterRole('longshore:pod-explanations', [allow('get', 'core', 'pods/why')], aggregateTo('view')),
  // Who may delete pods, and so have them made anew, may have them tried again: `edit`, and so `admin`.
  clusterRole('longshore:pod-retries', [allow('create', 'core', 'pods/retry')], aggregateTo('edit')),
];

export const componentBindings: readonly ClusterRoleBinding[] = [
  ...Object.keys(controllers).map((account) => clusterRoleBinding(roleOf(account), { accounts: [account] })),
  clusterRoleBinding(clusterReader, proxies),
  clusterRoleBinding(nodeDns, proxies),
  clusterRoleBinding(policyEnforcer, proxies),
  clusterRoleBinding(ingress, { users: ['longshore:ingress'] }),
  clusterRoleBinding(
    'system:kubelet-api-admin',
    { users: ['kube-apiserver-kubelet-client'] },
    'longshore:kube-apiserver-kubelet-client',
  ),
];

export const componentNamespaceRoles = [
  ...controllersInNamespaces.map(({ namespace, account, rules }) => role(namespace, roleOf(account), rules)),
  // Which servers it asks for names outside of the cluster.
  role('kube-system', nodeDns, [allow(read, 'core', 'configmaps', 'kube-dns')]),
];

export const componentNamespaceBindings = [
  ...controllersInNamespaces.map(({ namespace, account }) =>
    roleBinding(namespace, roleOf(account), { accounts: [account] }),
  ),
  roleBinding('kube-system', nodeDns, proxies),
];
