/** The conversion strategy `Webhook`: all objects that are in another version are sent in one ConversionReview. */

import { randomUUID } from 'node:crypto';
import type { Stored } from '../../api/object.ts';
import { parseApiVersion } from '../../api/resource.ts';
import { StatusError } from '../../api/status-error.ts';
import type { CustomResourceDefinition } from '../../api/types/apiextensions/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { WebhookCaller } from '../webhooks/webhook-caller.ts';
import { WebhookFailure } from '../webhooks/webhook-failure.ts';
import { ConversionProblem, readConversion } from './converted-objects.ts';
import type { ObjectConverter } from './object-converter.ts';

type Conversion = NonNullable<DeepReadonly<CustomResourceDefinition>['spec']['conversion']>;
type Webhook = NonNullable<Conversion['webhook']>;

/** Upstream's. */
const timeoutMs = 30_000;
const supportedReviews = ['v1', 'v1beta1'];

export function webhookConverter(webhook: Webhook, caller: Pick<WebhookCaller, 'call'>): ObjectConverter {
  const reviewVersion = webhook.conversionReviewVersions.find((version) => supportedReviews.includes(version));
  return {
    convert(objects, apiVersion) {
      const asked = objects.filter((object) => object.apiVersion !== apiVersion);
      if (asked.length === 0) return objects;
      return convert(asked, apiVersion).then((converted) => {
        const rest = converted.values();
        return objects.map((object) => (object.apiVersion === apiVersion ? object : (rest.next().value ?? object)));
      });
    },
  };

  async function convert(objects: readonly Stored[], apiVersion: string): Promise<Stored[]> {
    if (reviewVersion === undefined) throw unknownError('no supported conversion review versions');
    const uid = randomUUID();
    const request = { uid, desiredAPIVersion: apiVersion, objects };
    const review = { kind: 'ConversionReview', apiVersion: `apiextensions.k8s.io/${reviewVersion}`, request };
    try {
      const answer = await caller.call({
        clientConfig: webhook.clientConfig ?? {},
        body: Buffer.from(JSON.stringify(review)),
        timeoutMs,
      });
      return readConversion(answer, { reviewVersion, uid, apiVersion, objects });
    } catch (error) {
      throw conversionError(error, objects[0]);
    }
  }
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
