/** What a client reads when a webhook has said no. Pure. */

import { goQuote } from '../../../api/go-text.ts';
import { isRecord, type JsonRecord } from '../../../api/json-record.ts';
import { type StatusCause, type StatusDetails, StatusError } from '../../../api/status-error.ts';
import { maxErrors } from '../../../machinery/field-errors.ts';

/** `result`: the Status that the webhook gave its answer; whatever of it cannot be one does not count. */
export function webhookRefusal(webhook: string, result: JsonRecord = {}): StatusError {
  const deniedBy = `admission webhook ${goQuote(webhook)} denied the request`;
  const [message, reason] = [textOf(result.message), textOf(result.reason)];
  const why = message === '' ? reason : message;
  const status = new StatusError(
    codeOf(result.code),
    '',
    why === '' ? `${deniedBy} without explanation` : `${deniedBy}: ${why}`,
    detailsOf(result.details),
  );
  if (reason !== '') Object.assign(status.status, { reason });
  return status;
}

/** As many as the server itself would tell. */
const maxCauses = maxErrors;

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** HTTP has no others; what is no refusal does not go along with one. */
const codeOf = (value: unknown): number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 400 && value <= 599 ? value : 400;

function detailsOf(value: unknown): StatusDetails | undefined {
  if (!isRecord(value)) return undefined;
  const texts = (['name', 'group', 'kind', 'uid'] as const).map((field) => [field, textOf(value[field])] as const);
  const { retryAfterSeconds, causes } = value;
  return {
    ...Object.fromEntries(texts.filter(([, text]) => text !== '')),
    ...(typeof retryAfterSeconds === 'number' && retryAfterSeconds > 0 && { retryAfterSeconds }),
    ...(Array.isArray(causes) && { causes: causes.slice(0, maxCauses).filter(isRecord).map(causeOf) }),
  };
}

const causeOf = ({ reason, message, field }: JsonRecord): StatusCause => ({
  ...(typeof reason === 'string' && { reason }),
  ...(typeof message === 'string' && { message }),
  ...(typeof field === 'string' && { field }),
});
