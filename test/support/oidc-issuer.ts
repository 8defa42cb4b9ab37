/** An issuer of OpenID Connect on this machine: discovery and keys over HTTPS, and whatever tokens a test wants. */

import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import { exportJWK, SignJWT } from 'jose';
import { createAuthority, issueCertificate } from '../../base/certificates.ts';
import { listeningPort } from '../../base/listening-port.ts';

interface Key {
  readonly id: string;
  readonly algorithm: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

const makeKey = (id: string): Key => ({
  id,
  algorithm: 'ES256',
  ...generateKeyPairSync('ec', { namedCurve: 'prime256v1' }),
});

export class OidcIssuer {
  readonly url: string;
  /** PEM: signed its certificate. */
  readonly authority: string;
  readonly #server: Server;
  #keys: readonly Key[];
  /** Requests for its keys so far. */
  asked = 0;

  private constructor(server: Server, authority: string) {
    this.#server = server;
    this.authority = authority;
    this.url = `https://127.0.0.1:${listeningPort(server)}/realm`;
    this.#keys = [makeKey('first')];
  }

  static async start(): Promise<OidcIssuer> {
    const authority = await createAuthority('issuer-ca');
    const { certificate, key } = await issueCertificate(authority, {
      commonName: 'issuer',
      ipAddresses: ['127.0.0.1'],
      usages: ['server'],
    });
    const server = createServer({ cert: certificate, key }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const issuer = new OidcIssuer(server, authority.certificate);
    server.on('request', ({ url = '' }, response) => {
      void issuer.#answer(url).then((document) => {
        response.writeHead(document === undefined ? 404 : 200, { 'content-type': 'application/json' });
        response.end(JSON.stringify(document ?? {}));
      });
    });
    return issuer;
  }

  /** Signs with another key from now on. */
  rotate(): void {
    this.#keys = [makeKey(`${this.#keys.length + 1}`), ...this.#keys];
  }

  /** An ID token; `claims` go before what every token has. */
  async token(claims: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const [key] = this.#keys;
    if (key === undefined) throw new Error('there is always a key');
    const now = Math.floor(Date.now() / 1000);
    return await new SignJWT({ iss: this.url, aud: 'longshore', sub: 'ann', iat: now, exp: now + 600, ...claims })
      .setProtectedHeader({ alg: key.algorithm, kid: key.id })
      .sign(key.privateKey);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #answer(path: string): Promise<object | undefined> {
    if (path === '/realm/.well-known/openid-configuration') return { issuer: this.url, jwks_uri: `${this.url}/keys` };
    if (path !== '/realm/keys') return undefined;
    this.asked += 1;
    const keys = this.#keys.map(async ({ publicKey, id, algorithm }) => ({
      ...(await exportJWK(publicKey)),
      kid: id,
      alg: algorithm,
      use: 'sig',
    }));
    return { keys: await Promise.all(keys) };
  }
}
