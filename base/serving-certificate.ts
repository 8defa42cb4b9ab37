/** Keeps a TLS server's certificate, and whom it trusts, the newest there are. */

import type { SecureContextOptions, Server } from 'node:tls';
import type { KeyPair } from './certificates.ts';
import type { Clock } from './clock.ts';
import type { Logger } from './logger.ts';
import type { RenewedAuthority } from './renewed-authority.ts';
import { lookAgainMs } from './renewed-files.ts';
import type { RenewedKeyPair } from './renewed-key-pair.ts';

export interface ServingCertificate {
  readonly pair: RenewedKeyPair;
  readonly authority: Pick<RenewedAuthority, 'current'>;
  /** What the server was made with. */
  readonly served: KeyPair;
  readonly trusted: string;
  /** The server's TLS options with others. */
  contextOf(pair: KeyPair, authority: string): SecureContextOptions;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Connections that begin after a renewal was seen get what is new; others go on. Resolves when `signal` aborts. */
export async function renewServing(server: Server, options: ServingCertificate, signal: AbortSignal): Promise<void> {
  const { pair, authority, contextOf, clock, logger } = options;
  let { served, trusted } = options;
  for (;;) {
    await clock.sleep(lookAgainMs, signal);
    if (signal.aborted) return;
    const next = { pair: await pair.current(), authority: await authority.current() };
    if (next.pair === served && next.authority === trusted) continue;
    try {
      server.setSecureContext(contextOf(next.pair, next.authority));
      logger.info(next.pair === served ? 'Other authorities are trusted' : 'Serving with a renewed certificate');
    } catch (error) {
      logger.error('A renewed certificate cannot be served', { error });
    }
    ({ pair: served, authority: trusted } = next);
  }
}
