/**
 * Service account tokens: JWTs that say which account, and which pod, secret or node they are bound to. What
 * `token-issuer.ts` and `token-authenticator.ts` agree upon.
 */

export const issuer = 'https://kubernetes.default.svc';
export const claimsName = 'kubernetes.io';

interface Named {
  readonly name: string;
  readonly uid: string;
}

export interface TokenClaims {
  readonly namespace: string;
  readonly serviceaccount: Named;
  readonly pod?: Named;
  readonly secret?: Named;
  readonly node?: Named;
}

export const userName = ({ namespace, serviceaccount }: TokenClaims): string =>
  `system:serviceaccount:${namespace}:${serviceaccount.name}`;
