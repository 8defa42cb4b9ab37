/**
 * The rules for a pod's spec, in pods and in templates alike. Each concern has a file of its own; here they are asked
 * in upstream's order.
 */

import type { PodResourceClaim, PodSpec } from '../../../api/types/core/v1.ts';
import type { FieldErrors, FieldPath } from '../../../machinery/field-errors.ts';
import { validateLabels } from '../../validation/label-selector.ts';
import { checkDns1123Label, checkDns1123Subdomain, checkQualifiedName } from '../../validation/names.ts';
import { validateAllContainers } from './containers.ts';
import { validateDnsConfig, validateDnsPolicy, validateHostAliases, validateHostnames } from './network.ts';
import { validateAffinity, validateGates, validateSpread, validateTolerations } from './placement.ts';
import { validatePodResources } from './pod-resources.ts';
import { validateResources } from './resources.ts';
import { validateHostProcess, validateHostUsers, validateOs, validatePodSecurity } from './security.ts';
import { validateVolumes } from './volumes.ts';

export interface PodSpecContext {
  /** The pod's name; empty in templates. */
  readonly podName: string;
}

const restartPolicies = ['Always', 'OnFailure', 'Never'];
const preemptionPolicies = ['Never', 'PreemptLowerPriority'];
const maxDeadline = 2 ** 31 - 1;

export function validatePodSpec(spec: PodSpec, context: PodSpecContext, path: FieldPath, errors: FieldErrors): void {
  const volumes = validateVolumes(spec.volumes ?? [], context, path.child('volumes'), errors);
  validateResourceClaims(spec.resourceClaims ?? [], path.child('resourceClaims'), errors);
  validateAllContainers(spec, volumes, path, errors);
  if (spec.resources) validatePodResources(spec, spec.resources, path.child('resources'), errors);
  validateRestartPolicy(spec.restartPolicy ?? '', path.child('restartPolicy'), errors);
  validateDnsPolicy(spec.dnsPolicy ?? '', path.child('dnsPolicy'), errors);
  validateLabels(spec.nodeSelector, path.child('nodeSelector'), errors);
  validatePodSecurity(spec, path, errors);
  if (spec.affinity) validateAffinity(spec.affinity, path.child('affinity'), errors);
  validateDnsConfig(spec.dnsConfig, spec.dnsPolicy, path.child('dnsConfig'), errors);
  for (const [index, { conditionType }] of (spec.readinessGates ?? []).entries()) {
    for (const message of checkQualifiedName(conditionType))
      errors.invalid(path.child('readinessGates').index(index).child('conditionType'), conditionType, message);
  }
  validateGates(spec.schedulingGates ?? [], path.child('schedulingGates'), errors);
  validateSpread(spec.topologySpreadConstraints ?? [], path.child('topologySpreadConstraints'), errors);
  validateHostProcess(spec, path, errors);
  validateHostUsers(spec, path, errors);
  validateNames(spec, path, errors);
  validateHostnames(spec, path, errors);
  validateTolerations(spec.tolerations ?? [], path.child('tolerations'), errors);
  validateHostAliases(spec.hostAliases ?? [], path.child('hostAliases'), errors);
  validatePriority(spec, path, errors);
  validateOverhead(spec, path, errors);
  validateOs(spec, path, errors);
}

function validateRestartPolicy(policy: string, path: FieldPath, errors: FieldErrors): void {
  if (restartPolicies.includes(policy)) return;
  if (policy === '') errors.required(path);
  else errors.notSupported(path, policy, restartPolicies);
}

function validateNames(spec: PodSpec, path: FieldPath, errors: FieldErrors): void {
  for (const field of ['serviceAccountName', 'nodeName'] as const) {
    const name = spec[field];
    if (name) for (const message of checkDns1123Subdomain(name)) errors.invalid(path.child(field), name, message);
  }
  const { activeDeadlineSeconds: deadline } = spec;
  if (deadline !== undefined && (deadline < 1 || deadline > maxDeadline))
    errors.invalid(path.child('activeDeadlineSeconds'), deadline, `must be between 1 and ${maxDeadline}, inclusive`);
}

function validatePriority(spec: PodSpec, path: FieldPath, errors: FieldErrors): void {
  for (const field of ['priorityClassName', 'runtimeClassName'] as const) {
    const name = spec[field];
    if (name === undefined || (name === '' && field === 'priorityClassName')) continue;
    for (const message of checkDns1123Subdomain(name)) errors.invalid(path.child(field), name, message);
  }
  const { preemptionPolicy } = spec;
  if (preemptionPolicy === undefined || preemptionPolicies.includes(preemptionPolicy)) return;
  if (preemptionPolicy === '') errors.required(path.child('preemptionPolicy'));
  else errors.notSupported(path.child('preemptionPolicy'), preemptionPolicy, preemptionPolicies);
}

function validateOverhead({ overhead }: PodSpec, path: FieldPath, errors: FieldErrors): void {
  if (overhead) validateResources({ limits: overhead }, { claims: new Set() }, path.child('overhead'), errors);
}

function validateResourceClaims(claims: readonly PodResourceClaim[], path: FieldPath, errors: FieldErrors): void {
  const seen = new Set<string>();
  for (const [index, claim] of claims.entries()) {
    const place = path.index(index);
    const { name, resourceClaimName, resourceClaimTemplateName } = claim;
    if (name === '') errors.required(place.child('name'));
    else if (seen.has(name)) errors.duplicate(place.child('name'), name);
    else {
      for (const message of checkDns1123Label(name)) errors.invalid(place.child('name'), name, message);
      seen.add(name);
    }
    const shown = {
      Name: name,
      ResourceClaimName: resourceClaimName ?? null,
      ResourceClaimTemplateName: resourceClaimTemplateName ?? null,
    };
    if (resourceClaimName !== undefined && resourceClaimTemplateName !== undefined) {
      errors.invalid(
        place,
        shown,
        'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified',
      );
    } else if (resourceClaimName === undefined && resourceClaimTemplateName === undefined) {
      errors.invalid(place, shown, 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`');
    }
    for (const [field, value] of [
      ['resourceClaimName', resourceClaimName],
      ['resourceClaimTemplateName', resourceClaimTemplateName],
    ] as const) {
      if (value === undefined) continue;
      for (const message of checkDns1123Subdomain(value)) errors.invalid(place.child(field), value, message);
    }
  }
}
