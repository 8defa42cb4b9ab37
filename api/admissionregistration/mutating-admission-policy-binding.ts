/** The kind MutatingAdmissionPolicyBinding. */

import { defineKind } from '../define-kind.ts';
import type { KubernetesObject } from '../object.ts';

export const mutatingAdmissionPolicyBindings = defineKind<KubernetesObject>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'MutatingAdmissionPolicyBinding',
  plural: 'mutatingadmissionpolicybindings',
  categories: ['api-extensions'],
  namespaced: false,
});
