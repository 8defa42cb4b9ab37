/** The table of controllers. A new one is a file and a row. */

import { createHorizontalController } from './autoscaling/horizontal-controller.ts';
import { type ApprovalSettings, createApprovingController } from './certificates/approving-controller.ts';
import { createCleanerController } from './certificates/cleaner-controller.ts';
import { createSigningController, type SigningSettings } from './certificates/signing-controller.ts';
import type { ControllerRow } from './controller-context.ts';
import { createResourceClaimController } from './devices/resource-claim-controller.ts';
import { createDisruptionController } from './disruption/disruption-controller.ts';
import { createEndpointSliceController } from './endpoints/endpoint-slice-controller.ts';
import { createEndpointsController } from './endpoints/endpoints-controller.ts';
import { createEndpointsMirroringController } from './endpoints/endpoints-mirroring-controller.ts';
import { createPodDrainController } from './endpoints/pod-drain-controller.ts';
import { createGarbageController } from './garbage-collector/garbage-collector-controller.ts';
import { createAccountTokenController } from './identity/account-token-controller.ts';
import { createBootstrapSignerController } from './identity/bootstrap-signer-controller.ts';
import {
  createRootCertificateController,
  type RootCertificateSettings,
} from './identity/root-certificate-controller.ts';
import { createServiceAccountController } from './identity/service-account-controller.ts';
import { createTokenCleanerController } from './identity/token-cleaner-controller.ts';
import { createNamespaceDeletionController } from './namespaces/namespace-controller.ts';
import { createCutOffController } from './nodes/cut-off-controller.ts';
import { createNodeDepartureController } from './nodes/node-departure-controller.ts';
import { createNodeIpamController, type NodeIpamSettings } from './nodes/node-ipam-controller.ts';
import { createNodeLifecycleController, type NodeLifecycleSettings } from './nodes/node-lifecycle-controller.ts';
import { createNodeTtlController } from './nodes/node-ttl-controller.ts';
import { createReachabilityController, type ReachabilitySettings } from './nodes/reachability-controller.ts';
import { createTaintEvictionController } from './nodes/taint-eviction-controller.ts';
import { createPodGarbageController, type PodGarbageSettings } from './pods/pod-garbage-controller.ts';
import { createResourceQuotaController } from './quota/resource-quota-controller.ts';
import { createPodRebalancerController } from './rebalancing/pod-rebalancer-controller.ts';
import { createAggregationController } from './roles/aggregation-controller.ts';
import { createStorageVersionMigratorController } from './storage-versions/storage-version-migrator-controller.ts';
import { createAttachDetachController } from './volumes/attach-detach-controller.ts';
import { createBinderController } from './volumes/binder-controller.ts';
import { createEphemeralVolumeController } from './volumes/ephemeral-volume-controller.ts';
import { createExpanderController } from './volumes/expander-controller.ts';
import { createLocalProvisionerController } from './volumes/local-provisioner-controller.ts';
import {
  createAttributesClassProtectionController,
  createClaimProtectionController,
  createVolumeProtectionController,
} from './volumes/storage-protection-controllers.ts';
import { createCronJobController } from './workloads/cron-jobs/cron-job-controller.ts';
import { createDaemonSetController } from './workloads/daemon-sets/daemon-set-controller.ts';
import { createDeploymentController } from './workloads/deployments/deployment-controller.ts';
import { createJobController } from './workloads/jobs/job-controller.ts';
import { createJobExpiryController } from './workloads/jobs/job-expiry-controller.ts';
import {
  createReplicaSetController,
  createReplicationController,
} from './workloads/replica-sets/replica-set-controllers.ts';
import { createConfigurationRolloutController } from './workloads/rollouts/configuration-rollout-controller.ts';
import { createDeploymentRollbackController } from './workloads/rollouts/deployment-rollback-controller.ts';
import { createSetRollbackController } from './workloads/rollouts/set-rollback-controller.ts';
import { createStatefulSetController } from './workloads/stateful-sets/stateful-set-controller.ts';

/** Of each controller that has any, its own. */
export interface ControllerSettings {
  readonly nodeIpam: NodeIpamSettings;
  readonly nodeLifecycle: NodeLifecycleSettings;
  readonly podGarbage: PodGarbageSettings;
  readonly rootCertificate: RootCertificateSettings;
  readonly approval: ApprovalSettings;
  readonly signing: SigningSettings;
  readonly reachability: ReachabilitySettings;
}

export const controllersOf = (settings: ControllerSettings): readonly ControllerRow[] => [
  { name: 'replicationcontroller-controller', create: createReplicationController },
  { name: 'replicaset-controller', create: createReplicaSetController },
  { name: 'job-controller', create: createJobController },
  { name: 'cronjob-controller', create: createCronJobController },
  { name: 'ttl-after-finished-controller', create: createJobExpiryController },
  { name: 'horizontal-pod-autoscaler-controller', create: createHorizontalController },
  { name: 'disruption-controller', create: createDisruptionController },
  { name: 'statefulset-controller', create: createStatefulSetController },
  { name: 'daemonset-controller', create: createDaemonSetController },
  { name: 'deployment-controller', create: createDeploymentController },
  { name: 'deployment-rollback-controller', create: createDeploymentRollbackController },
  { name: 'set-rollback-controller', create: createSetRollbackController },
  { name: 'configuration-rollout-controller', create: createConfigurationRolloutController },
  { name: 'endpoints-controller', create: createEndpointsController },
  { name: 'endpointslice-controller', create: createEndpointSliceController },
  { name: 'pod-drain-controller', create: createPodDrainController },
  { name: 'endpointslice-mirroring-controller', create: createEndpointsMirroringController },
  { name: 'namespace-controller', create: createNamespaceDeletionController },
  { name: 'serviceaccount-controller', create: createServiceAccountController },
  {
    name: 'serviceaccount-token-controller',
    create: (context) => createAccountTokenController(context, settings.rootCertificate),
  },
  { name: 'bootstrap-signer-controller', create: createBootstrapSignerController },
  {
    name: 'root-ca-certificate-publisher-controller',
    create: (context) => createRootCertificateController(context, settings.rootCertificate),
  },
  {
    name: 'certificatesigningrequest-signing-controller',
    create: (context) => createSigningController(context, settings.signing),
  },
  {
    name: 'certificatesigningrequest-approving-controller',
    create: (context) => createApprovingController(context, settings.approval),
  },
  { name: 'certificatesigningrequest-cleaner-controller', create: createCleanerController },
  {
    name: 'node-lifecycle-controller',
    create: (context) => createNodeLifecycleController(context, settings.nodeLifecycle),
  },
  { name: 'taint-eviction-controller', create: createTaintEvictionController },
  { name: 'node-ipam-controller', create: (context) => createNodeIpamController(context, settings.nodeIpam) },
  { name: 'ttl-controller', create: createNodeTtlController },
  {
    name: 'node-reachability-controller',
    create: (context) => createReachabilityController(context, settings.reachability),
  },
  { name: 'node-cut-off-controller', create: createCutOffController },
  { name: 'node-departure-controller', create: createNodeDepartureController },
  { name: 'token-cleaner-controller', create: createTokenCleanerController },
  {
    name: 'pod-garbage-collector-controller',
    create: (context) => createPodGarbageController(context, settings.podGarbage),
  },
  { name: 'persistentvolume-binder-controller', create: createBinderController },
  { name: 'persistentvolume-attach-detach-controller', create: createAttachDetachController },
  { name: 'persistentvolume-expander-controller', create: createExpanderController },
  { name: 'ephemeral-volume-controller', create: createEphemeralVolumeController },
  { name: 'resourceclaim-controller', create: createResourceClaimController },
  { name: 'local-volume-provisioner-controller', create: createLocalProvisionerController },
  { name: 'persistentvolumeclaim-protection-controller', create: createClaimProtectionController },
  { name: 'persistentvolume-protection-controller', create: createVolumeProtectionController },
  { name: 'volumeattributesclass-protection-controller', create: createAttributesClassProtectionController },
  { name: 'pod-rebalancer-controller', create: createPodRebalancerController },
  { name: 'resourcequota-controller', create: createResourceQuotaController },
  { name: 'clusterrole-aggregation-controller', create: createAggregationController },
  { name: 'storage-version-migrator-controller', create: createStorageVersionMigratorController },
  // Last: it shares what the others keep in memory whole, and keeps metadata of the rest.
  { name: 'garbage-collector-controller', create: createGarbageController },
];
