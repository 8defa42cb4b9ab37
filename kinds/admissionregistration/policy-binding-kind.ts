/** What the kinds ValidatingAdmissionPolicyBinding and MutatingAdmissionPolicyBinding have in common: all but one rule. */

import type { Resource } from '../../api/resource.ts';
import { ageColumn, nameColumn, textColumn } from '../columns.ts';
import { defineKind } from '../define-kind.ts';
import type { Kind } from '../kind.ts';
import { setMatchDefaults } from './match-resources.ts';
import { formatParamRef, type PolicyBinding, validatePolicyBinding } from './policy-binding.ts';

interface PolicyBindingRow {
  /** Only these say what is done with a violation. */
  readonly isValidating: boolean;
}

export function definePolicyBinding<T extends PolicyBinding>(
  resource: Resource<T>,
  { isValidating }: PolicyBindingRow,
): Kind<T> {
  return defineKind<T>(resource, {
    categories: ['api-extensions'],
    columns: [
      nameColumn,
      textColumn('PolicyName', 'The policy that it binds.', ({ spec }) => spec?.policyName ?? ''),
      textColumn('ParamRef', 'What it is configured with.', formatParamRef),
      ageColumn,
    ],
    strategy: {
      setDefaults: ({ spec }) => setMatchDefaults(spec?.matchResources),
      generationOf: ({ spec }) => ({ spec }),
      allowUnconditionalUpdate: false,
      validate: (object, errors) => validatePolicyBinding(object, errors, isValidating),
    },
  });
}
