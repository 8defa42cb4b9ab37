/** The kind ValidatingAdmissionPolicy. */

import type { ValidatingAdmissionPolicy } from 'kubernetes-types/admissionregistration/v1';
import { ageColumn, nameColumn, numberColumn, textColumn } from '../columns.ts';
import { defineKind, statusSubresource } from '../define-kind.ts';

export const validatingAdmissionPolicies = defineKind<ValidatingAdmissionPolicy>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'ValidatingAdmissionPolicy',
  plural: 'validatingadmissionpolicies',
  categories: ['api-extensions'],
  namespaced: false,
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
});
