/** When a certificate is to be renewed: at two thirds of its life, not all of a cluster's in the same moment. */

import { X509Certificate } from 'node:crypto';

export interface CertificateLife {
  /** Wall time in milliseconds. */
  readonly from: number;
  readonly to: number;
}

const renewedAfter = 2 / 3;
/** Part of the life by which the moment is spread. */
const spread = 0.1;

export function lifeOfCertificate(certificate: X509Certificate | string): CertificateLife {
  const { validFrom, validTo } = typeof certificate === 'string' ? new X509Certificate(certificate) : certificate;
  return { from: Date.parse(validFrom), to: Date.parse(validTo) };
}

/** `chance`: from 0 to 1. */
export function renewalTime({ from, to }: CertificateLife, chance = 0.5): number {
  return from + (to - from) * (renewedAfter + (chance - 0.5) * spread);
}

export const isInForce = ({ from, to }: CertificateLife, now: number): boolean => from <= now && now < to;
