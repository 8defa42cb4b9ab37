/**
 * Renews the certificates of a cluster while it runs: what is in the last third of its life is made again, in the files
 * that servers and clients read again by themselves; so is all that an authority has signed that was replaced. An
 * authority itself is replaced by `kubecfg certs` only: what trusts it has to be told.
 */

import { stat } from 'node:fs/promises';
import { lifeOfCertificate, renewalTime } from '../base/certificate-life.ts';
import type { Clock } from '../base/clock.ts';
import { ifFilePresent } from '../base/if-file-present.ts';
import { type Running, startLoop } from '../base/lifecycle.ts';
import type { Logger } from '../base/logger.ts';
import type { ClusterCertificates } from './certificates.ts';

export interface CertificateRenewalOptions {
  /** What there is. */
  readonly certificates: ClusterCertificates;
  /** Looks at all of them, renews what has to be, and returns what there is now. */
  renew(): Promise<ClusterCertificates>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How often that is done at least. Default one hour. */
  readonly everyMs?: number;
}

/** Short lives, and authorities that were replaced, are noticed within this. */
const lookMs = 5_000;

export function startCertificateRenewal(options: CertificateRenewalOptions): Running {
  return startLoop('certificate-renewal', (signal) => run(options, signal));
}

async function run(options: CertificateRenewalOptions, signal: AbortSignal): Promise<void> {
  const { clock, logger, everyMs = 3_600_000 } = options;
  let { certificates: before } = options;
  let authorities = await stateOf(before);
  let lookedAt = clock.monotonic();
  for (;;) {
    await clock.sleep(Math.min(everyMs, lookMs), signal);
    if (signal.aborted) return;
    const found = await stateOf(before);
    const isDue = clock.monotonic() - lookedAt >= everyMs || clock.now() >= nextRenewal(before);
    if (!isDue && found === authorities) continue;
    try {
      lookedAt = clock.monotonic();
      const after = await options.renew();
      const renewed = namesOf(after).filter((name) => after[name].certificate !== before[name].certificate);
      if (renewed.length > 0) logger.info('Renewed certificates', { renewed });
      before = after;
      authorities = found;
    } catch (error) {
      logger.warn('Certificates could not be renewed; trying again', { error });
    }
  }
}

/** Of the first that is due; authorities do not count. */
function nextRenewal(certificates: ClusterCertificates): number {
  const leaves = namesOf(certificates).filter((name) => !('bundle' in certificates[name]));
  return Math.min(...leaves.map((name) => renewalTime(lifeOfCertificate(certificates[name].certificate))));
}

/** Another text when one of the authorities' files is another file. */
async function stateOf(certificates: ClusterCertificates): Promise<string> {
  const authorities = namesOf(certificates).filter((name) => 'bundle' in certificates[name]);
  const files = authorities.map((name) => certificates[name]).flatMap((one) => [one.certificateFile, one.keyFile]);
  const found = await Promise.all(files.map((file) => ifFilePresent(stat(file))));
  return found.map((one) => `${one?.ino} ${one?.mtimeMs} ${one?.size}`).join('\n');
}

/** No object of this type has members beyond it. */
const namesOf = (certificates: ClusterCertificates) => Object.keys(certificates) as (keyof ClusterCertificates)[];
