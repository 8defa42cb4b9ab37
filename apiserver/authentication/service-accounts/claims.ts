/**
 * What service account tokens say: which account, and which pod, Secret or node they are bound to. What
 * `token-issuer.ts` and `service-account-tokens.ts` agree upon, in upstream's words.
 */

import { isRecord } from '../../../api/json-record.ts';
import type { User } from '../../request/user.ts';

export const claimsName = 'kubernetes.io';
/** Who issued the tokens in Secrets that upstream's controller manager signed: they have claims of a form of their own. */
export const legacyIssuer = 'kubernetes/serviceaccount';

export interface Named {
  readonly name: string;
  /** Absent: of a node that was not there when the token was issued. */
  readonly uid?: string;
}

export interface TokenClaims {
  readonly namespace: string;
  readonly serviceaccount: Named;
  readonly pod?: Named;
  readonly secret?: Named;
  readonly node?: Named;
}

export const accountUserName = (namespace: string, name: string): string =>
  `system:serviceaccount:${namespace}:${name}`;

export const accountGroups = (namespace: string): string[] => [
  'system:serviceaccounts',
  `system:serviceaccounts:${namespace}`,
];

/** undefined: whoever signed it, this is no service account token. */
export function readClaims(payload: Readonly<Record<string, unknown>>): TokenClaims | undefined {
  const claims = payload.iss === legacyIssuer ? legacyClaims(payload) : payload[claimsName];
  if (!isRecord(claims)) return undefined;
  const { namespace } = claims;
  const [serviceaccount, pod, secret, node] = ['serviceaccount', 'pod', 'secret', 'node'].map((part) =>
    readNamed(claims[part]),
  );
  if (typeof namespace !== 'string' || serviceaccount === undefined) return undefined;
  if (payload.sub !== accountUserName(namespace, serviceaccount.name)) return undefined;
  return { namespace, serviceaccount, ...(pod && { pod }), ...(secret && { secret }), ...(node && { node }) };
}

function readNamed(value: unknown): Named | undefined {
  if (!isRecord(value) || typeof value.name !== 'string') return undefined;
  return { name: value.name, ...(typeof value.uid === 'string' && value.uid !== '' && { uid: value.uid }) };
}

function legacyClaims(payload: Readonly<Record<string, unknown>>): unknown {
  const claim = (name: string) => payload[`kubernetes.io/serviceaccount/${name}`];
  return {
    namespace: claim('namespace'),
    serviceaccount: { name: claim('service-account.name'), uid: claim('service-account.uid') },
    secret: { name: claim('secret.name') },
  };
}

/** Who bears a token with these claims. */
export function userOfClaims({ namespace, serviceaccount, pod, node }: TokenClaims, tokenId: unknown): User {
  const extra = {
    ...(typeof tokenId === 'string' && { 'authentication.kubernetes.io/credential-id': [`JTI=${tokenId}`] }),
    ...(node && extraOf('node', node)),
    ...(pod && extraOf('pod', pod)),
  };
  return {
    name: accountUserName(namespace, serviceaccount.name),
    ...(serviceaccount.uid !== undefined && { uid: serviceaccount.uid }),
    groups: accountGroups(namespace),
    ...(Object.keys(extra).length > 0 && { extra }),
  };
}

const extraOf = (what: 'node' | 'pod', { name, uid }: Named): Record<string, readonly string[]> => ({
  [`authentication.kubernetes.io/${what}-name`]: [name],
  ...(uid !== undefined && { [`authentication.kubernetes.io/${what}-uid`]: [uid] }),
});
