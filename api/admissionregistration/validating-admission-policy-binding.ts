/** The kind ValidatingAdmissionPolicyBinding. */

import type { ValidatingAdmissionPolicyBinding } from 'kubernetes-types/admissionregistration/v1';
import { ageColumn, nameColumn, textColumn } from '../columns.ts';
import { defineKind } from '../define-kind.ts';
import { setMatchDefaults } from './match-resources.ts';
import { formatParamRef, validatePolicyBinding } from './policy-binding.ts';

export const validatingAdmissionPolicyBindings = defineKind<ValidatingAdmissionPolicyBinding>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'ValidatingAdmissionPolicyBinding',
  plural: 'validatingadmissionpolicybindings',
  categories: ['api-extensions'],
  namespaced: false,
  columns: [
    nameColumn,
    textColumn('PolicyName', 'The policy that it binds.', ({ spec }) => spec?.policyName ?? ''),
    textColumn('ParamRef', 'What it is configured with.', formatParamRef),
    ageColumn,
  ],
  strategy: {
    setDefaults: ({ spec }) => setMatchDefaults(spec?.matchResources),
    generationOf: ({ spec }) => spec,
    unconditionalUpdate: false,
    validate: (object, errors) => validatePolicyBinding(object, errors, true),
  },
});
