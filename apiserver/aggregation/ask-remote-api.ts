/** What this server itself asks of a server behind it: whether it is there, what it serves, how its objects look. */

import https from 'node:https';
import { networkErrorText } from '../../base/network-error-text.ts';
import type { RenewedKeyPair } from '../../base/renewed-key-pair.ts';
import type { ObjectReader } from '../registry/object-reader.ts';
import { answerOf } from '../services/bounded-answer.ts';
import { placeOfService } from '../services/service-place.ts';
import type { RemoteApi } from './remote-api.ts';
import { aggregator, remoteUserHeaders } from './remote-user.ts';

export interface RemoteApiCaller {
  readonly objects: ObjectReader;
  /** Who this server is before those behind it. Absent: nobody, as far as certificates go. */
  readonly clientPair: RenewedKeyPair | undefined;
}

export interface RemoteAnswer {
  readonly code: number;
  readonly text: string;
  /** Empty: none was told. */
  readonly etag: string;
}

export interface RemoteQuestion {
  readonly path: string;
  /** Default: JSON. */
  readonly accept?: string;
  /** How long the answer may be. Default: as long as lists of what is served are. */
  readonly maxBytes?: number;
}

/** So long may an answer take. */
const limitMs = 5_000;
/** Lists of what is served are short; what is longer would only hold up others while it is read. */
const maxAnswerBytes = 1 << 20;

/** Rejects with why there is no answer, in words for people. */
export async function askRemoteApi(
  api: RemoteApi,
  { path, accept = 'application/json', maxBytes = maxAnswerBytes }: RemoteQuestion,
  { objects, clientPair }: RemoteApiCaller,
): Promise<RemoteAnswer> {
  const place = await placeOfService(objects, api.service, api.service.port);
  const agent = api.agent(await clientPair?.current());
  const limit = AbortSignal.timeout(limitMs);
  try {
    const headers = { ...remoteUserHeaders(aggregator), accept, 'accept-encoding': 'identity' };
    const asked = https.get({ ...place, path, agent, headers, signal: limit });
    const { code, headers: told, text } = await answerOf(asked, maxBytes);
    if (code === 101) throw new Error('it has changed the protocol, and nobody asked it to');
    return { code, text, etag: told.etag ?? '' };
  } catch (error) {
    if (limit.aborted) throw new Error(`no answer within ${limitMs / 1000} seconds`);
    throw new Error(networkErrorText(error instanceof Error ? error : new Error(String(error))));
  }
}
