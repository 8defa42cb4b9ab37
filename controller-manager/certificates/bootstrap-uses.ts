/**
 * How often a bootstrap token may be used is counted where a certificate is granted: the request's uid is written into
 * the token's Secret, and only then is the request approved. The write is optimistic, so of any number of requests at
 * once, by whichever process, no more are granted than there are uses; and a request that was counted already, by a
 * process that was killed before it approved it, is not counted again.
 */

import { bootstrapTokenNamespace, tokenSecretName } from '../../api/bootstrap-token.ts';
import {
  isTokenExpired,
  type JoiningToken,
  readJoiningToken,
  usedByAnnotation,
  usesLeftOf,
} from '../../api/joining-tokens.ts';
import type { Stored } from '../../api/object.ts';
import { nodes, secrets } from '../../api/resources/core.ts';
import { isConflict, isNotFound } from '../../api/status-error.ts';
import type { Secret } from '../../api/types/core/v1.ts';
import type { Clock } from '../../base/clock.ts';
import type { Client } from '../../client/client.ts';
import { ifPresent } from '../../client/if-present.ts';
import { giveNodeNameBack, reserveNodeName } from '../nodes/node-names.ts';

export interface BootstrapUse {
  readonly client: Pick<Client, 'get' | 'create' | 'update'>;
  readonly clock: Pick<Clock, 'now'>;
  /** Of the token that the request was made with. */
  readonly tokenId: string;
  /** Of the CertificateSigningRequest. */
  readonly requestUid: string;
  /** Which node the certificate would be for. */
  readonly nodeName: string;
  /** How long it would be good. */
  readonly validForMs: number;
}

/**
 * Takes a use of the token, and the name of the node for it. Undefined: granted; else why not, for who made the request.
 * Idempotent for one request.
 */
export async function claimBootstrapUse(use: BootstrapUse): Promise<string | undefined> {
  const why = await claim(use);
  if (why !== undefined) await giveNodeNameBack(use.client, use);
  return why;
}

async function claim(use: BootstrapUse): Promise<string | undefined> {
  const { client, tokenId, requestUid } = use;
  for (;;) {
    const secret = await ifPresent(
      client.get<Secret>(secrets, { namespace: bootstrapTokenNamespace, name: tokenSecretName(tokenId) }),
    );
    const token = secret && readJoiningToken(secret);
    if (secret === undefined || token === undefined) return `the token ${tokenId} was revoked`;
    if (token.usedBy.includes(requestUid)) return undefined;
    const why = whyRefused(token, use.clock.now()) ?? (await whyNameIsTaken(use));
    if (why !== undefined || token.uses === undefined) return why;
    if (await note(use, secret, token)) return undefined;
  }
}

function whyRefused(token: JoiningToken, now: number): string | undefined {
  if (isTokenExpired(token, now)) return `the token ${token.id} has expired`;
  if (usesLeftOf(token) !== 0) return undefined;
  return `the token ${token.id} is used up: it was for ${token.uses} host${token.uses === 1 ? '' : 's'}`;
}

/** Who holds a token may become a new node, and never one that is there, or was let in: that one's Secrets would be his. */
async function whyNameIsTaken(use: BootstrapUse): Promise<string | undefined> {
  const { client, nodeName, clock } = use;
  const whyThere = async () =>
    (await ifPresent(client.get(nodes, { name: nodeName }))) === undefined
      ? undefined
      : `there is a node ${nodeName} already`;
  // Once more afterwards: whoever had the name may have come, and set it free, in between.
  return (await whyThere()) ?? (await reserveNodeName(client, { ...use, now: clock.now() })) ?? (await whyThere());
}

/** False: another process wrote meanwhile. */
async function note({ client, requestUid }: BootstrapUse, secret: Stored<Secret>, token: JoiningToken) {
  const annotations = { ...secret.metadata.annotations, [usedByAnnotation]: [...token.usedBy, requestUid].join(',') };
  try {
    await client.update<Secret>(secrets, { ...secret, metadata: { ...secret.metadata, annotations } });
    return true;
  } catch (error) {
    if (isConflict(error) || isNotFound(error)) return false;
    throw error;
  }
}
