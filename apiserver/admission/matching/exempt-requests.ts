/** What no webhook or policy of the API is asked about, so that nobody can lock himself out. */

import type { AdmissionRequest } from '../../registry/admission.ts';
import { internalWrite } from '../../registry/write-request.ts';

const configurations: readonly string[] = [
  ...['ValidatingWebhookConfiguration', 'MutatingWebhookConfiguration'],
  ...['ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding'],
  ...['MutatingAdmissionPolicy', 'MutatingAdmissionPolicyBinding'],
];

/** Configurations themselves; and what the server writes for itself, without which it could not start. */
export const isExempt = ({ kind, user }: AdmissionRequest): boolean =>
  user === internalWrite.user || (kind.group === 'admissionregistration.k8s.io' && configurations.includes(kind.kind));
