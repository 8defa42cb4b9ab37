/** Asks a TLS server twice, the second time with the session of the first: whoever it takes us for then is in its answer. */

import tls from 'node:tls';

export interface Asker {
  /** PEM; without, there is no certificate. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

export interface SessionAttempt {
  readonly host: string;
  readonly port: number;
  /** Of HTTP. */
  readonly path: string;
  readonly version: 'TLSv1.2' | 'TLSv1.3';
  readonly first?: Asker;
  readonly second?: Asker;
}

export interface SessionOutcome {
  /** Codes of HTTP; NaN: no answer. */
  readonly first: number;
  readonly second: number;
  /** A server that gives none has nothing to resume. */
  readonly hadSession: boolean;
  readonly wasResumed: boolean;
}

export async function attemptSession(attempt: SessionAttempt): Promise<SessionOutcome> {
  const before = await ask(attempt, attempt.first, undefined);
  const after = await ask(attempt, attempt.second, before.session);
  return {
    first: before.code,
    second: after.code,
    hadSession: before.session !== undefined,
    wasResumed: after.wasResumed,
  };
}

interface Answer {
  readonly code: number;
  readonly session: Buffer | undefined;
  readonly wasResumed: boolean;
}

function ask(
  { host, port, path, version }: SessionAttempt,
  { cert, key }: Asker = {},
  offered: Buffer | undefined,
): Promise<Answer> {
  return new Promise((resolve) => {
    const socket = tls.connect({
      ...{ host, port, cert, key, minVersion: version, maxVersion: version },
      rejectUnauthorized: false,
      ...(offered !== undefined && { session: offered }),
    });
    let answer = '';
    let session: Buffer | undefined;
    let wasResumed = false;
    socket.on('session', (given: Buffer) => {
      session = given;
    });
    socket.on('secureConnect', () => {
      wasResumed = socket.isSessionReused();
      socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    });
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString();
    });
    socket.on('error', () => {}); // it is closed next
    socket.on('close', () => resolve({ code: Number(answer.slice(9, 12) || Number.NaN), session, wasResumed }));
  });
}
