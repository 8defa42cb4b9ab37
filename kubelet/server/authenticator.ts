/** Who calls the kubelet: whom the certificate names that he has shown in this very handshake, or whose token he has. */

import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { readCallerCertificate } from '../../base/caller-certificate.ts';
import type { Clock } from '../../base/clock.ts';
import { AnswerCache } from './answer-cache.ts';
import type { Caller } from './authorizer.ts';
import type { Reviews } from './reviews.ts';

/** Undefined: nobody. Throws when that cannot be found out. */
export type Authenticate = (request: IncomingMessage) => Promise<Caller | undefined>;

/** A token ends with its pod or account, everywhere within ten seconds: shorter than upstream's two minutes. */
const keepMs = { known: 5_000, unknown: 5_000 };
const mostKept = 1000;

export function createAuthenticate(reviews: Pick<Reviews, 'callerOf'>, clock: Clock): Authenticate {
  const known = new AnswerCache<Caller | undefined>(clock, mostKept);
  const review = async (token: string) => {
    const answer = await reviews.callerOf(token);
    return { answer, forMs: answer === undefined ? keepMs.unknown : keepMs.known };
  };
  return async ({ socket, headers: { authorization } }) => {
    const certified = readCallerCertificate(socket);
    if (certified !== 'none' && certified !== 'refused') return authenticated(certified);
    const token = bearerToken(authorization);
    if (token === undefined) return undefined;
    // No token lies about in memory longer than its request.
    return await known.get(createHash('sha256').update(token).digest('base64'), () => review(token));
  };
}

/** As the API server has it of whoever it knows: rights may hang on that. */
function authenticated({ name, groups }: Caller): Caller {
  return { name, groups: [...new Set([...groups, 'system:authenticated'])] };
}

function bearerToken(authorization = ''): string | undefined {
  const [, token] = /^bearer +(\S+)$/i.exec(authorization.trim()) ?? [];
  return token;
}
