/** The kind ValidatingWebhookConfiguration. */

import { validatingWebhookConfigurations } from '../../api/resources/admissionregistration.ts';
import { defineWebhookConfiguration } from './webhook-configuration.ts';

export const validatingWebhookConfigurationKind = defineWebhookConfiguration(validatingWebhookConfigurations, {
  isMutating: false,
});
