/** The admission plugins, in the order in which they run. A further one is a further row. */

import type { Action, Verdict } from '../authorization/authorizer.ts';
import { AdmissionChain, type AdmissionPlugin } from '../registry/admission.ts';
import type { ObjectReader } from '../registry/object-reader.ts';
import { certificateSubjectRestriction, createCertificateApproval, createCertificateSigning } from './certificates.ts';
import { createDefaultIngressClass, createDefaultStorageClass } from './default-classes.ts';
import { defaultTolerationSeconds } from './default-toleration-seconds.ts';
import { createLimitRanger } from './limit-ranger/limit-ranger.ts';
import { createNamespaceLifecycle } from './namespace-lifecycle.ts';
import { createPriorityPlugin } from './priority.ts';
import { createResourceQuotaPlugin, type ResourceQuotaOptions } from './resource-quota/resource-quota.ts';
import { createRuntimeClassPlugin } from './runtime-class.ts';
import { createServiceAccountPlugin, type ServiceAccountOptions } from './service-account.ts';
import { storageObjectInUseProtection } from './storage-object-in-use-protection.ts';
import { taintNodesByCondition } from './taint-nodes-by-condition.ts';
import { createUnsafeDeletionPolicy } from './unsafe-deletion-policy.ts';

export interface AdmissionOptions {
  readonly serviceAccounts: ServiceAccountOptions;
  readonly resourceQuota: ResourceQuotaOptions;
  /** What the authorizers say, for plugins that ask whether the user might do something else too. */
  readonly decide: (action: Action) => Promise<Verdict>;
  /** Names of plugins that are left out. */
  readonly disabled: readonly string[];
  /** Asked after those listed here. */
  readonly further: readonly AdmissionPlugin[];
}

export function createAdmissionChain(objects: ObjectReader, options: AdmissionOptions): AdmissionChain {
  const unsafeDeletion = createUnsafeDeletionPolicy(options.decide);
  const plugins = [...admissionPlugins(objects, options), unsafeDeletion, ...options.further];
  return new AdmissionChain(plugins.filter(({ name }) => !options.disabled.includes(name)));
}

/** All that there are of upstream's, in upstream's order. */
export const admissionPlugins = (
  objects: ObjectReader,
  { serviceAccounts, resourceQuota, decide }: Omit<AdmissionOptions, 'disabled' | 'further'>,
): readonly AdmissionPlugin[] => [
  createNamespaceLifecycle(objects),
  createLimitRanger(objects),
  createServiceAccountPlugin(objects, serviceAccounts),
  taintNodesByCondition,
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
