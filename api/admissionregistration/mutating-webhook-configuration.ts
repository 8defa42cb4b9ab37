/** The kind MutatingWebhookConfiguration. */

import type { MutatingWebhookConfiguration } from 'kubernetes-types/admissionregistration/v1';
import { defineWebhookConfiguration } from './webhook-configuration.ts';

export const mutatingWebhookConfigurations = defineWebhookConfiguration<MutatingWebhookConfiguration>({
  kind: 'MutatingWebhookConfiguration',
  plural: 'mutatingwebhookconfigurations',
  isMutating: true,
});
