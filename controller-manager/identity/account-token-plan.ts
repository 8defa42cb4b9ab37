/** How a Secret of type `kubernetes.io/service-account-token` gets what it must hold, and when it goes. Pure. */

import type { Secret, ServiceAccount } from '../../api/types/core/v1.ts';
import { changedCopy } from '../../client/changed-copy.ts';
import type { Cached } from '../../client/object-cache.ts';

export const accountTokenType = 'kubernetes.io/service-account-token';
export const accountNameAnnotation = 'kubernetes.io/service-account.name';
export const accountUidAnnotation = 'kubernetes.io/service-account.uid';

export type AccountTokenPlan =
  /** `waitMs`: when the token has to be replaced; absent: never. */
  | { readonly type: 'nothing'; readonly waitMs?: number }
  /** The account is not there, or another one of that name is. */
  | { readonly type: 'delete' }
  /** `object`: without the token, which has to be asked for when `needsToken`. */
  | { readonly type: 'fill'; readonly object: Secret; readonly needsToken: boolean };

interface Surroundings {
  readonly account: Cached<ServiceAccount> | undefined;
  /** PEM; absent: it is not known here. */
  readonly rootCertificate: string | undefined;
  /** Wall time in milliseconds. */
  readonly now: number;
}

export function planAccountToken(
  secret: Cached<Secret>,
  { account, rootCertificate, now }: Surroundings,
): AccountTokenPlan {
  const { metadata, data = {} } = secret;
  if (metadata.deletionTimestamp !== undefined) return { type: 'nothing' };
  const uid = metadata.annotations?.[accountUidAnnotation];
  if (account === undefined || (uid !== undefined && uid !== '' && uid !== account.metadata.uid))
    return { type: 'delete' };
  const renewInMs = timeToRenewMs(decode(data.token ?? ''), now);
  const needsToken = !data.token || (renewInMs ?? 1) <= 0;
  const wanted = {
    ...(rootCertificate !== undefined && { 'ca.crt': encode(rootCertificate) }),
    namespace: encode(metadata.namespace ?? ''),
  };
  const isFilled = Object.entries(wanted).every(([key, value]) => data[key] === value) && uid === account.metadata.uid;
  if (isFilled && !needsToken) return { type: 'nothing', ...(renewInMs !== undefined && { waitMs: renewInMs }) };
  const annotations = { ...metadata.annotations, [accountUidAnnotation]: account.metadata.uid };
  const changes = { metadata: { ...metadata, annotations }, data: { ...data, ...wanted } };
  return { type: 'fill', needsToken, object: changedCopy<Secret>(secret, changes) };
}

/** A token is replaced when this share of its life is over. */
const usedShare = 0.8;
/** What lives longer is taken to live for ever: no timer waits so long. */
const longestWaitMs = 24 * 24 * 3_600_000;

/** How long the token is good enough; undefined: for ever, or it is none of ours. */
function timeToRenewMs(token: string, now: number): number | undefined {
  const { iat, exp } = readTimes(token);
  if (iat === undefined || exp === undefined) return undefined;
  const waitMs = (iat + (exp - iat) * usedShare) * 1000 - now;
  return waitMs > longestWaitMs ? undefined : waitMs;
}

function readTimes(token: string): { readonly iat?: number; readonly exp?: number } {
  try {
    const payload: { readonly iat?: unknown; readonly exp?: unknown } = JSON.parse(
      Buffer.from(token.split('.')[1] ?? '', 'base64url').toString(),
    );
    const { iat, exp } = payload;
    return { ...(typeof iat === 'number' && { iat }), ...(typeof exp === 'number' && { exp }) };
  } catch {
    return {}; // whoever wrote it, it is theirs
  }
}

const encode = (text: string): string => Buffer.from(text).toString('base64');
const decode = (base64: string): string => Buffer.from(base64, 'base64').toString();
