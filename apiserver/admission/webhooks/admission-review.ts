/** AdmissionReview, v1 and v1beta1: what a webhook is asked, and what its answer has to be. Pure. */

import { goValue } from '../../../api/go-text.ts';
import { isRecord, type JsonRecord } from '../../../api/json-record.ts';
import { toldText } from '../../../base/cut-text.ts';

export type ReviewVersion = 'v1' | 'v1beta1';

/** What was answered, once it is known to be an answer to what was asked. */
export interface ReviewAnswer {
  readonly allowed: boolean;
  /** What a refusal says of itself. */
  readonly result: JsonRecord | undefined;
  readonly auditAnnotations: ReadonlyMap<string, string>;
  readonly warnings: readonly string[];
  /** Text of a JSON patch; only of mutating webhooks. */
  readonly patch: string | undefined;
}

/** The answer is none. The message is upstream's, behind `received invalid webhook response: `. */
export class InvalidReviewError extends Error {
  override readonly name = 'InvalidReviewError';
}

/** The first version that both sides know; undefined: there is none. */
export function reviewVersionOf(versions: readonly string[]): ReviewVersion | undefined {
  for (const version of versions) if (version === 'v1' || version === 'v1beta1') return version;
  return undefined;
}

const apiVersionOf = (version: ReviewVersion): string => `admission.k8s.io/${version}`;

/** What is asked about, as JSON each. */
export interface ReviewedTexts {
  readonly object: string;
  readonly oldObject: string;
}

/** `request`: all of it but its objects. */
export function reviewText(version: ReviewVersion, request: JsonRecord, { object, oldObject }: ReviewedTexts): string {
  const asked = JSON.stringify(request).slice(0, -1);
  const kind = `"kind":"AdmissionReview","apiVersion":"${apiVersionOf(version)}"`;
  return `{${kind},"request":${asked},"object":${object},"oldObject":${oldObject}}}`;
}

export interface Asked {
  readonly version: ReviewVersion;
  readonly uid: string;
  readonly isMutating: boolean;
}

/** Throws InvalidReviewError. The older version was never checked as closely. */
export function readReviewAnswer(review: unknown, { version, uid, isMutating }: Asked): ReviewAnswer {
  if (!isRecord(review)) throw new InvalidReviewError('webhook response was absent');
  const { response, apiVersion = '', kind = '' } = review;
  if (!isRecord(response)) throw new InvalidReviewError('webhook response was absent');
  const patch = textOf(response, 'patch');
  const patchType = textOf(response, 'patchType');
  if (version === 'v1') {
    if (textOf(response, 'uid') !== uid)
      throw new InvalidReviewError(
        `expected response.uid="${uid}", got ${JSON.stringify(toldText(textOf(response, 'uid') ?? ''))}`,
      );
    if (apiVersion !== apiVersionOf(version) || kind !== 'AdmissionReview') {
      const got =
        apiVersion === '' && kind === '' ? '/, Kind=' : toldText(`${goValue(apiVersion)}, Kind=${goValue(kind)}`);
      throw new InvalidReviewError(
        `expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got ${got}`,
      );
    }
    if (isMutating) checkPatch(patch, patchType);
    else if (patch) throw new InvalidReviewError('validating webhook may not return response.patch');
    else if (patchType !== undefined)
      throw new InvalidReviewError('validating webhook may not return response.patchType');
  }
  const { allowed, status, auditAnnotations, warnings } = response;
  if (allowed !== undefined && typeof allowed !== 'boolean') throw wrongType('allowed', 'bool');
  if (status !== undefined && status !== null && !isRecord(status)) throw wrongType('status', 'v1.Status');
  return {
    allowed: allowed === true,
    result: isRecord(status) ? status : undefined,
    auditAnnotations: new Map(textEntries(auditAnnotations)),
    warnings: Array.isArray(warnings) ? warnings.filter((one) => typeof one === 'string') : [],
    patch: isMutating && patch ? Buffer.from(patch, 'base64').toString('utf8') : undefined,
  };
}

function checkPatch(patch: string | undefined, patchType: string | undefined): void {
  if (patch && patchType === undefined)
    throw new InvalidReviewError('webhook returned response.patch but not response.patchType');
  if (!patch && patchType !== undefined)
    throw new InvalidReviewError('webhook returned response.patchType but not response.patch');
  if (patchType === '') throw new InvalidReviewError('webhook returned invalid response.patchType of ""');
  if (patchType !== undefined && patchType !== 'JSONPatch')
    throw new InvalidReviewError(`unsupported patch type ${JSON.stringify(patchType)}`);
}

const textOf = (response: JsonRecord, field: string): string | undefined => {
  const value = response[field];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw wrongType(field, 'string');
  return value;
};

const textEntries = (value: unknown): [string, string][] =>
  Object.entries(isRecord(value) ? value : {}).flatMap(([key, text]): [string, string][] =>
    typeof text === 'string' ? [[key, text]] : [],
  );

const wrongType = (field: string, type: string): InvalidReviewError =>
  new InvalidReviewError(
    `json: cannot unmarshal into Go struct field AdmissionResponse.response.${field} of type ${type}`,
  );
