/** The kind ValidatingWebhookConfiguration. */

import type { ValidatingWebhookConfiguration } from 'kubernetes-types/admissionregistration/v1';
import { ageColumn, nameColumn, numberColumn } from '../columns.ts';
import { defineKind } from '../define-kind.ts';
import { expressionsOf, setWebhookDefaults, validateWebhooks } from './webhooks.ts';

export const validatingWebhookConfigurations = defineKind<ValidatingWebhookConfiguration>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'ValidatingWebhookConfiguration',
  plural: 'validatingwebhookconfigurations',
  categories: ['api-extensions'],
  namespaced: false,
  columns: [
    nameColumn,
    numberColumn('Webhooks', 'How many it has.', ({ webhooks = [] }) => webhooks.length),
    ageColumn,
  ],
  strategy: {
    setDefaults: ({ webhooks = [] }) => setWebhookDefaults(webhooks, false),
    generationOf: ({ webhooks = [] }) => webhooks,
    countsEmptyLists: true,
    validate({ webhooks = [] }, errors, { isUpdate }) {
      if (!isUpdate) validateWebhooks(webhooks, errors);
    },
    validateUpdate({ webhooks = [] }, previous, errors) {
      validateWebhooks(webhooks, errors, expressionsOf(previous.webhooks ?? []));
    },
  },
});
