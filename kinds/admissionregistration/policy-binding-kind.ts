/** What the kinds ValidatingAdmissionPolicyBinding and MutatingAdmissionPolicyBinding have in common: all but one rule. */

import { ageColumn, nameColumn, textColumn } from '../columns.ts';
import { defineKind } from '../define-kind.ts';
import type { Kind } from '../kind.ts';
import { setMatchDefaults } from './match-resources.ts';
import { formatParamRef, type PolicyBinding, validatePolicyBinding } from './policy-binding.ts';

interface PolicyBindingRow {
  readonly kind: string;
  readonly plural: string;
  /** Only these say what is done with a violation. */
  readonly isValidating: boolean;
}

export function definePolicyBinding({ kind, plural, isValidating }: PolicyBindingRow): Kind<PolicyBinding> {
  return defineKind<PolicyBinding>({
    group: 'admissionregistration.k8s.io',
    version: 'v1',
    kind,
    plural,
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
      generationOf: ({ spec }) => ({ spec }),
      unconditionalUpdate: false,
      validate: (object, errors) => validatePolicyBinding(object, errors, isValidating),
    },
  });
}
