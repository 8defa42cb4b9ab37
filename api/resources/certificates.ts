/** The resources of certificates.k8s.io. */

import { resource } from '../resource.ts';
import type { CertificateSigningRequest } from '../types/certificates/v1.ts';

export const certificateSigningRequests = resource<CertificateSigningRequest>({
  group: 'certificates.k8s.io',
  version: 'v1',
  kind: 'CertificateSigningRequest',
  plural: 'certificatesigningrequests',
  namespaced: false,
});
