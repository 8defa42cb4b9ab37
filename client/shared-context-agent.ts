/**
 * https over connections that share one TLS context. To make one of certificates and a key costs more than a handshake,
 * and Node makes one for every connection: a kubelet that starts twenty pods at once opens as many. For every request
 * Node writes the certificates and the key out, some kilobytes, to find the connections that were made with them:
 * here a number stands for them.
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

/** So many are told apart; a certificate that was renewed that often is on no connection any more. */
const rememberedCredentials = 16;

/** Numbers that stand for credentials. */
class CredentialNumbers {
  readonly #known: { readonly of: Credentials; readonly number: number }[] = [];
  #next = 0;

  of({ ca, cert, key }: Credentials): number {
    for (const { of, number } of this.#known) if (of.ca === ca && of.cert === cert && of.key === key) return number;
    const number = this.#next++;
    // The newest first: it is asked for with every request.
    this.#known.unshift({ of: { ca, cert, key }, number });
    this.#known.length = Math.min(this.#known.length, rememberedCredentials);
    return number;
  }
}

export class SharedContextAgent extends https.Agent {
  readonly #shared: SharedContext;
  readonly #numbers = new CredentialNumbers();

  constructor(options: https.AgentOptions, shared: SharedContext) {
    super(options);
    this.#shared = shared;
  }

  /** Equal for requests that may go over the same connection: nothing else that an agent is asked with differs. */
  override getName(options: https.RequestOptions = {}): string {
    return `${options.host}:${options.port}:${this.#numbers.of(options)}`;
  }

  override createConnection(...[options, callback]: Parameters<https.Agent['createConnection']>) {
    const withContext = { ...options, secureContext: this.#shared.for(options) };
    return super.createConnection(withContext, callback);
  }
}
