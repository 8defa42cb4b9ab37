/** The kind MutatingAdmissionPolicy. */

import { defineKind } from '../define-kind.ts';
import type { KubernetesObject } from '../object.ts';

export const mutatingAdmissionPolicies = defineKind<KubernetesObject>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'MutatingAdmissionPolicy',
  plural: 'mutatingadmissionpolicies',
  categories: ['api-extensions'],
  namespaced: false,
});
