/** What a bootstrap token is for: the client certificate of a node. No other signer is asked with one. */

import { bootstrapTokenIdOf } from '../../api/joining-tokens.ts';
import { certificateSigningRequests } from '../../api/resources/certificates.ts';
import { forbidden } from '../../api/status-error.ts';
import { type AdmissionPlugin, onWrite } from '../registry/admission.ts';

const signer = 'kubernetes.io/kube-apiserver-client-kubelet';

export const bootstrapTokenRestriction: AdmissionPlugin = {
  name: 'BootstrapTokenRestriction',
  validate: [
    onWrite(['CREATE'], certificateSigningRequests, ({ user, name, object: { spec } }) => {
      const id = bootstrapTokenIdOf(user.name);
      if (id === undefined || spec?.signerName === signer) return;
      throw forbidden(certificateSigningRequests, name, `the token ${id} may only ask for a certificate of ${signer}`);
    }),
  ],
};
