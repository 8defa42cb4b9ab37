/** Definitions in the groups of the Kubernetes community say who has approved of them: what their condition says of it. Pure. */

import type { CustomResourceDefinition } from '../../api/types/apiextensions/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { DefinitionCondition } from './definition-conditions.ts';

const annotation = 'api-approved.kubernetes.io';
const see = 'see https://github.com/kubernetes/enhancements/pull/1111';
const protectedDomains = ['k8s.io', 'kubernetes.io'];

export const approvalConditionType = 'KubernetesAPIApprovalPolicyConformant';

/** Undefined: its group is nobody else's. */
export function approvalCondition({
  metadata,
  spec,
}: DeepReadonly<CustomResourceDefinition>): DefinitionCondition | undefined {
  const isProtected = protectedDomains.some((domain) => spec.group === domain || spec.group.endsWith(`.${domain}`));
  if (!isProtected) return undefined;
  const value = metadata?.annotations?.[annotation] ?? '';
  const say = (status: 'True' | 'False', reason: string, message: string) => ({
    type: approvalConditionType,
    ...{ status, reason, message },
  });
  const must = `protected groups must have approval annotation "${annotation}"`;
  if (value === '') return say('False', 'MissingAnnotation', `${must}, ${see}`);
  if (value.startsWith('unapproved'))
    return say('False', 'UnapprovedAnnotation', `not approved: ${JSON.stringify(value)}`);
  if (hasHost(value)) return say('True', 'ApprovedAnnotation', `approved in ${value}`);
  return say('False', 'InvalidAnnotation', `${must} with either a URL or a reason starting with "unapproved", ${see}`);
}

const hasHost = (text: string): boolean => URL.canParse(text) && new URL(text).host !== '';
