/** Asks the cluster for a certificate (CertificateSigningRequest), and waits for it. The key never leaves this process. */

import { createHash } from 'node:crypto';
import { certificateSigningRequests } from '../api/resources/certificates.ts';
import { isAlreadyExists } from '../api/status-error.ts';
import type { CertificateSigningRequest } from '../api/types/certificates/v1.ts';
import { computeBackoffMs } from '../base/backoff.ts';
import type { CertificateSubject, KeyPair } from '../base/certificates.ts';
import type { Clock } from '../base/clock.ts';
import type { Reader, Writer } from './client.ts';

export interface CertificateAsk extends CertificateSubject {
  /** `kubernetes.io/kube-apiserver-client-kubelet` */
  readonly signerName: string;
  /** `client auth`, `digital signature` … */
  readonly usages: readonly string[];
  /** How long it should be good. Default, and most: what the signer gives. */
  readonly expirationSeconds?: number | undefined;
}

/** Denied, or the signer says that it cannot be signed. Asking the same again brings the same. */
export class CertificateRefusedError extends Error {
  override readonly name = 'CertificateRefusedError';
}

/** Nobody has decided yet: an approver is away, or it takes a person. */
export class CertificatePendingError extends Error {
  override readonly name = 'CertificatePendingError';
}

export interface CertificateWait {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Default 15 minutes. */
  readonly patienceMs?: number;
}

const looks = { baseMs: 100, maxMs: 2_000 };

/**
 * Throws CertificateRefusedError, CertificatePendingError (also when `signal` aborts), and whatever the API says to
 * posting or reading the request.
 */
export async function requestCertificate(
  client: Pick<Reader, 'get'> & Pick<Writer, 'create'>,
  ask: CertificateAsk,
  { clock, signal, patienceMs = 15 * 60_000 }: CertificateWait,
): Promise<KeyPair> {
  const { createCertificateRequest } = await import('../base/certificate-request.ts');
  const { request, key } = await createCertificateRequest(ask);
  const name = `csr-${createHash('sha256').update(request).digest('hex').slice(0, 24)}`;
  await post(client, objectOf(name, request, ask));
  const end = clock.monotonic() + patienceMs;
  for (let look = 1; !signal.aborted && clock.monotonic() < end; look += 1) {
    const certificate = certificateIn(await client.get(certificateSigningRequests, { name }));
    if (certificate !== undefined) return { certificate, key };
    await clock.sleep(computeBackoffMs(look, looks), signal);
  }
  throw new CertificatePendingError(
    `CertificateSigningRequest ${name} (${ask.signerName}) was not signed yet: approve it, and look at the controller manager`,
  );
}

/** One that is there already is this one: its name is made of it. */
async function post(client: Pick<Writer, 'create'>, object: CertificateSigningRequest): Promise<void> {
  try {
    await client.create(certificateSigningRequests, object);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}

function objectOf(name: string, request: string, ask: CertificateAsk): CertificateSigningRequest {
  const { signerName, usages, expirationSeconds } = ask;
  return {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name },
    spec: {
      request: Buffer.from(request).toString('base64'),
      signerName,
      usages: [...usages],
      ...(expirationSeconds !== undefined && { expirationSeconds }),
    },
  };
}

function certificateIn({ status }: Pick<CertificateSigningRequest, 'status'>): string | undefined {
  const refusal = status?.conditions?.find(({ type }) => type === 'Denied' || type === 'Failed');
  if (refusal !== undefined) {
    const { type, reason = '', message = '' } = refusal;
    throw new CertificateRefusedError(`The request for a certificate was refused: ${type} ${reason}: ${message}`);
  }
  return status?.certificate && Buffer.from(status.certificate, 'base64').toString();
}
