/** The kind ValidatingAdmissionPolicy. */

import { validatingAdmissionPolicies } from '../../api/resources/admissionregistration.ts';
import { isSemanticallyEqual } from '../../machinery/schema/semantic-equality.ts';
import { ageColumn, nameColumn, numberColumn, textColumn } from '../columns.ts';
import { defineKind, statusSubresource } from '../define-kind.ts';
import { specAndStatus } from '../spec-and-status.ts';
import { setPolicyDefaults } from './policy.ts';
import {
  expressionsOfPolicy,
  validateValidatingPolicy,
  validateValidatingPolicyStatus,
} from './validating-admission-policy-validation.ts';

const paramKind = 'io.k8s.api.admissionregistration.v1.ParamKind';

export const validatingAdmissionPolicyKind = defineKind(validatingAdmissionPolicies, {
  categories: ['api-extensions'],
  subresources: [statusSubresource],
  columns: [
    nameColumn,
    numberColumn('Validations', 'How many it has.', ({ spec }) => spec?.validations?.length ?? 0),
    textColumn('ParamKind', 'What it is configured with.', ({ spec }) => {
      const { apiVersion, kind } = spec?.paramKind ?? {};
      return kind ? `${apiVersion}/${kind}` : '<unset>';
    }),
    ageColumn,
  ],
  strategy: {
    compilesExpressions: true,
    ...specAndStatus(),
    setDefaults: ({ spec }) => setPolicyDefaults(spec),
    allowUnconditionalUpdate: false,
    validate(object, errors, { isUpdate, subresource }) {
      if (subresource === 'status') validateValidatingPolicyStatus(object, errors);
      else if (!isUpdate) validateValidatingPolicy(object, errors);
    },
    validateUpdate(next, previous, errors, { subresource }) {
      if (subresource === 'status') return;
      // Parameters that come or go change what the stored expressions mean.
      const isSameKind = isSemanticallyEqual(paramKind, next.spec?.paramKind, previous.spec?.paramKind);
      validateValidatingPolicy(next, errors, isSameKind ? expressionsOfPolicy(previous) : new Set());
    },
  },
});
