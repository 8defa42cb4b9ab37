/** What others read to check our service account tokens: the OIDC discovery document and the public keys. */

import type { JWK } from 'jose';
import type { AccountKeys } from './account-keys.ts';
import { toJwk } from './public-key.ts';

export interface IssuerDocuments {
  configuration(): Promise<object>;
  keys(): Promise<{ readonly keys: readonly JWK[] }>;
}

export interface IssuerDocumentsOptions {
  readonly issuer: string;
  /** Where the keys are said to be. Default: below the issuer. */
  readonly jwksUri?: string | undefined;
  readonly keys: AccountKeys;
}

/** undefined: the issuer is no address at which anybody could ask. */
export function issuerDocuments({ issuer, jwksUri, keys }: IssuerDocumentsOptions): IssuerDocuments | undefined {
  if (!URL.canParse(issuer) || new URL(issuer).protocol !== 'https:') return undefined;
  return {
    async configuration() {
      const algorithms = new Set(keys.believed.map(({ algorithm }) => algorithm));
      return {
        issuer,
        jwks_uri: jwksUri ?? `${issuer.replace(/\/$/, '')}/openid/v1/jwks`,
        response_types_supported: ['id_token'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: [...algorithms],
      };
    },
    async keys() {
      return { keys: await Promise.all(keys.believed.map(toJwk)) };
    },
  };
}
