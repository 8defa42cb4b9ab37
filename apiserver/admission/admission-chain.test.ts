import assert from 'node:assert/strict';
import { it } from 'node:test';
import { systemClock } from '../../base/clock.ts';
import { silentLogger } from '../../base/logger.ts';
import { admissionPlugins } from './admission-chain.ts';

/** `AllOrderedPlugins` of upstream's pkg/kubeapiserver/options/plugins.go. */
const upstreamOrder = [
  'AlwaysAdmit',
  'NamespaceAutoProvision',
  'NamespaceLifecycle',
  'NamespaceExists',
  'LimitPodHardAntiAffinityTopology',
  'LimitRanger',
  'ServiceAccount',
  'NodeRestriction',
  'TaintNodesByCondition',
  'AlwaysPullImages',
  'ImagePolicyWebhook',
  'PodSecurity',
  'PodNodeSelector',
  'Priority',
  'DefaultTolerationSeconds',
  'PodTolerationRestriction',
  'EventRateLimit',
  'ExtendedResourceToleration',
  'DefaultStorageClass',
  'StorageObjectInUseProtection',
  'OwnerReferencesPermissionEnforcement',
  'PersistentVolumeClaimResize',
  'RuntimeClass',
  'CertificateApproval',
  'CertificateSigning',
  'ClusterTrustBundleAttest',
  'CertificateSubjectRestriction',
  'DefaultIngressClass',
  'PodTopologyLabels',
  'DenyServiceExternalIPs',
  'MutatingAdmissionPolicy',
  'MutatingAdmissionWebhook',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionWebhook',
  'ResourceQuota',
  'AlwaysDeny',
];

it('asks the admission plugins in the order of upstream', () => {
  const nothing = { find: async () => undefined, all: async () => [] };
  const resourceQuota = {
    writer: { updateUsed: async () => undefined },
    limitedResources: [],
    clock: systemClock,
    logger: silentLogger,
  };
  const decide = async () => ({ decision: 'noOpinion' }) as const;
  const plugins = admissionPlugins(nothing, { serviceAccounts: { mountTokens: true }, resourceQuota, decide });
  const names = plugins.map(({ name }) => name);
  assert.deepEqual(
    names,
    upstreamOrder.filter((name) => names.includes(name)),
  );
});
