/** Keeps a TLS server's certificate the newest there is. */

import type { SecureContextOptions, Server } from 'node:tls';
import type { KeyPair } from './certificates.ts';
import type { Clock } from './clock.ts';
import type { Logger } from './logger.ts';
import { lookAgainMs, type RenewedKeyPair } from './renewed-key-pair.ts';

export interface ServingCertificate {
  readonly pair: RenewedKeyPair;
  /** What the server was made with. */
  readonly served: KeyPair;
  /** The server's TLS options with another pair. */
  contextOf(pair: KeyPair): SecureContextOptions;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Connections that begin after a renewal was seen get the new certificate; others go on. Resolves when `signal` aborts. */
export async function renewServing(
  server: Server,
  { pair, contextOf, clock, logger, ...start }: ServingCertificate,
  signal: AbortSignal,
): Promise<void> {
  let { served } = start;
  for (;;) {
    await clock.sleep(lookAgainMs, signal);
    if (signal.aborted) return;
    const next = await pair.current();
    if (next === served) continue;
    server.setSecureContext(contextOf(next));
    served = next;
    logger.info('Serving with a renewed certificate');
  }
}
