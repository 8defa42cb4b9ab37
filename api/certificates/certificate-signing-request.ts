/** The kind CertificateSigningRequest. */

import type { CertificateSigningRequest } from 'kubernetes-types/certificates/v1';
import { defineKind, editSubresource, statusSubresource } from '../define-kind.ts';

export const certificateSigningRequests = defineKind<CertificateSigningRequest>({
  group: 'certificates.k8s.io',
  version: 'v1',
  kind: 'CertificateSigningRequest',
  plural: 'certificatesigningrequests',
  shortNames: ['csr'],
  namespaced: false,
  subresources: [editSubresource('approval'), statusSubresource],
});
