/**
 * The one way in which Longshore says no: an Error that carries a Kubernetes `Status`.
 * Reasons and codes are those of the Kubernetes API conventions; made here, tested by predicate, nowhere else.
 */

import { goQuote } from './go-text.ts';
import { isRecord } from './json-record.ts';
import { qualifiedName } from './resource.ts';

export type StatusReason =
  | 'BadRequest'
  | 'Unauthorized'
  | 'Forbidden'
  | 'NotFound'
  | 'AlreadyExists'
  | 'Conflict'
  | 'Gone'
  | 'Expired'
  | 'Invalid'
  | 'MethodNotAllowed'
  | 'NotAcceptable'
  | 'RequestEntityTooLarge'
  | 'UnsupportedMediaType'
  | 'TooManyRequests'
  | 'InternalError'
  | 'ServiceUnavailable'
  | 'Timeout'
  | 'ServerTimeout';

export interface StatusCause {
  reason?: string;
  message?: string;
  field?: string;
}

export interface StatusDetails {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: StatusCause[];
  retryAfterSeconds?: number;
}

export interface Status {
  kind: 'Status';
  apiVersion: 'v1';
  metadata: { resourceVersion?: string; continue?: string; remainingItemCount?: number };
  status: 'Success' | 'Failure';
  message?: string;
  reason?: StatusReason | '';
  details?: StatusDetails;
  code?: number;
}

/** What errors name: the resource (plural) and its group. */
export interface ResourceName {
  readonly group: string;
  readonly plural: string;
}

/** Whether what was read from the wire says that it is a Status; which members it has is open. */
export const isStatus = (value: unknown): value is Partial<Status> => isRecord(value) && value.kind === 'Status';

export class StatusError extends Error {
  readonly status: Status;

  constructor(
    code: number,
    reason: StatusReason | '',
    message: string,
    details?: StatusDetails,
    options?: { cause?: unknown; continue?: string },
  ) {
    super(message, options);
    this.name = 'StatusError';
    this.status = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: { ...(options?.continue !== undefined && { continue: options.continue }) },
      status: 'Failure',
      message,
      ...(reason !== '' && { reason }),
      ...(details !== undefined && { details }),
      code,
    };
  }

  get code(): number {
    return this.status.code ?? 500;
  }

  get reason(): string {
    return this.status.reason ?? '';
  }

  /** The error that a Status read from the wire stands for. */
  static from(status: Partial<Status>): StatusError {
    const { code = 500, reason = '', message = 'unknown', details, metadata } = status;
    return new StatusError(code, reason, message, details, metadata?.continue ? { continue: metadata.continue } : {});
  }
}

const qualified = ({ group, plural }: ResourceName): string => qualifiedName(plural, group);
const named = ({ group, plural }: ResourceName, name: string): StatusDetails => ({
  ...(name !== '' && { name }),
  ...(group !== '' && { group }),
  kind: plural,
});

export const badRequest = (message: string): StatusError => new StatusError(400, 'BadRequest', message);
export const unauthorized = (message = 'Unauthorized'): StatusError => new StatusError(401, 'Unauthorized', message);
export const notFound = (resource: ResourceName, name: string): StatusError =>
  new StatusError(404, 'NotFound', `${qualified(resource)} ${goQuote(name)} not found`, named(resource, name));
export const alreadyExists = (resource: ResourceName, name: string, isEnding = false): StatusError =>
  new StatusError(
    409,
    'AlreadyExists',
    `${isEnding ? 'object is being deleted: ' : ''}${qualified(resource)} ${goQuote(name)} already exists`,
    named(resource, name),
  );
export const conflict = (resource: ResourceName, name: string, why: string): StatusError =>
  new StatusError(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${qualified(resource)} ${goQuote(name)}: ${why}`,
    named(resource, name),
  );
export const forbidden = (resource: ResourceName, name: string, why: string): StatusError =>
  new StatusError(
    403,
    'Forbidden',
    name === ''
      ? `${qualified(resource)} is forbidden: ${why}`
      : `${qualified(resource)} ${goQuote(name)} is forbidden: ${why}`,
    named(resource, name),
  );
/** A watch or list from a revision that is compacted: the client lists again, or goes on by the token if there is one. */
export const expired = (message: string, token?: string): StatusError =>
  new StatusError(410, 'Expired', message, undefined, token === undefined ? {} : { continue: token });
export const tooLarge = (message: string): StatusError => new StatusError(413, 'RequestEntityTooLarge', message);
export const unsupportedMediaType = (message: string): StatusError =>
  new StatusError(415, 'UnsupportedMediaType', message);
export const tooManyRequests = (message: string, retryAfterSeconds: number): StatusError =>
  new StatusError(429, 'TooManyRequests', message, { retryAfterSeconds });
/** Nothing was written; to be tried again: clients repeat what `Retry-After` comes with, writes too. */
export const serviceUnavailable = (message: string, cause?: unknown): StatusError =>
  new StatusError(503, 'ServiceUnavailable', message, { retryAfterSeconds: 1 }, { cause });
/**
 * What was asked for may happen yet or have happened. No `Retry-After`: a client that repeats a DELETE or a POST by
 * itself is told that the object is not there, or is there already.
 */
export const timeout = (message: string, cause?: unknown): StatusError =>
  new StatusError(504, 'Timeout', message, {}, { cause });
export const internalError = (message: string, cause?: unknown): StatusError =>
  new StatusError(500, 'InternalError', `Internal error occurred: ${message}`, { causes: [{ message }] }, { cause });

const hasReason =
  (...reasons: string[]) =>
  (error: unknown): error is StatusError =>
    error instanceof StatusError && reasons.includes(error.reason);

export const isNotFound = hasReason('NotFound');
export const isAlreadyExists = hasReason('AlreadyExists');
export const isConflict = hasReason('Conflict');
export const isExpired = hasReason('Expired', 'Gone');
export const isInvalid = hasReason('Invalid');
export const isForbidden = hasReason('Forbidden');
export const isUnauthorized = hasReason('Unauthorized');
/** Worth the same request again later: the server was busy or out of reach, not unwilling. */
export const isRetryable = hasReason(
  'TooManyRequests',
  'ServiceUnavailable',
  'Timeout',
  'ServerTimeout',
  'InternalError',
);
