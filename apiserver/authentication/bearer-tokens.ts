/**
 * Users by the token that a request bears: `Authorization: Bearer …`, or for browsers, which cannot say that when they
 * open a WebSocket, a protocol that has the token in its name.
 */

import type { Socket } from 'node:net';
import type { ApiRequest } from '../request/api-request.ts';
import type { User } from '../request/user.ts';
import { type Authenticator, RefusedCredentialError } from './authenticator.ts';
import type { KeptBearer, VerifiedTokens } from './verified-tokens.ts';

const protocolPrefix = 'base64url.bearer.authorization.k8s.io.';

/** What a connection showed last, and who that was: most show the same with each request. */
interface Shown {
  readonly header: string;
  readonly kept: KeptBearer;
}

export class BearerTokens implements Authenticator {
  readonly #tokens: VerifiedTokens;
  readonly #shown = new WeakMap<Socket, Shown>();
  /** Those that were taken out of the protocols: a WebSocket that stays open is asked again who it is. */
  readonly #taken = new WeakMap<ApiRequest, string>();

  constructor(tokens: VerifiedTokens) {
    this.#tokens = tokens;
  }

  authenticate(request: ApiRequest): User | undefined | Promise<User | undefined> {
    const header = request.header('authorization');
    const { socket } = request.incoming;
    const shown = this.#shown.get(socket);
    if (shown !== undefined && shown.header === header && this.#tokens.isGood(shown.kept))
      return shown.kept.bearer.user;
    const token = bearerToken(header) ?? this.#tokenOfProtocols(request);
    if (token === undefined) return undefined;
    const kept = this.#tokens.kept(token);
    if (kept === undefined || kept.bearer.warning !== undefined) return this.#verify(request, token);
    if (header !== '') this.#shown.set(socket, { header, kept });
    return kept.bearer.user;
  }

  #tokenOfProtocols(request: ApiRequest): string | undefined {
    const token = this.#taken.get(request) ?? takeTokenOfProtocols(request);
    if (token !== undefined) this.#taken.set(request, token);
    return token;
  }

  async #verify(request: ApiRequest, token: string): Promise<User> {
    const { user, warning } = await this.#tokens.verify(token);
    if (warning !== undefined) request.warn(warning);
    return user;
  }
}

/** undefined: something else than a bearer token, which nobody here reads. */
export function bearerToken(header: string): string | undefined {
  if (header === '') return undefined;
  const [scheme = '', token = ''] = header.trim().split(' ', 2);
  return scheme.toLowerCase() === 'bearer' && token !== '' ? token : undefined;
}

/** The protocol that has the token is taken out of the header: what is answered must be another one. Throws. */
function takeTokenOfProtocols({ incoming: { headers } }: ApiRequest): string | undefined {
  const header = headers['sec-websocket-protocol'];
  if (header === undefined || headers.upgrade?.toLowerCase() !== 'websocket') return undefined;
  const protocols = header.split(',').map((one) => one.trim());
  const bearing = protocols.filter((one) => one.startsWith(protocolPrefix));
  const [first] = bearing;
  if (first === undefined) return undefined;
  const others = protocols.filter((one) => !bearing.includes(one));
  if (bearing.length > 1) throw new RefusedCredentialError('multiple base64.bearer.authorization tokens specified');
  if (others.length === 0) throw new RefusedCredentialError('missing additional subprotocol');
  const encoded = first.slice(protocolPrefix.length);
  if (!/^[\w-]+$/.test(encoded)) throw new RefusedCredentialError('the token in the subprotocol is not base64url');
  headers['sec-websocket-protocol'] = others.join(', ');
  return Buffer.from(encoded, 'base64url').toString();
}
