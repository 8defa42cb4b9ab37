/** One role for each of upstream's controllers, bound to the service account of the same name in kube-system. */

import type { ClusterRole, ClusterRoleBinding, PolicyRule } from '../../../api/types/rbac/v1.ts';
import { allow, allowEvents, clusterRole, clusterRoleBinding, read } from './notation.ts';

const everything = 'create delete get list patch update watch';
const ownPods = 'create delete list patch watch';
const csrs = 'certificatesigningrequests';

const rules: Readonly<Record<string, PolicyRule[]>> = {
  'attachdetach-controller': [
    allow('list watch', 'core', 'persistentvolumeclaims persistentvolumes'),
    allow(read, 'core', 'nodes'),
    allow('patch update', 'core', 'nodes/status'),
    allow('list watch', 'core', 'pods'),
    allowEvents,
    allow('create delete get list watch', 'storage.k8s.io', 'volumeattachments'),
    allow(read, 'storage.k8s.io', 'csidrivers'),
    allow(read, 'storage.k8s.io', 'csinodes'),
  ],
  'clusterrole-aggregation-controller': [
    allow(`escalate ${read} patch update`, 'rbac.authorization.k8s.io', 'clusterroles'),
  ],
  'cronjob-controller': [
    allow(`${read} update`, 'batch', 'cronjobs'),
    allow(everything, 'batch', 'jobs'),
    allow('update', 'batch', 'cronjobs/status'),
    allow('update', 'batch', 'cronjobs/finalizers'),
    allow('delete list watch', 'core', 'pods'),
    allowEvents,
  ],
  'daemon-set-controller': [
    allow(read, 'apps extensions', 'daemonsets'),
    allow('update', 'apps extensions', 'daemonsets/status'),
    allow('update', 'apps extensions', 'daemonsets/finalizers'),
    allow('list watch', 'core', 'nodes'),
    allow(ownPods, 'core', 'pods'),
    allow('create', 'core', 'pods/binding'),
    allow(everything, 'apps', 'controllerrevisions'),
    allowEvents,
  ],
  'deployment-controller': [
    allow(`${read} update`, 'apps extensions', 'deployments'),
    allow('update', 'apps extensions', 'deployments/status'),
    allow('update', 'apps extensions', 'deployments/finalizers'),
    allow(everything, 'apps extensions', 'replicasets'),
    allow(`${read} update`, 'core', 'pods'),
    allowEvents,
  ],
  'disruption-controller': [
    allow(read, 'apps extensions', 'deployments'),
    allow(read, 'apps extensions', 'replicasets'),
    allow(read, 'core', 'replicationcontrollers'),
    allow(read, 'policy', 'poddisruptionbudgets'),
    allow(read, 'apps', 'statefulsets'),
    allow('update', 'policy', 'poddisruptionbudgets/status'),
    allow('patch update', 'core', 'pods/status'),
    allow('get', '*', '*/scale'),
    allowEvents,
  ],
  'endpoint-controller': [
    allow(read, 'core', 'pods services'),
    allow('create delete get list update watch', 'core', 'endpoints'),
    allow('create', 'core', 'endpoints/restricted'),
    allowEvents,
  ],
  'endpointslice-controller': [
    allow(read, 'core', 'nodes pods services'),
    allow('update', 'core', 'services/finalizers'),
    allow('create delete get list update watch', 'discovery.k8s.io', 'endpointslices'),
    allowEvents,
  ],
  'endpointslicemirroring-controller': [
    allow(read, 'core', 'endpoints services'),
    allow('update', 'core', 'services/finalizers'),
    allow('update', 'core', 'endpoints/finalizers'),
    allow('create delete get list update watch', 'discovery.k8s.io', 'endpointslices'),
    allowEvents,
  ],
  'expand-controller': [
    allow(`${read} patch update`, 'core', 'persistentvolumes'),
    allow('patch update', 'core', 'persistentvolumeclaims/status'),
    allow(read, 'core', 'persistentvolumeclaims'),
    allowEvents,
  ],
  'ephemeral-volume-controller': [
    allow(read, 'core', 'pods'),
    allow('update', 'core', 'pods/finalizers'),
    allow(`create ${read}`, 'core', 'persistentvolumeclaims'),
    allowEvents,
  ],
  'resource-claim-controller': [
    allow(read, 'core', 'pods'),
    allow('update', 'core', 'pods/finalizers'),
    allow('create delete get list watch', 'resource.k8s.io', 'resourceclaims'),
    allow('patch update', 'resource.k8s.io', 'resourceclaims resourceclaims/status'),
    allow('patch update', 'core', 'pods/status'),
    allowEvents,
    allow('patch update', 'resource.k8s.io', 'resourceclaims/binding'),
  ],
  'device-taint-eviction-controller': [
    allow('delete get list watch', 'core', 'pods'),
    allow('patch update', 'core', 'pods/status'),
    allow(read, 'resource.k8s.io', 'resourceclaims'),
    allow(read, 'resource.k8s.io', 'resourceslices'),
    allow(read, 'resource.k8s.io', 'deviceclasses'),
    allow(read, 'resource.k8s.io', 'devicetaintrules'),
    allowEvents,
  ],
  'generic-garbage-collector': [allow('delete get list patch update watch', '*', '*'), allowEvents],
  'horizontal-pod-autoscaler': [
    allow(read, 'autoscaling', 'horizontalpodautoscalers'),
    allow('update', 'autoscaling', 'horizontalpodautoscalers/status'),
    allow('get update', '*', '*/scale'),
    allow('list watch', 'core', 'pods'),
    allow('list watch', 'metrics.k8s.io', 'pods'),
    allow(read, 'custom.metrics.k8s.io', '*'),
    allow(read, 'external.metrics.k8s.io', '*'),
    allowEvents,
  ],
  'job-controller': [
    allow(`${read} patch update`, 'batch', 'jobs'),
    allow('update', 'batch', 'jobs/status'),
    allow('update', 'batch', 'jobs/finalizers'),
    allow(ownPods, 'core', 'pods'),
    allowEvents,
  ],
  'namespace-controller': [
    allow('delete get list watch', 'core', 'namespaces'),
    allow('update', 'core', 'namespaces/finalize namespaces/status'),
    allow('delete deletecollection get list watch', '*', '*'),
  ],
  'node-controller': [
    allow('delete get list patch update watch', 'core', 'nodes'),
    allow('patch update', 'core', 'nodes/status'),
    allow('patch update', 'core', 'pods/status'),
    allow('delete get list watch', 'core', 'pods'),
    allowEvents,
  ],
  'persistent-volume-binder': [
    allow('create delete get list update watch', 'core', 'persistentvolumes'),
    allow('update', 'core', 'persistentvolumes/status'),
    allow(`${read} update`, 'core', 'persistentvolumeclaims'),
    allow('update', 'core', 'persistentvolumeclaims/status'),
    allow('create delete get list watch', 'core', 'pods'),
    allow(read, 'storage.k8s.io', 'storageclasses'),
    allow('list watch', 'core', 'nodes'),
    allowEvents,
    allow('watch', 'core', 'events'),
  ],
  'pod-garbage-collector': [
    allow('delete list watch', 'core', 'pods'),
    allow(read, 'core', 'nodes'),
    allow('patch', 'core', 'pods/status'),
  ],
  'replicaset-controller': [
    allow(`${read} update`, 'apps extensions', 'replicasets'),
    allow('update', 'apps extensions', 'replicasets/status'),
    allow('update', 'apps extensions', 'replicasets/finalizers'),
    allow(ownPods, 'core', 'pods'),
    allowEvents,
  ],
  'replication-controller': [
    allow(`${read} update`, 'core', 'replicationcontrollers'),
    allow('update', 'core', 'replicationcontrollers/status'),
    allow('update', 'core', 'replicationcontrollers/finalizers'),
    allow(ownPods, 'core', 'pods'),
    allowEvents,
  ],
  'resourcequota-controller': [
    allow('list watch', '*', '*'),
    allow('update', 'core', 'resourcequotas/status'),
    allowEvents,
  ],
  'route-controller': [allow('list watch', 'core', 'nodes'), allow('patch', 'core', 'nodes/status'), allowEvents],
  'service-account-controller': [allow('create', 'core', 'serviceaccounts'), allowEvents],
  'service-controller': [
    allow(read, 'core', 'services'),
    allow('patch update', 'core', 'services/status'),
    allow('list watch', 'core', 'nodes'),
    allowEvents,
  ],
  'service-cidrs-controller': [
    allow(`${read} patch update`, 'networking.k8s.io', 'servicecidrs'),
    allow('patch update', 'networking.k8s.io', 'servicecidrs/finalizers'),
    allow('patch update', 'networking.k8s.io', 'servicecidrs/status'),
    allow(read, 'networking.k8s.io', 'ipaddresses'),
    allowEvents,
  ],
  'statefulset-controller': [
    allow('list watch', 'core', 'pods'),
    allow(read, 'apps', 'statefulsets'),
    allow('update', 'apps', 'statefulsets/status'),
    allow('update', 'apps', 'statefulsets/finalizers'),
    allow('create delete get patch update', 'core', 'pods'),
    allow(everything, 'apps', 'controllerrevisions'),
    allow('create get list watch', 'core', 'persistentvolumeclaims'),
    allow('delete update', 'core', 'persistentvolumeclaims'),
    allow('update', 'core', 'pods/finalizers'),
    allowEvents,
  ],
  'ttl-controller': [allow('list patch update watch', 'core', 'nodes'), allowEvents],
  'certificate-controller': [
    allow('delete get list watch', 'certificates.k8s.io', csrs),
    allow('update', 'certificates.k8s.io', `${csrs}/approval ${csrs}/status`),
    allow('approve', 'certificates.k8s.io', 'signers', 'kubernetes.io/kube-apiserver-client-kubelet'),
    allow(
      'sign',
      'certificates.k8s.io',
      'signers',
      'kubernetes.io/kube-apiserver-client kubernetes.io/kube-apiserver-client-kubelet kubernetes.io/kubelet-serving kubernetes.io/legacy-unknown',
    ),
    allow('create', 'authorization.k8s.io', 'subjectaccessreviews'),
    allowEvents,
  ],
  'pvc-protection-controller': [
    allow(`${read} update`, 'core', 'persistentvolumeclaims'),
    allow(read, 'core', 'pods'),
    allowEvents,
  ],
  'pv-protection-controller': [allow(`${read} update`, 'core', 'persistentvolumes'), allowEvents],
  'volumeattributesclass-protection-controller': [
    allow(read, 'core', 'persistentvolumeclaims'),
    allow(read, 'core', 'persistentvolumes'),
    allow(`${read} update`, 'storage.k8s.io', 'volumeattributesclasses'),
    allowEvents,
  ],
  'ttl-after-finished-controller': [allow('delete get list watch', 'batch', 'jobs'), allowEvents],
  'root-ca-cert-publisher': [allow('create update', 'core', 'configmaps'), allowEvents],
  'validatingadmissionpolicy-status-controller': [
    allow(read, 'admissionregistration.k8s.io', 'validatingadmissionpolicies'),
    allow('get patch update', 'admissionregistration.k8s.io', 'validatingadmissionpolicies/status'),
    allowEvents,
  ],
  'legacy-service-account-token-cleaner': [
    allow('get', 'core', 'configmaps', 'kube-apiserver-legacy-service-account-token-tracking'),
    allow('delete patch', 'core', 'secrets'),
  ],
  'selinux-warning-controller': [
    allowEvents,
    allow(read, 'core', 'persistentvolumes'),
    allow(read, 'core', 'persistentvolumeclaims'),
    allow(read, 'core', 'pods'),
    allow(read, 'storage.k8s.io', 'csidrivers'),
  ],
};

const nameOf = (controller: string): string => `system:controller:${controller}`;

export const controllerRoles: readonly ClusterRole[] = Object.entries(rules).map(([controller, granted]) =>
  clusterRole(nameOf(controller), granted),
);

export const controllerBindings: readonly ClusterRoleBinding[] = Object.keys(rules).map((controller) =>
  clusterRoleBinding(nameOf(controller), { accounts: [controller] }),
);
