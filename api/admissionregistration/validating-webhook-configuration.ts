/** The kind ValidatingWebhookConfiguration. */

import type { ValidatingWebhookConfiguration } from 'kubernetes-types/admissionregistration/v1';
import { defineWebhookConfiguration } from './webhook-configuration.ts';

export const validatingWebhookConfigurations = defineWebhookConfiguration<ValidatingWebhookConfiguration>({
  kind: 'ValidatingWebhookConfiguration',
  plural: 'validatingwebhookconfigurations',
  isMutating: false,
});
