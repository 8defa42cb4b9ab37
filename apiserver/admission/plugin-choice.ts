/** Which admission plugins there are by upstream's names, and which are on. Pure. */

import type { AdmissionPlugin } from '../registry/admission.ts';
import { ConfigurationError } from './configuration-fields.ts';

export interface PluginChoice {
  /** `--enable-admission-plugins`: on, although they are off by default. */
  readonly enabled: readonly string[];
  /** `--disable-admission-plugins` */
  readonly disabled: readonly string[];
}

/** All of upstream's, in the order in which they are asked, whatever order they are named in. */
export const pluginOrder: readonly string[] = [
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
  'PodResizeValidator',
  'DenyServiceExternalIPs',
  'MutatingAdmissionPolicy',
  'MutatingAdmissionWebhook',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionWebhook',
  'ResourceQuota',
  'AlwaysDeny',
];

/** As upstream; but NodeRestriction is on, as a kubelet is not to be trusted with other nodes' pods anywhere. */
const offByDefault: readonly string[] = [
  ...['AlwaysAdmit', 'AlwaysDeny', 'AlwaysPullImages', 'DenyServiceExternalIPs', 'EventRateLimit'],
  ...['ExtendedResourceToleration', 'ImagePolicyWebhook', 'LimitPodHardAntiAffinityTopology'],
  ...['NamespaceAutoProvision', 'NamespaceExists', 'OwnerReferencesPermissionEnforcement', 'PodNodeSelector'],
  'PodTolerationRestriction',
];

/** Those of `plugins` that are on. Throws ConfigurationError for names that say nothing. */
export function choosePlugins(
  plugins: readonly AdmissionPlugin[],
  { enabled, disabled }: PluginChoice,
): readonly AdmissionPlugin[] {
  const there = plugins.map(({ name }) => name);
  refuseUnknown('enable-admission-plugins', enabled, there);
  // What is not there is off already.
  refuseUnknown('disable-admission-plugins', disabled, [...there, ...pluginOrder]);
  const both = enabled.filter((name) => disabled.includes(name));
  if (both.length > 0) {
    throw new ConfigurationError(
      `[${both.join(', ')}] in enable-admission-plugins and disable-admission-plugins overlapped`,
    );
  }
  return plugins.filter(
    ({ name }) => enabled.includes(name) || !(offByDefault.includes(name) || disabled.includes(name)),
  );
}

function refuseUnknown(option: string, names: readonly string[], known: readonly string[]): void {
  for (const name of names) {
    if (known.includes(name)) continue;
    throw new ConfigurationError(`${option} plugin ${JSON.stringify(name)} is unknown; there are ${known.join(', ')}`);
  }
}
