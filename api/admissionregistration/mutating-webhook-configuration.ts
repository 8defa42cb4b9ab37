/** The kind MutatingWebhookConfiguration. */

import type { MutatingWebhookConfiguration } from 'kubernetes-types/admissionregistration/v1';
import { defineKind } from '../define-kind.ts';

export const mutatingWebhookConfigurations = defineKind<MutatingWebhookConfiguration>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'MutatingWebhookConfiguration',
  plural: 'mutatingwebhookconfigurations',
  categories: ['api-extensions'],
  namespaced: false,
});
