/** What the kinds MutatingWebhookConfiguration and ValidatingWebhookConfiguration have in common: all but one default. */

import type { Resource } from '../../api/resource.ts';
import type {
  MutatingWebhookConfiguration,
  ValidatingWebhookConfiguration,
} from '../../api/types/admissionregistration/v1.ts';
import { ageColumn, nameColumn, numberColumn } from '../columns.ts';
import { defineKind } from '../define-kind.ts';
import type { Kind } from '../kind.ts';
import { expressionsOf, setWebhookDefaults, validateWebhooks } from './webhooks.ts';

type WebhookConfiguration = MutatingWebhookConfiguration | ValidatingWebhookConfiguration;

export function defineWebhookConfiguration<T extends WebhookConfiguration>(
  resource: Resource<T>,
  { isMutating }: { readonly isMutating: boolean },
): Kind<T> {
  return defineKind<T>(resource, {
    categories: ['api-extensions'],
    columns: [
      nameColumn,
      numberColumn('Webhooks', 'How many it has.', ({ webhooks = [] }) => webhooks.length),
      ageColumn,
    ],
    strategy: {
      allowUnconditionalUpdate: false,
      compilesExpressions: true,
      setDefaults: ({ webhooks = [] }) => setWebhookDefaults(webhooks, isMutating),
      generationOf: ({ webhooks = [] }) => ({ webhooks }),
      countsEmptyLists: true,
      validate({ webhooks = [] }, errors, { isUpdate }) {
        if (!isUpdate) validateWebhooks(webhooks, errors);
      },
      validateUpdate({ webhooks = [] }, previous, errors) {
        validateWebhooks(webhooks, errors, expressionsOf(previous.webhooks ?? []));
      },
    },
  });
}
