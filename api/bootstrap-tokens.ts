/**
 * Bootstrap tokens: with which a host that nobody knows yet may ask for a certificate, and for nothing else. They lie in
 * Secrets in upstream's form; beside that form, annotations say how often one may be used and for what. Pure.
 */

import type { DeepReadonly } from '../base/deep-readonly.ts';
import { isRecord } from './json-record.ts';
import { formatTime, parseTime } from './time.ts';
import type { Secret } from './types/core/v1.ts';

export const bootstrapTokenType = 'bootstrap.kubernetes.io/token';
export const bootstrapTokenNamespace = 'kube-system';
/** Of the user that a token makes of its bearer: `system:bootstrap:<id>`. */
export const bootstrapUserPrefix = 'system:bootstrap:';
/** All bearers are in it. */
export const bootstrappersGroup = 'system:bootstrappers';
/** Bearers of a token for workers are in it too. */
export const workersGroup = 'system:bootstrappers:longshore:worker';

export const tokenIdPattern = /^[a-z0-9]{6}$/;
export const tokenSecretPattern = /^[a-z0-9]{16}$/;

/** What a host may become with one. Masters do not join by token yet. */
export const tokenRoles = ['worker'] as const;
export type TokenRole = (typeof tokenRoles)[number];

export interface BootstrapToken {
  readonly id: string;
  readonly secret: string;
  readonly description: string;
  /** Wall time in milliseconds; undefined: for ever. */
  readonly expiresAt: number | undefined;
  readonly canAuthenticate: boolean;
  readonly groups: readonly string[];
  /** Certificates that it may be asked for in all; undefined: any number. */
  readonly uses: number | undefined;
  /** The requests that it was used for: their uids. */
  readonly usedBy: readonly string[];
}

const usesAnnotation = 'longshore.dev/uses';
export const usedByAnnotation = 'longshore.dev/used-by';

export const bootstrapSecretName = (id: string): string => `bootstrap-token-${id}`;

/** The Secret of a token. */
export function bootstrapSecretOf(token: BootstrapToken): Secret {
  return {
    metadata: {
      name: bootstrapSecretName(token.id),
      namespace: bootstrapTokenNamespace,
      annotations: {
        ...(token.uses !== undefined && { [usesAnnotation]: String(token.uses) }),
        ...(token.usedBy.length > 0 && { [usedByAnnotation]: token.usedBy.join(',') }),
      },
    },
    type: bootstrapTokenType,
    stringData: {
      'token-id': token.id,
      'token-secret': token.secret,
      ...(token.expiresAt !== undefined && { expiration: formatTime(token.expiresAt) }),
      ...(token.description !== '' && { description: token.description }),
      ...(token.canAuthenticate && { 'usage-bootstrap-authentication': 'true' }),
      ...(token.groups.length > 0 && { 'auth-extra-groups': token.groups.join(',') }),
    },
  };
}

/** Undefined: it is none, or not whole, and opens nothing. A count or a time that cannot be read opens nothing either. */
export function parseBootstrapSecret(secret: DeepReadonly<Secret>): BootstrapToken | undefined {
  const field = (name: string): string => decode(secret.data?.[name] ?? '');
  const id = field('token-id');
  if (secret.type !== bootstrapTokenType || !tokenIdPattern.test(id)) return undefined;
  if (secret.metadata?.name !== bootstrapSecretName(id) || !tokenSecretPattern.test(field('token-secret')))
    return undefined;
  const expiration = field('expiration');
  const uses = secret.metadata.annotations?.[usesAnnotation];
  return {
    id,
    secret: field('token-secret'),
    description: field('description'),
    expiresAt: expiration === '' ? undefined : (parseTime(expiration) ?? 0),
    canAuthenticate: field('usage-bootstrap-authentication') === 'true',
    groups: listOf(field('auth-extra-groups')),
    uses: uses === undefined ? undefined : /^\d{1,9}$/.test(uses) ? Number(uses) : 0,
    usedBy: listOf(secret.metadata.annotations?.[usedByAnnotation] ?? ''),
  };
}

/** All that a token is made of is ASCII. */
function decode(base64: string): string {
  try {
    return atob(base64);
  } catch {
    return '';
  }
}

const listOf = (text: string): string[] => text.split(',').filter((one) => one !== '');

/** How many more certificates it may be asked for; undefined: any number. */
export const usesLeftOf = ({ uses, usedBy }: BootstrapToken): number | undefined =>
  uses === undefined ? undefined : Math.max(0, uses - usedBy.length);

export const isTokenExpired = ({ expiresAt }: BootstrapToken, now: number): boolean =>
  expiresAt !== undefined && expiresAt <= now;

/** The id of the token that made this user; undefined: no token did. */
export function bootstrapTokenIdOf(userName: string): string | undefined {
  const id = userName.startsWith(bootstrapUserPrefix) ? userName.slice(bootstrapUserPrefix.length) : '';
  return tokenIdPattern.test(id) ? id : undefined;
}

/** What anybody may read of a cluster, in `kube-public`: who it is, and which tokens are no more. */
export const clusterInfo = { namespace: 'kube-public', name: 'cluster-info' } as const;
export const endedTokensKey = 'ended-tokens';

export interface EndedToken {
  readonly why: 'expired' | 'revoked';
  /** As times of objects are written. */
  readonly at: string;
}

export type EndedTokens = Readonly<Record<string, EndedToken>>;

/** So many are remembered, the latest. */
const endedLimit = 100;

/** What cannot be read is not remembered. */
export function parseEndedTokens(text: string | undefined): EndedTokens {
  let found: unknown;
  try {
    found = JSON.parse(text ?? '{}');
  } catch {
    return {};
  }
  const entries = isRecord(found) ? Object.entries(found) : [];
  return Object.fromEntries(
    entries.flatMap(([id, one]) => {
      if (!tokenIdPattern.test(id) || !isRecord(one) || typeof one.at !== 'string') return [];
      const why = one.why === 'revoked' || one.why === 'expired' ? one.why : undefined;
      return why === undefined ? [] : [[id, { why, at: one.at }]];
    }),
  );
}

export function formatEndedTokens(ended: EndedTokens): string {
  const latest = Object.entries(ended).sort(([, a], [, b]) => (a.at < b.at ? 1 : -1));
  return JSON.stringify(Object.fromEntries(latest.slice(0, endedLimit)));
}
