/** The kind ValidatingAdmissionPolicy. */

import type { ValidatingAdmissionPolicy } from 'kubernetes-types/admissionregistration/v1';
import { defineKind, statusSubresource } from '../define-kind.ts';

export const validatingAdmissionPolicies = defineKind<ValidatingAdmissionPolicy>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'ValidatingAdmissionPolicy',
  plural: 'validatingadmissionpolicies',
  categories: ['api-extensions'],
  namespaced: false,
  subresources: [statusSubresource],
});
