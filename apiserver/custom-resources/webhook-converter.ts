/**
 * The conversion strategy `Webhook`: the objects that are in another version are sent in ConversionReviews, nearly always
 * in one. Whatever is long is read and written in turns.
 */

import { randomUUID } from 'node:crypto';
import type { Stored } from '../../api/object.ts';
import { parseApiVersion } from '../../api/resource.ts';
import { StatusError } from '../../api/status-error.ts';
import type { CustomResourceDefinition } from '../../api/types/apiextensions/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import { Turns } from '../../base/turns.ts';
import type { WebhookCaller } from '../webhooks/webhook-caller.ts';
import { WebhookFailure } from '../webhooks/webhook-failure.ts';
import { ConversionProblem, readConversion } from './converted-objects.ts';
import type { ObjectConverter } from './object-converter.ts';

type Conversion = NonNullable<DeepReadonly<CustomResourceDefinition>['spec']['conversion']>;
type Webhook = NonNullable<Conversion['webhook']>;

/** Upstream's. */
const timeoutMs = 30_000;
const supportedReviews = ['v1', 'v1beta1'];
/** Of objects as JSON: more are asked about in several reviews, one after the other. */
const maxReviewBytes = 2 << 20;
/** An answer may be larger than what it answers, but no more than that. */
const answerBytes = { least: 1 << 20, times: 4 };

export function webhookConverter(webhook: Webhook, caller: Pick<WebhookCaller, 'call'>): ObjectConverter {
  const reviewVersion = webhook.conversionReviewVersions.find((version) => supportedReviews.includes(version));
  return {
    convert(objects, apiVersion) {
      const asked = objects.filter((object) => object.apiVersion !== apiVersion);
      if (asked.length === 0) return objects;
      return convertAll(asked, apiVersion).then((converted) => {
        const rest = converted.values();
        return objects.map((object) => (object.apiVersion === apiVersion ? object : (rest.next().value ?? object)));
      });
    },
  };

  async function convertAll(objects: readonly Stored[], apiVersion: string): Promise<Stored[]> {
    const converted: Stored[] = [];
    for await (const batch of batchesOf(objects)) converted.push(...(await convertBatch(batch, apiVersion)));
    return converted;
  }

  async function convertBatch({ objects, json }: Batch, apiVersion: string): Promise<Stored[]> {
    if (reviewVersion === undefined) throw unknownError('no supported conversion review versions');
    const uid = randomUUID();
    const review = { kind: 'ConversionReview', apiVersion: `apiextensions.k8s.io/${reviewVersion}` };
    const request = JSON.stringify({ uid, desiredAPIVersion: apiVersion }).slice(0, -1);
    const body = `${JSON.stringify(review).slice(0, -1)},"request":${request},"objects":[${json.join()}]}}`;
    try {
      const answer = await caller.call({
        clientConfig: webhook.clientConfig ?? {},
        body,
        timeoutMs,
        maxAnswerBytes: Math.max(answerBytes.least, body.length * answerBytes.times),
      });
      return await readConversion(answer, { reviewVersion, uid, apiVersion, objects });
    } catch (error) {
      throw conversionError(error, objects[0]);
    }
  }
}

interface Batch {
  readonly objects: readonly Stored[];
  readonly json: readonly string[];
}

async function* batchesOf(objects: readonly Stored[]): AsyncGenerator<Batch> {
  const turns = new Turns();
  let batch: { objects: Stored[]; json: string[] } = { objects: [], json: [] };
  let bytes = 0;
  for (const object of objects) {
    const json = JSON.stringify(object);
    if (batch.objects.length > 0 && bytes + json.length > maxReviewBytes) {
      yield batch;
      batch = { objects: [], json: [] };
      bytes = 0;
    }
    batch.objects.push(object);
    batch.json.push(json);
    bytes += json.length;
    await turns.pause();
  }
  yield batch;
}

function conversionError(error: unknown, first: Stored | undefined): unknown {
  const { group = '', version = '' } = parseApiVersion(first?.apiVersion ?? '') ?? {};
  const what = `conversion webhook for ${group}/${version}, Kind=${first?.kind ?? ''}`;
  if (error instanceof WebhookFailure) return unknownError(`${what} failed: ${error.message}`, error);
  if (error instanceof ConversionProblem) return unknownError(`${what} ${error.message}`, error);
  return error;
}

/** Upstream's reason of what it has no reason for. */
const unknownError = (message: string, cause?: unknown): StatusError =>
  new StatusError(500, 'InternalError', message, {}, { cause });
