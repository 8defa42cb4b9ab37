/** The kind MutatingWebhookConfiguration. */

import { mutatingWebhookConfigurations } from '../../api/resources/admissionregistration.ts';
import { defineWebhookConfiguration } from './webhook-configuration.ts';

export const mutatingWebhookConfigurationKind = defineWebhookConfiguration(mutatingWebhookConfigurations, {
  isMutating: true,
});
