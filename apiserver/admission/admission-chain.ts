/** The admission plugins, in the order in which they run. A further one is a further row. */

import type { Clock } from '../../base/clock.ts';
import type { Metrics } from '../../base/metrics.ts';
import type { Action, Verdict } from '../authorization/authorizer.ts';
import { AdmissionChain, type AdmissionPlugin } from '../registry/admission.ts';
import type { ObjectReader } from '../registry/object-reader.ts';
import type { PluginConfigurations } from './admission-configuration.ts';
import { certificateSubjectRestriction, createCertificateApproval, createCertificateSigning } from './certificates.ts';
import { createDefaultIngressClass, createDefaultStorageClass } from './default-classes.ts';
import { defaultTolerationSeconds } from './default-toleration-seconds.ts';
import { createLimitRanger } from './limit-ranger/limit-ranger.ts';
import { createNamespaceLifecycle } from './namespace-lifecycle.ts';
import { createNodeRestriction } from './node-restriction/node-restriction.ts';
import { choosePlugins, type PluginChoice } from './plugin-choice.ts';
import { createPodSecurityPlugin } from './pod-security/pod-security.ts';
import { readPodSecurityConfiguration } from './pod-security/pod-security-configuration.ts';
import { createPriorityPlugin } from './priority.ts';
import { createResourceQuotaPlugin, type ResourceQuotaOptions } from './resource-quota/resource-quota.ts';
import { createRuntimeClassPlugin } from './runtime-class.ts';
import { createServiceAccountPlugin, type ServiceAccountOptions } from './service-account.ts';
import { storageObjectInUseProtection } from './storage-object-in-use-protection.ts';
import { taintNodesByCondition } from './taint-nodes-by-condition.ts';
import { createUnsafeDeletionPolicy } from './unsafe-deletion-policy.ts';

export interface AdmissionOptions extends PluginChoice {
  readonly serviceAccounts: ServiceAccountOptions;
  readonly resourceQuota: ResourceQuotaOptions;
  /** What the authorizers say, for plugins that ask whether the user might do something else too. */
  readonly decide: (action: Action) => Promise<Verdict>;
  readonly configurations: PluginConfigurations;
  readonly clock: Clock;
  readonly metrics: Metrics;
  /** Asked after those listed here. */
  readonly further: readonly AdmissionPlugin[];
}

/** Throws ConfigurationError when it is told of plugins that there are not, or what a plugin does not understand. */
export function createAdmissionChain(objects: ObjectReader, options: AdmissionOptions): AdmissionChain {
  const own = choosePlugins(admissionPlugins(objects, options), options);
  const further = options.further.filter(({ name }) => !options.disabled.includes(name));
  return new AdmissionChain([...own, createUnsafeDeletionPolicy(options.decide), ...further]);
}

type Parts = Omit<AdmissionOptions, 'further' | keyof PluginChoice>;

/** All that there are of upstream's, in upstream's order, whether they are on or not. */
export const admissionPlugins = (
  objects: ObjectReader,
  { serviceAccounts, resourceQuota, decide, configurations, clock, metrics }: Parts,
): readonly AdmissionPlugin[] => [
  createNamespaceLifecycle(objects),
  createLimitRanger(objects),
  createServiceAccountPlugin(objects, serviceAccounts),
  createNodeRestriction(objects, decide),
  taintNodesByCondition,
  createPodSecurityPlugin({
    ...{ objects, clock, metrics },
    configuration: configurations.read('PodSecurity', readPodSecurityConfiguration),
  }),
  createPriorityPlugin(objects),
  defaultTolerationSeconds,
  createDefaultStorageClass(objects),
  storageObjectInUseProtection,
  createRuntimeClassPlugin(objects),
  createCertificateApproval(decide),
  createCertificateSigning(decide),
  certificateSubjectRestriction,
  createDefaultIngressClass(objects),
  createResourceQuotaPlugin(objects, resourceQuota),
];
