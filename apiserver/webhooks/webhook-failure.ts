/** Why a webhook gave no answer, in upstream's words: Go's of networks and certificates, its client's of HTTP codes. */

import { goQuote } from '../../api/go-text.ts';
import { StatusError } from '../../api/status-error.ts';
import { errorText } from '../../base/error-text.ts';
import { AddressNotAllowedError } from '../../base/judged-lookup.ts';
import { networkErrorText } from '../../base/network-error-text.ts';
import { AnswerTooLongError, BrokenAnswerError } from '../services/bounded-answer.ts';
import type { WebhookAnswer } from './webhook-client.ts';

interface FailureOptions {
  /** The HTTP code of the answer; without one, 503. */
  readonly code?: number;
  readonly why?: 'timeout' | 'canceled' | undefined;
  /** Nobody was asked: the configuration says nothing that could be. */
  readonly isUnusable?: boolean;
  readonly cause?: unknown;
}

export class WebhookFailure extends Error {
  override readonly name = 'WebhookFailure';
  readonly code: number;
  readonly why: 'timeout' | 'canceled' | undefined;
  readonly isUnusable: boolean;

  /** `message`: what upstream says after `failed to call webhook: `. */
  constructor(message: string, { code = 503, why, isUnusable = false, cause }: FailureOptions = {}) {
    super(message, { cause });
    this.code = code;
    this.why = why;
    this.isUnusable = isUnusable;
  }
}

/** Of what went wrong on the way to `url`, or on the way back. */
export function callFailure(url: string, cause: unknown, why?: 'timeout' | 'canceled'): WebhookFailure {
  if (cause instanceof AnswerTooLongError) return new WebhookFailure(cause.message, { cause });
  const text =
    why === 'timeout' ? 'context deadline exceeded' : why === 'canceled' ? 'context canceled' : goNetworkText(cause);
  if (cause instanceof BrokenAnswerError) {
    const lost = `unexpected error when reading response body. Please retry. Original error: ${text}`;
    return new WebhookFailure(lost, { why, cause });
  }
  return new WebhookFailure(`Post ${goQuote(url)}: ${text}`, { why, cause });
}

/**
 * Undefined: there is something to read. Whatever it says that it is: the answers of controller-runtime's webhooks are
 * `text/plain`, as Go's HTTP server guesses of JSON.
 */
export function answeredFailure({ code, contentType, text }: WebhookAnswer): WebhookFailure | undefined {
  if (code < 200 || code > 206) return new WebhookFailure(messageOfCode(code, text, contentType), { code });
  if (text === '')
    return new WebhookFailure(`0-length response with status code: ${code} and content type: ${contentType}`);
  return undefined;
}

const messages: Readonly<Record<number, string>> = {
  400: 'the server rejected our request for an unknown reason',
  401: 'the server has asked for the client to provide credentials',
  404: 'the server could not find the requested resource',
  405: 'the server does not allow this method on the requested resource',
  409: 'the server reported a conflict',
  422: 'the server rejected our request due to an error in our request',
  429: 'the server has received too many requests and has asked us to try again later',
  503: 'the server is currently unable to handle the request',
  504: 'the server was unable to return a response in the time allotted, but may still be processing the request',
};
/** Of an error's text, which people have to read. */
const maxShown = 2048;

function messageOfCode(code: number, text: string, contentType: string): string {
  const known = messages[code];
  if (known !== undefined) return known;
  const said = contentType.startsWith('text/') ? text.slice(0, maxShown).trim() : 'unknown';
  if (code === 403 || code === 415) return said;
  if (code === 406)
    return said === '' || said === 'unknown'
      ? 'the server was unable to respond with a content type that the client supports'
      : said;
  if (code >= 500) return `an error on the server (${goQuote(said)}) has prevented the request from succeeding`;
  return `the server responded with the status code ${code} but did not return more information`;
}

/** Go's words for the errors of connecting. */
const dialErrors: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network is unreachable',
  ETIMEDOUT: 'connection timed out',
  EADDRNOTAVAIL: 'cannot assign requested address',
  EACCES: 'permission denied',
};

const unknownAuthority = 'certificate signed by unknown authority';
const certificateErrors: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'certificate has expired or is not yet valid',
  CERT_NOT_YET_VALID: 'certificate has expired or is not yet valid',
  DEPTH_ZERO_SELF_SIGNED_CERT: unknownAuthority,
  SELF_SIGNED_CERT_IN_CHAIN: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownAuthority,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownAuthority,
};

interface SystemError extends Error {
  readonly code?: unknown;
  readonly syscall?: string;
  readonly address?: string;
  readonly port?: number;
  readonly hostname?: string;
  /** Of a certificate for other names. */
  readonly host?: string;
  readonly cert?: { readonly subjectaltname?: string; readonly subject?: { readonly CN?: unknown } };
}

/** Exported for its table test. */
export function goNetworkText(error: unknown): string {
  if (error instanceof BrokenAnswerError) return 'unexpected EOF';
  if (error instanceof AggregateError && error.errors.length > 0) return goNetworkText(error.errors[0]);
  if (error instanceof StatusError || error instanceof AddressNotAllowedError) return error.message;
  if (!(error instanceof Error)) return errorText(error);
  const { code, syscall, address, port, hostname, host = '', cert }: SystemError = error;
  if (typeof code !== 'string') return error.message;
  if (syscall === 'connect' && Object.hasOwn(dialErrors, code))
    return `dial tcp ${hostPort(address, port)}: connect: ${dialErrors[code]}`;
  if (code === 'ENOTFOUND') return `dial tcp: lookup ${hostname}: no such host`;
  if (code === 'EAI_AGAIN') return `dial tcp: lookup ${hostname}: Temporary failure in name resolution`;
  // It closed the connection before it said anything.
  if (code === 'ECONNRESET') return 'EOF';
  if (code.startsWith('HPE_')) return `net/http: HTTP/1.x transport connection broken: malformed HTTP response`;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return certificateText(otherNames(host, cert?.subjectaltname));
  if (Object.hasOwn(certificateErrors, code)) return certificateText(certificateErrors[code] ?? '');
  if (
    /wrong version number|packet length too long|http request|unknown protocol/i.test(
      `${error.message} ${code}`.replace(/_/g, ' '),
    )
  )
    return 'http: server gave HTTP response to HTTPS client';
  return networkErrorText(error);
}

const certificateText = (what: string): string => `tls: failed to verify certificate: x509: ${what}`;

function otherNames(host: string, alternativeNames: string | undefined): string {
  const names = (alternativeNames ?? '').split(', ').flatMap((one) => /^(?:DNS|IP Address):(.*)$/.exec(one)?.[1] ?? []);
  if (names.length === 0) return `certificate is not valid for any names, but wanted to match ${host}`;
  return `certificate is valid for ${names.join(', ')}, not ${host}`;
}

const hostPort = (address = '', port = 0): string => `${address.includes(':') ? `[${address}]` : address}:${port}`;
