/**
 * Bootstrap tokens as Longshore hands them out: in upstream's form (`bootstrap-token.ts`), and beside that how often one
 * may be used, in annotations, and which have ended. Pure.
 */

import type { DeepReadonly } from '../base/deep-readonly.ts';
import {
  type BootstrapToken,
  bootstrapTokenNamespace,
  bootstrapTokenType,
  defaultBootstrapGroup,
  parseBootstrapToken,
  readBootstrapToken,
  tokenSecretName,
} from './bootstrap-token.ts';
import { isRecord } from './json-record.ts';
import { formatTime } from './time.ts';
import type { Secret } from './types/core/v1.ts';

/** Of the user that a token makes of its bearer: `system:bootstrap:<id>`. */
const bootstrapUserPrefix = 'system:bootstrap:';
/** Bearers of a token for workers are in it too. */
export const workersGroup = 'system:bootstrappers:longshore:worker';

const idPattern = /^[a-z0-9]{6}$/;
export const isTokenId = (text: string): boolean => idPattern.test(text);

/** What a host may become with one. Masters do not join by token yet. */
export const tokenRoles = ['worker'] as const;

export interface JoiningToken extends Omit<BootstrapToken, 'usages'> {
  readonly description: string;
  /** Certificates that it may be asked for in all; undefined: any number. */
  readonly uses: number | undefined;
  /** The requests that it was used for: their uids. */
  readonly usedBy: readonly string[];
}

const usesAnnotation = 'longshore.dev/uses';
export const usedByAnnotation = 'longshore.dev/used-by';

/** The Secret of a token. */
export function joiningSecretOf(token: JoiningToken): Secret {
  return {
    metadata: {
      name: tokenSecretName(token.id),
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
      'usage-bootstrap-authentication': 'true',
      'auth-extra-groups': token.groups.filter((group) => group !== defaultBootstrapGroup).join(','),
    },
  };
}

/** Undefined: it is none, or not as it must be, and opens nothing. A count that cannot be read is none. */
export function readJoiningToken(secret: DeepReadonly<Secret>): JoiningToken | undefined {
  const token = readBootstrapToken(secret);
  if (token === undefined || parseBootstrapToken(`${token.id}.${token.secret}`) === undefined) return undefined;
  const { id, secret: text, groups, expiresAt } = token;
  const { [usesAnnotation]: uses, [usedByAnnotation]: usedBy = '' } = secret.metadata?.annotations ?? {};
  return {
    id,
    secret: text,
    groups,
    expiresAt,
    description: decode(secret.data?.description ?? ''),
    uses: uses === undefined ? undefined : /^\d{1,9}$/.test(uses) ? Number(uses) : 0,
    usedBy: usedBy.split(',').filter((one) => one !== ''),
  };
}

function decode(base64: string): string {
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)));
  } catch {
    return '';
  }
}

/** How many more certificates it may be asked for; undefined: any number. */
export const usesLeftOf = ({ uses, usedBy }: Pick<JoiningToken, 'uses' | 'usedBy'>): number | undefined =>
  uses === undefined ? undefined : Math.max(0, uses - usedBy.length);

export const isTokenExpired = ({ expiresAt }: Pick<JoiningToken, 'expiresAt'>, now: number): boolean =>
  expiresAt !== undefined && expiresAt <= now;

/** The id of the token that made this user; undefined: no token did. */
export function bootstrapTokenIdOf(userName: string): string | undefined {
  const id = userName.startsWith(bootstrapUserPrefix) ? userName.slice(bootstrapUserPrefix.length) : '';
  return isTokenId(id) ? id : undefined;
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
      if (!isTokenId(id) || !isRecord(one) || typeof one.at !== 'string') return [];
      const why = one.why === 'revoked' || one.why === 'expired' ? one.why : undefined;
      return why === undefined ? [] : [[id, { why, at: one.at }]];
    }),
  );
}

export function formatEndedTokens(ended: EndedTokens): string {
  const latest = Object.entries(ended).sort(([, a], [, b]) => (a.at < b.at ? 1 : -1));
  return JSON.stringify(Object.fromEntries(latest.slice(0, endedLimit)));
}
