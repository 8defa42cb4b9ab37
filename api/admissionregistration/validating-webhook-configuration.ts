/** The kind ValidatingWebhookConfiguration. */

import type { ValidatingWebhookConfiguration } from 'kubernetes-types/admissionregistration/v1';
import { defineKind } from '../define-kind.ts';

export const validatingWebhookConfigurations = defineKind<ValidatingWebhookConfiguration>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'ValidatingWebhookConfiguration',
  plural: 'validatingwebhookconfigurations',
  categories: ['api-extensions'],
  namespaced: false,
});
