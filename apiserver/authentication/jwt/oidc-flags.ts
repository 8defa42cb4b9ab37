/** One issuer of OpenID Connect, as upstream's flags `--oidc-…` describe it. Pure. */

import { UserError } from '../../../base/user-error.ts';
import type { ConfiguredIssuer } from './authentication-configuration.ts';
import { allAlgorithms } from './jwt-tokens.ts';

export interface OidcFlags {
  readonly issuerUrl: string;
  /** Whom its tokens must be for. */
  readonly clientId: string;
  /** Default: `sub`. */
  readonly usernameClaim?: string | undefined;
  /** Default: the issuer's URL and `#`, except for `email`. `-`: none. */
  readonly usernamePrefix?: string | undefined;
  readonly groupsClaim?: string | undefined;
  readonly groupsPrefix?: string | undefined;
  /** `name=value` */
  readonly requiredClaims?: readonly string[] | undefined;
  /** PEM. */
  readonly certificateAuthority?: string | undefined;
  /** Default: RS256. */
  readonly signingAlgorithms?: readonly string[] | undefined;
}

/** Throws a UserError. */
export function issuerOfFlags(flags: OidcFlags): ConfiguredIssuer {
  const { issuerUrl: issuer, clientId, groupsClaim, groupsPrefix = '', requiredClaims = [] } = flags;
  if (!URL.canParse(issuer) || new URL(issuer).protocol !== 'https:')
    throw new UserError(`--oidc-issuer-url ${JSON.stringify(issuer)} must be an https URL`);
  if (clientId === '') throw new UserError('--oidc-issuer-url and --oidc-client-id must be specified together');
  const claim = flags.usernameClaim || 'sub';
  return {
    issuer,
    discoveryUrl: `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`,
    certificateAuthority: flags.certificateAuthority,
    audiences: [clientId],
    algorithms: algorithmsOf(flags),
    mapping: {
      username: { claim, prefix: prefixOf(flags, claim) },
      groups: groupsClaim ? { claim: groupsClaim, prefix: groupsPrefix } : undefined,
      extra: [],
      claimRules: requiredClaims.map(requiredClaim),
      userRules: [],
    },
  };
}

function algorithmsOf({ signingAlgorithms = [] }: OidcFlags): readonly string[] {
  const wrong = signingAlgorithms.find((one) => !allAlgorithms.includes(one));
  if (wrong !== undefined)
    throw new UserError(`--oidc-signing-algs ${JSON.stringify(wrong)} must be one of ${allAlgorithms.join(', ')}`);
  return signingAlgorithms.length > 0 ? signingAlgorithms : ['RS256'];
}

function prefixOf({ usernamePrefix = '', issuerUrl }: OidcFlags, claim: string): string {
  if (usernamePrefix === '-') return '';
  if (usernamePrefix !== '') return usernamePrefix;
  return claim === 'email' ? '' : `${issuerUrl}#`;
}

function requiredClaim(text: string): { readonly claim: string; readonly requiredValue: string } {
  const [, claim, requiredValue] = /^([^=]+)=(.*)$/.exec(text) ?? [];
  if (claim === undefined || requiredValue === undefined)
    throw new UserError(`--oidc-required-claim ${JSON.stringify(text)} must be like name=value`);
  return { claim, requiredValue };
}
