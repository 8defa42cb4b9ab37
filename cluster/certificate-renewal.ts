/**
 * Renews the certificates of a cluster while it runs: what is in the last third of its life is made again, in the files
 * that servers and clients read again by themselves. The authority is not: what trusts it would have to be told.
 */

import type { Clock } from '../base/clock.ts';
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
  /** How often that is done. Default one hour. */
  readonly everyMs?: number;
}

export function startCertificateRenewal(options: CertificateRenewalOptions): Running {
  return startLoop('certificate-renewal', (signal) => run(options, signal));
}

async function run(options: CertificateRenewalOptions, signal: AbortSignal): Promise<void> {
  const { clock, logger, everyMs = 3_600_000 } = options;
  let { certificates: before } = options;
  for (;;) {
    await clock.sleep(everyMs, signal);
    if (signal.aborted) return;
    try {
      const after = await options.renew();
      const renewed = namesOf(after).filter((name) => after[name].certificate !== before[name].certificate);
      if (renewed.length > 0) logger.info('Renewed certificates', { renewed });
      before = after;
    } catch (error) {
      logger.warn('Certificates could not be renewed; trying again', { error });
    }
  }
}

/** No object of this type has members beyond it. */
const namesOf = (certificates: ClusterCertificates) => Object.keys(certificates) as (keyof ClusterCertificates)[];
