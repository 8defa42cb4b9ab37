/** The kind MutatingWebhookConfiguration. */

import { mutatingWebhookConfigurations } from '../../api/resources/admissionregistration.ts';
import type { MutatingWebhookConfiguration } from '../../api/types/admissionregistration/v1.ts';
import { defineWebhookConfiguration } from './webhook-configuration.ts';

export const mutatingWebhookConfigurationKind = defineWebhookConfiguration(mutatingWebhookConfigurations, {
  isMutating: true,
});
