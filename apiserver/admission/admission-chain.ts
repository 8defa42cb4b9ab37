/** The admission plugins, in the order in which they run. A further one is a further row. */

import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { Metrics } from '../../base/metrics.ts';
import type { Kinds } from '../../kinds/kind-registry.ts';
import type { Action, Verdict } from '../authorization/authorizer.ts';
import type { Policies } from '../authorization/rbac/policies.ts';
import { AdmissionChain, type AdmissionPlugin, type ApplyJsonPatch } from '../registry/admission.ts';
import type { ObjectReader } from '../registry/object-reader.ts';
import type { WebhookCaller } from '../webhooks/webhook-caller.ts';
import type { PluginConfigurations } from './admission-configuration.ts';
import { alwaysPullImages } from './always-pull-images.ts';
import { bootstrapTokenRestriction } from './bootstrap-token-restriction.ts';
import { certificateSubjectRestriction, createCertificateApproval, createCertificateSigning } from './certificates.ts';
import { createDefaultIngressClass, createDefaultStorageClass } from './default-classes.ts';
import { defaultTolerationSeconds } from './default-toleration-seconds.ts';
import { denyServiceExternalIps } from './deny-service-external-ips.ts';
import { createDeviceAdminAccess } from './device-admin-access.ts';
import { createEventRateLimit, readEventLimits } from './event-rate-limit.ts';
import { ConditionMetrics } from './expressions/condition-metrics.ts';
import { extendedResourceToleration } from './extended-resource-toleration.ts';
import { limitPodHardAntiAffinityTopology } from './limit-pod-hard-anti-affinity-topology.ts';
import { createLimitRanger } from './limit-ranger/limit-ranger.ts';
import { createNamespaceLifecycle } from './namespace-lifecycle.ts';
import { createNodeDeparture } from './node-departure.ts';
import { createNodeRestriction } from './node-restriction/node-restriction.ts';
import { createOwnerReferencesPermissionEnforcement } from './owner-references-permission-enforcement.ts';
import { createPersistentVolumeClaimResize } from './persistent-volume-claim-resize.ts';
import { choosePlugins, type PluginChoice } from './plugin-choice.ts';
import { createPodNodeSelector, readNodeSelectors } from './pod-node-selector.ts';
import { createPodResizeValidator } from './pod-resize-validator.ts';
import { createPodSecurityPlugin } from './pod-security/pod-security.ts';
import { readPodSecurityConfiguration } from './pod-security/pod-security-configuration.ts';
import { createPodTopologyLabels } from './pod-topology-labels.ts';
import { createMutatingPolicies } from './policies/mutating-policies.ts';
import { createValidatingPolicies } from './policies/validating-policies.ts';
import { createPriorityPlugin } from './priority.ts';
import { readLimitedResources } from './resource-quota/limited-resources.ts';
import { createResourceQuotaPlugin, type ResourceQuotaOptions } from './resource-quota/resource-quota.ts';
import { createRoleEscalationPlugin } from './role-escalation.ts';
import { createRuntimeClassPlugin } from './runtime-class.ts';
import { createServiceAccountPlugin, type ServiceAccountOptions } from './service-account.ts';
import { storageObjectInUseProtection } from './storage-object-in-use-protection.ts';
import { taintNodesByCondition } from './taint-nodes-by-condition.ts';
import { createUnsafeDeletionPolicy } from './unsafe-deletion-policy.ts';
import { createMutatingWebhooks } from './webhooks/mutating-webhooks.ts';
import { createValidatingWebhooks } from './webhooks/validating-webhooks.ts';
import { callerAs, readWebhookAdmission } from './webhooks/webhook-admission.ts';
import { WebhookMetrics } from './webhooks/webhook-metrics.ts';

export interface AdmissionOptions extends PluginChoice {
  readonly serviceAccounts: ServiceAccountOptions;
  readonly resourceQuota: Omit<ResourceQuotaOptions, 'limitedResources'>;
  /** What the authorizers say, for plugins that ask whether the user might do something else too. */
  readonly decide: (action: Action) => Promise<Verdict>;
  readonly kinds: Kinds;
  readonly configurations: PluginConfigurations;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Calls webhooks. */
  readonly caller: Pick<WebhookCaller, 'call'>;
  /** Applies what they have answered. */
  readonly applyPatch: ApplyJsonPatch;
  /** What users hold. */
  readonly policies: Pick<Policies, 'rulesOf'>;
  /** Asked after those listed here. */
  readonly further: readonly AdmissionPlugin[];
}

/** Throws ConfigurationError when it is told of plugins that there are not, or what a plugin does not understand. */
export function createAdmissionChain(objects: ObjectReader, options: AdmissionOptions): AdmissionChain {
  const own = choosePlugins(admissionPlugins(objects, options), options);
  const further = options.further.filter(({ name }) => !options.disabled.includes(name));
  return new AdmissionChain([
    ...own,
    createUnsafeDeletionPolicy(options.decide),
    createNodeDeparture(options.decide),
    createDeviceAdminAccess(objects),
    bootstrapTokenRestriction,
    ...further,
    createRoleEscalationPlugin({ ...options, objects }),
  ]);
}

type Parts = Omit<AdmissionOptions, 'policies' | 'further' | keyof PluginChoice>;

/** All that there are of upstream's, in upstream's order, whether they are on or not. */
export const admissionPlugins = (
  objects: ObjectReader,
  { serviceAccounts, resourceQuota, decide, kinds, configurations, caller, applyPatch, clock, metrics, logger }: Parts,
): readonly AdmissionPlugin[] => {
  const conditionMetrics = new ConditionMetrics(metrics);
  const policies = { objects, kinds, decide, conditionMetrics, metrics };
  const webhooks = {
    ...{ objects, kinds, applyPatch, clock, logger, conditionMetrics, decide },
    metrics: new WebhookMetrics(metrics),
  };
  const callerOf = (plugin: string) => callerAs(configurations.read(plugin, readWebhookAdmission), caller);
  return [
    createNamespaceLifecycle(objects),
    limitPodHardAntiAffinityTopology,
    createLimitRanger(objects),
    createServiceAccountPlugin(objects, serviceAccounts),
    createNodeRestriction(objects, decide),
    taintNodesByCondition,
    alwaysPullImages,
    createPodSecurityPlugin({
      ...{ objects, clock, metrics },
      configuration: configurations.read('PodSecurity', readPodSecurityConfiguration),
    }),
    createPodNodeSelector(objects, configurations.read('PodNodeSelector', readNodeSelectors)),
    createPriorityPlugin(objects),
    defaultTolerationSeconds,
    createEventRateLimit(configurations.read('EventRateLimit', readEventLimits), clock),
    extendedResourceToleration,
    createDefaultStorageClass(objects),
    storageObjectInUseProtection,
    createOwnerReferencesPermissionEnforcement({ kinds, decide }),
    createPersistentVolumeClaimResize(objects),
    createRuntimeClassPlugin(objects),
    createCertificateApproval(decide),
    createCertificateSigning(decide),
    certificateSubjectRestriction,
    createDefaultIngressClass(objects),
    createPodTopologyLabels(objects),
    createPodResizeValidator(objects),
    denyServiceExternalIps,
    createMutatingPolicies(policies),
    createMutatingWebhooks({ ...webhooks, caller: callerOf('MutatingAdmissionWebhook') }),
    createValidatingPolicies(policies),
    createValidatingWebhooks({ ...webhooks, caller: callerOf('ValidatingAdmissionWebhook') }),
    createResourceQuotaPlugin(objects, {
      ...resourceQuota,
      limitedResources: configurations.read('ResourceQuota', readLimitedResources),
    }),
  ];
};
