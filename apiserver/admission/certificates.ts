/**
 * CertificateApproval, CertificateSigning, CertificateSubjectRestriction: who may approve or sign for a signer (the verbs
 * `approve` and `sign` on `signers`), and that no certificate of the API server's clients makes a master of them.
 */

import { isDeepStrictEqual } from 'node:util';
import { certificateSigningRequests } from '../../api/resources/certificates.ts';
import { forbidden } from '../../api/status-error.ts';
import type { CertificateSigningRequest } from '../../api/types/certificates/v1.ts';
import { parseCertificateRequest } from '../../base/certificate-request.ts';
import { errorText } from '../../base/error-text.ts';
import type { Action, Verdict } from '../authorization/authorizer.ts';
import {
  type AdmissionPlugin,
  type AdmissionRequest,
  type AdmissionStep,
  onWrite,
  type WriteOf,
} from '../registry/admission.ts';

type Decide = (action: Action) => Promise<Verdict>;
type Verb = 'approve' | 'sign';

const clientSigner = 'kubernetes.io/kube-apiserver-client';
const masters = 'system:masters';

export const createCertificateApproval = (decide: Decide): AdmissionPlugin => ({
  name: 'CertificateApproval',
  validate: [onPart('approval', (request) => checkSigner(request, 'approve', decide))],
});

export const createCertificateSigning = (decide: Decide): AdmissionPlugin => ({
  name: 'CertificateSigning',
  validate: [
    onPart('status', async (request) => {
      const [next, before] = [request.object.status, request.previous?.status];
      const isSame =
        (next?.certificate ?? '') === (before?.certificate ?? '') &&
        isDeepStrictEqual(next?.conditions ?? [], before?.conditions ?? []);
      if (!isSame) await checkSigner(request, 'sign', decide);
    }),
  ],
});

export const certificateSubjectRestriction: AdmissionPlugin = {
  name: 'CertificateSubjectRestriction',
  validate: [
    onWrite(['CREATE'], certificateSigningRequests, ({ name, object: { spec } }) => {
      if (spec?.signerName !== clientSigner) return;
      if (!organizationsIn(spec.request, name).includes(masters)) return;
      const why = `use of ${clientSigner} signer with ${masters} group is not allowed`;
      throw forbidden(certificateSigningRequests, name, why);
    }),
  ],
};

/** A step about one subresource of requests for certificates. */
function onPart(
  subresource: string,
  run: (request: WriteOf<CertificateSigningRequest>) => Promise<void>,
): AdmissionStep {
  return onWrite(['UPDATE'], certificateSigningRequests, run, subresource);
}

/** The signer of the request as it is stored: what is sent has no say in it. */
async function checkSigner(
  { previous, name, user }: WriteOf<CertificateSigningRequest>,
  verb: Verb,
  decide: Decide,
): Promise<void> {
  const signerName = previous?.spec.signerName ?? '';
  const domain = signerName.slice(0, signerName.indexOf('/') + 1);
  for (const signer of [signerName, `${domain}*`]) {
    const { decision } = await decide({ user, verb, path: '', resource: signers(signer) });
    if (decision === 'allow') return;
  }
  const what = `${verb} requests with signerName ${JSON.stringify(signerName)}`;
  throw forbidden(certificateSigningRequests, name, `user not permitted to ${what}`);
}

const signers = (name: string): NonNullable<Action['resource']> => ({
  group: 'certificates.k8s.io',
  version: '*',
  plural: 'signers',
  subresource: undefined,
  namespace: undefined,
  name,
});

function organizationsIn(request: string, name: AdmissionRequest['name']): readonly string[] {
  try {
    return parseCertificateRequest(Buffer.from(request, 'base64').toString()).organizations;
  } catch (error) {
    throw forbidden(certificateSigningRequests, name, `failed to parse CSR: ${errorText(error)}`);
  }
}
