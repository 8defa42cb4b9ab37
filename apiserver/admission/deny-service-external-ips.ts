/** No Service takes addresses of the network for itself: traffic of others would go to its pods. */

import { services } from '../../api/resources/core.ts';
import { forbidden } from '../../api/status-error.ts';
import { type AdmissionPlugin, onWrite } from '../registry/admission.ts';

export const denyServiceExternalIps: AdmissionPlugin = {
  name: 'DenyServiceExternalIPs',

  validate: [
    onWrite(['CREATE', 'UPDATE'], services, ({ kind, name, object: { spec }, previous }) => {
      const before = previous?.spec?.externalIPs ?? [];
      if ((spec?.externalIPs ?? []).every((address) => before.includes(address))) return;
      throw forbidden(kind, name, 'Use of external IPs is denied by admission control');
    }),
  ],
};
