/** When a CertificateSigningRequest has been kept long enough: upstream's limits. Pure. */

import { X509Certificate } from 'node:crypto';
import { lifeOfCertificate } from '../../base/certificate-life.ts';
import { conditionOf, isIssued, type Request } from './request-state.ts';

const hourMs = 3_600_000;
const decidedMs = hourMs;
const pendingMs = 24 * hourMs;

/** Milliseconds until it goes: 0 or less, now. undefined: not by itself. */
export function computeLeftMs(request: Request, now: number): number | undefined {
  const ends = [
    ...endsOf(request, 'Approved', isIssued(request)),
    ...endsOf(request, 'Denied', true),
    ...endsOf(request, 'Failed', true),
    ...pendingEnd(request),
    ...expiry(request),
  ];
  return ends.length === 0 ? undefined : Math.min(...ends) - now;
}

function endsOf(request: Request, type: string, counts: boolean): number[] {
  const at = Date.parse(conditionOf(request, type)?.lastUpdateTime ?? '');
  return counts && !Number.isNaN(at) ? [at + decidedMs] : [];
}

function pendingEnd({ status, metadata }: Request): number[] {
  const at = Date.parse(metadata?.creationTimestamp ?? '');
  return (status?.conditions ?? []).length === 0 && !Number.isNaN(at) ? [at + pendingMs] : [];
}

/** A certificate that has run out is of no use to anybody. */
function expiry(request: Request): number[] {
  if (!isIssued(request) || conditionOf(request, 'Approved') === undefined) return [];
  try {
    const text = Buffer.from(request.status?.certificate ?? '', 'base64');
    return [lifeOfCertificate(new X509Certificate(text)).to];
  } catch {
    return []; // another signer's, in a form that is not read here
  }
}
