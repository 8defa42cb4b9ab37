/**
 * https over connections that share one TLS context. To make one of certificates and a key costs more than a handshake,
 * and Node makes one for every connection: a kubelet that starts twenty pods at once opens as many.
 */

import https from 'node:https';
import { createSecureContext, type SecureContext } from 'node:tls';

type Credentials = Pick<https.AgentOptions, 'ca' | 'cert' | 'key'>;

/** The context of the credentials that were asked for last; others come only when a certificate is renewed. */
export class SharedContext {
  #made: { readonly of: Credentials; readonly context: SecureContext } | undefined;

  for({ ca, cert, key }: Credentials): SecureContext {
    const made = this.#made;
    if (made !== undefined && made.of.ca === ca && made.of.cert === cert && made.of.key === key) return made.context;
    const of = { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
    const context = createSecureContext(of);
    this.#made = { of: { ca, cert, key }, context };
    return context;
  }
}

export class SharedContextAgent extends https.Agent {
  readonly #shared: SharedContext;

  constructor(options: https.AgentOptions, shared: SharedContext) {
    super(options);
    this.#shared = shared;
  }

  override createConnection(...[options, callback]: Parameters<https.Agent['createConnection']>) {
    const withContext = { ...options, secureContext: this.#shared.for(options) };
    return super.createConnection(withContext, callback);
  }
}
