/** The keys of an issuer of JWTs, found by its discovery document and fetched again when a token names another one. */

import { get } from 'node:https';
import { createRemoteJWKSet, customFetch, type JWTVerifyGetKey } from 'jose';
import { isRecord } from '../../../api/json-record.ts';
import type { Clock } from '../../../base/clock.ts';
import { errorText } from '../../../base/error-text.ts';
import { RefusedCredentialError } from '../authenticator.ts';

export interface IssuerKeysOptions {
  /** What its tokens and its discovery document call it. */
  readonly issuer: string;
  /** Where the discovery document is. */
  readonly discoveryUrl: string;
  /** PEM; absent: those that the machine trusts. */
  readonly certificateAuthority?: string | undefined;
  readonly clock: Clock;
}

const timeoutMs = 5_000;
const maxBytes = 1 << 20;
/** An issuer that does not answer is not asked again for so long, whoever sends tokens of it. */
const pauseMs = 10_000;
const cooldownMs = 5_000;

export class IssuerKeys {
  readonly #options: IssuerKeysOptions;
  #keys: Promise<JWTVerifyGetKey> | undefined;
  #failedAt = Number.NEGATIVE_INFINITY;
  #failure = '';

  constructor(options: IssuerKeysOptions) {
    this.#options = options;
  }

  /** For `jwtVerify`. Throws `RefusedCredentialError` while the issuer cannot be asked. */
  async getKey(): Promise<JWTVerifyGetKey> {
    const { clock } = this.#options;
    if (clock.monotonic() - this.#failedAt < pauseMs) throw new RefusedCredentialError(this.#failure);
    this.#keys ??= this.#discover();
    try {
      return await this.#keys;
    } catch (error) {
      this.#keys = undefined;
      this.#failedAt = clock.monotonic();
      this.#failure = `oidc: the issuer cannot be asked for its keys: ${errorText(error)}`;
      throw new RefusedCredentialError(this.#failure);
    }
  }

  async #discover(): Promise<JWTVerifyGetKey> {
    const { issuer, discoveryUrl, certificateAuthority } = this.#options;
    const fetched = await fetchText(discoveryUrl, certificateAuthority);
    const document: unknown = JSON.parse(fetched.text);
    if (fetched.code !== 200 || !isRecord(document)) throw new Error(`${discoveryUrl} answers ${fetched.code}`);
    if (document.issuer !== issuer) throw new Error('the discovery document is of another issuer');
    const uri = String(document.jwks_uri);
    if (!URL.canParse(uri) || new URL(uri).protocol !== 'https:') throw new Error('jwks_uri is no https URL');
    return createRemoteJWKSet(new URL(uri), {
      timeoutDuration: timeoutMs,
      cooldownDuration: cooldownMs,
      [customFetch]: async (url: string) => {
        const { code, text } = await fetchText(url, certificateAuthority);
        return new Response(text, { status: code });
      },
    });
  }
}

interface Fetched {
  readonly code: number;
  readonly text: string;
}

function fetchText(url: string, ca: string | undefined): Promise<Fetched> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const request = get(url, { ...(ca !== undefined && { ca }), agent: false, signal }, (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > maxBytes) request.destroy(new Error(`${url} answers more than ${maxBytes} bytes`));
        else chunks.push(chunk);
      });
      response.on('end', () => resolve({ code: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
      response.on('error', reject);
    });
    request.on('error', reject);
  });
}
