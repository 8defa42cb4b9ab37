/** The certificate with which a host becomes a node: asked for with the token once, and renewed by the node itself. */

import { StatusError } from '../../api/status-error.ts';
import { systemClock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { ensurePrivateFolder } from '../../base/private-folder.ts';
import { UserError } from '../../base/user-error.ts';
import { writeAtomically } from '../../base/write-atomically.ts';
import { ensureNodeClient } from '../../client/node-certificates.ts';
import { CertificatePendingError, CertificateRefusedError } from '../../client/requested-certificate.ts';
import { bearerOf, type JoinToken } from './join-token.ts';
import { authorityFileOf, pkiFolder } from './worker.ts';
import type { WorkerRecord } from './worker-record.ts';

export interface Obtaining {
  readonly dataDir: string;
  readonly record: Pick<WorkerRecord, 'server' | 'nodeName'>;
  readonly token: JoinToken;
  /** PEM. */
  readonly authority: string;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

const limitMs = 10_000;
const again = 'Make a new token with "kubecfg token create" on a master, and run this again with it.';

/** Idempotent: a try that was cut off afterwards needs no further use of the token. */
export async function obtainClientCertificate(obtaining: Obtaining): Promise<void> {
  const { dataDir, record, token, authority, logger, signal } = obtaining;
  await ensurePrivateFolder(pkiFolder(dataDir));
  await writeAtomically(authorityFileOf(dataDir), authority, 0o644);
  const time = AbortSignal.timeout(limitMs);
  try {
    await ensureNodeClient({
      folder: pkiFolder(dataDir),
      nodeName: record.nodeName,
      bootstrap: { servers: [record.server], certificateAuthority: authority, token: bearerOf(token) },
      clock: systemClock,
      logger,
      signal: AbortSignal.any([signal, time]),
    });
  } catch (error) {
    throw new UserError(whyNoCertificate(error, record.nodeName), { cause: error });
  }
}

/** Pure. */
export function whyNoCertificate(error: unknown, nodeName: string): string {
  if (error instanceof CertificateRefusedError) {
    const why = error.message.replace(/^.*?Denied \S*: /, '');
    const cure = /there is a node/.test(why)
      ? `If that host is no more, run "kubecfg node remove ${nodeName}" on a master; else choose another name with --node-name.`
      : /was given to another host/.test(why)
        ? 'Or choose another name with --node-name.'
        : again;
    return `The cluster gives this host no certificate: ${why}. ${cure}`;
  }
  if (error instanceof CertificatePendingError)
    return (
      `The request of this host for a certificate was not signed within ${limitMs / 1000} s. Is the controller manager running ` +
      'on a master? "kubecfg get certificatesigningrequests" shows there what waits. Then run this again.'
    );
  const what = error instanceof StatusError ? error.message : 'the master does not answer';
  return `This host could not ask for a certificate: ${what}. ${again}`;
}
