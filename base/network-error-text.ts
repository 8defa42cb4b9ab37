/**
 * Node's errors of sockets and TLS in words for people: `connect ECONNREFUSED 10.0.0.1:80` is "connection refused". What
 * OpenSSL says (threads, source files) is for a log, where the error itself goes as the cause.
 */

import { errorText } from './error-text.ts';

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EADDRNOTAVAIL: 'no address or port is left to connect from',
  EAI_AGAIN: 'the name cannot be looked up now',
  ECONNABORTED: 'the connection was cut',
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the other side closed the connection',
  EHOSTDOWN: 'the host is down',
  EHOSTUNREACH: 'no route to the host',
  ENETDOWN: 'the network is down',
  ENETUNREACH: 'the network is unreachable',
  ENOTFOUND: 'there is no such host',
  EPIPE: 'the other side closed the connection',
  ETIMEDOUT: 'the connection timed out',
};

/** OpenSSL's names for what looks like anything but TLS. */
const notTls = /wrong version number|packet length too long|http request|unknown protocol/i;

/** What a broken connection means; the error's own message when it is about something else. Pure. */
export function networkErrorText(error: unknown): string {
  return networkReasonOf(error) ?? errorText(error);
}

interface ConnectionError extends NodeJS.ErrnoException {
  readonly address?: string;
  readonly port?: number;
}

/** As `networkErrorText`; undefined: this is no error of a connection. */
export function networkReasonOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  // One for each address of a name; none is worth more than another.
  if (error instanceof AggregateError && error.errors.length > 0) return networkReasonOf(error.errors[0]);
  // Of the errors of connections; others have none of these.
  const { code = '', syscall, address, port, path }: ConnectionError = error;
  // Others number theirs.
  if (typeof code !== 'string') return undefined;
  if (code === 'EPROTO' || code.startsWith('ERR_SSL_'))
    return tlsReasonOf(`${error.message} ${code.replace(/_/g, ' ')}`);
  if (syscall === 'connect' && address !== undefined && port === undefined) {
    return code === 'EACCES' ? `permission denied for ${address}` : `nothing listens on ${address}`;
  }
  const isOfFile = syscall === 'open' || path !== undefined;
  return isOfFile || !Object.hasOwn(reasons, code) ? undefined : reasons[code];
}

function tlsReasonOf(text: string): string {
  if (notTls.test(text)) return 'the other side does not speak TLS';
  const [, reason] = /SSL routines:[^:]*:([^:]+):/.exec(text) ?? [];
  return reason === undefined ? 'the TLS handshake failed' : `the TLS handshake failed: ${reason}`;
}
