/** What people are given: everything, or one namespace to administer, edit or view. */

import type { ClusterRole } from '../../../api/types/rbac/v1.ts';
import { aggregatedRole, aggregateTo, allow, allowPaths, clusterRole, read, readWrite, write } from './notation.ts';

const podStreams = 'pods/attach pods/exec pods/portforward pods/proxy';

export const userRoles: readonly ClusterRole[] = [
  clusterRole('cluster-admin', [allow('*', '*', '*'), allowPaths('*', '*')]),
  aggregatedRole('admin'),
  aggregatedRole('edit', aggregateTo('admin')),
  aggregatedRole('view', aggregateTo('edit')),
  clusterRole(
    'system:aggregate-to-admin',
    [
      allow('create', 'authorization.k8s.io', 'localsubjectaccessreviews'),
      allow(readWrite, 'rbac.authorization.k8s.io', 'roles rolebindings'),
    ],
    aggregateTo('admin'),
  ),
  clusterRole(
    'system:aggregate-to-edit',
    [
      // Who reads these can become somebody else.
      allow(read, 'core', `${podStreams} secrets services/proxy`),
      allow('impersonate', 'core', 'serviceaccounts'),
      allow(write, 'core', `pods ${podStreams}`),
      allow('create', 'core', 'pods/eviction'),
      allow(
        write,
        'core',
        'configmaps persistentvolumeclaims replicationcontrollers replicationcontrollers/scale secrets serviceaccounts services services/proxy',
      ),
      allow('create', 'core', 'serviceaccounts/token'),
      allow(write, 'core events.k8s.io', 'events'),
      allow(
        write,
        'apps',
        'daemonsets deployments deployments/rollback deployments/scale replicasets replicasets/scale statefulsets statefulsets/scale',
      ),
      allow(write, 'autoscaling', 'horizontalpodautoscalers'),
      allow(write, 'batch', 'cronjobs jobs'),
      allow(
        write,
        'extensions',
        'daemonsets deployments deployments/rollback deployments/scale ingresses networkpolicies replicasets replicasets/scale replicationcontrollers/scale',
      ),
      allow(write, 'policy', 'poddisruptionbudgets'),
      allow(write, 'networking.k8s.io', 'ingresses networkpolicies'),
      allow(readWrite, 'coordination.k8s.io', 'leases'),
      allow(write, 'resource.k8s.io', 'resourceclaims resourceclaimtemplates'),
    ],
    aggregateTo('edit'),
  ),
  clusterRole(
    'system:aggregate-to-view',
    [
      allow(
        read,
        'core',
        'configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods replicationcontrollers replicationcontrollers/scale serviceaccounts services services/status',
      ),
      allow(
        read,
        'core',
        'bindings limitranges namespaces/status pods/log pods/status replicationcontrollers/status resourcequotas resourcequotas/status',
      ),
      allow(read, 'core', 'namespaces'),
      allow(read, 'core events.k8s.io', 'events'),
      allow(read, 'discovery.k8s.io', 'endpointslices'),
      allow(
        read,
        'apps',
        'controllerrevisions daemonsets daemonsets/status deployments deployments/scale deployments/status replicasets replicasets/scale replicasets/status statefulsets statefulsets/scale statefulsets/status',
      ),
      allow(read, 'autoscaling', 'horizontalpodautoscalers horizontalpodautoscalers/status'),
      allow(read, 'batch', 'cronjobs cronjobs/status jobs jobs/status'),
      allow(
        read,
        'extensions',
        'daemonsets daemonsets/status deployments deployments/scale deployments/status ingresses ingresses/status networkpolicies replicasets replicasets/scale replicasets/status replicationcontrollers/scale',
      ),
      allow(read, 'policy', 'poddisruptionbudgets poddisruptionbudgets/status'),
      allow(read, 'networking.k8s.io', 'ingresses ingresses/status networkpolicies'),
      allow(read, 'resource.k8s.io', 'resourceclaims resourceclaims/status resourceclaimtemplates'),
    ],
    aggregateTo('view'),
  ),
];
