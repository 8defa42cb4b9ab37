/** The kind CertificateSigningRequest. */

import { humanDuration } from '../../api/human-duration.ts';
import { certificateSigningRequests } from '../../api/resources/certificates.ts';
import type { CertificateSigningRequest } from '../../api/types/certificates/v1.ts';
import { FieldPath } from '../../machinery/field-errors.ts';
import { ageColumn, nameColumn, textColumn } from '../columns.ts';
import { defineKind, statusSubresource, subresource } from '../define-kind.ts';
import { validateImmutableStruct } from '../validation/immutable.ts';
import { prepareCreate, prepareUpdate, validateRequest, validateRequestUpdate } from './csr-rules.ts';

export const certificateSigningRequestKind = defineKind(certificateSigningRequests, {
  shortNames: ['csr'],
  subresources: [subresource('approval', 'storedPart'), statusSubresource],
  columns: [
    nameColumn,
    ageColumn,
    textColumn('SignerName', 'Who is asked to sign.', ({ spec }) => spec.signerName),
    textColumn('Requestor', 'Who asks.', ({ spec }) => spec.username ?? ''),
    textColumn('RequestedDuration', 'For how long.', ({ spec }) =>
      spec.expirationSeconds === undefined ? '<none>' : humanDuration(spec.expirationSeconds * 1000),
    ),
    textColumn('Condition', 'How far it is.', formatCondition),
  ],
  selectableFields: [{ name: 'spec.signerName', value: ({ spec }) => spec.signerName }],
  strategy: {
    nameFormat: 'pathSegment',
    setDefaults({ spec }) {
      if (spec && !spec.usages) spec.usages = ['digital signature', 'key encipherment'];
    },
    prepareForCreate: prepareCreate,
    prepareForUpdate: prepareUpdate,
    validate: validateRequest,
    validateUpdate(next, previous, errors, { subresource }) {
      validateImmutableStruct(
        'io.k8s.api.certificates.v1.CertificateSigningRequestSpec',
        next.spec,
        previous.spec,
        FieldPath.of('spec'),
        errors,
      );
      validateRequestUpdate(next, previous, subresource, errors);
    },
  },
});

function formatCondition({ status }: CertificateSigningRequest): string {
  const has = (type: string): boolean => (status?.conditions ?? []).some((condition) => condition.type === type);
  const decision = has('Denied') ? 'Denied' : has('Approved') ? 'Approved' : 'Pending';
  return [decision, ...(has('Failed') ? ['Failed'] : []), ...(status?.certificate ? ['Issued'] : [])].join(',');
}
