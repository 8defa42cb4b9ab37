/** How far a CertificateSigningRequest is. Pure. */

import type { CertificateSigningRequest, CertificateSigningRequestCondition } from '../../api/types/certificates/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';

export type Request = DeepReadonly<CertificateSigningRequest>;

export function conditionOf({ status }: Request, type: string) {
  return status?.conditions?.find((condition) => condition.type === type);
}

export const isIssued = ({ status }: Request): boolean => (status?.certificate ?? '') !== '';
export const isDecided = (request: Request): boolean =>
  conditionOf(request, 'Approved') !== undefined || conditionOf(request, 'Denied') !== undefined;

/** PEM. */
export const requestText = ({ spec }: Request): string => Buffer.from(spec.request, 'base64').toString();

/** The conditions with one more. */
export function withCondition(
  { status }: Request,
  condition: Omit<CertificateSigningRequestCondition, 'status'>,
): CertificateSigningRequestCondition[] {
  return [...(status?.conditions ?? []), { ...condition, status: 'True' }];
}
