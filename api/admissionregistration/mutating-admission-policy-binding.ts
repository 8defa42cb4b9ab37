/** The kind MutatingAdmissionPolicyBinding. */

import { ageColumn, nameColumn, textColumn } from '../columns.ts';
import { defineKind } from '../define-kind.ts';
import { setMatchDefaults } from './match-resources.ts';
import { formatParamRef, type PolicyBinding, validatePolicyBinding } from './policy-binding.ts';

export const mutatingAdmissionPolicyBindings = defineKind<PolicyBinding>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'MutatingAdmissionPolicyBinding',
  plural: 'mutatingadmissionpolicybindings',
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
    validate: (object, errors) => validatePolicyBinding(object, errors, false),
  },
});
