/** The connection to a Docker Engine, and the border where its errors become ours. */

import http from 'node:http';
import net from 'node:net';
import { inspect } from 'node:util';
import Dockerode from 'dockerode';
import { errorText } from '../../../base/error-text.ts';
import { networkReasonOf } from '../../../base/network-error-text.ts';
import { isRuntimeNotFound, RuntimeError, type RuntimeErrorReason } from '../runtime.ts';

export interface EngineOptions {
  /** Default /var/run/docker.sock. */
  readonly socketPath?: string;
  /** How long the engine may be silent in one call; absent: for ever, as it is in a stream of events. */
  readonly silenceMs?: number;
}

export const defaultSocketPath = '/var/run/docker.sock';

export function connectEngine({ socketPath = defaultSocketPath, silenceMs }: EngineOptions): Dockerode {
  // Connections are kept: opening one costs the engine as much as a small request.
  const agent = new ShortAgent({ keepAlive: true, maxFreeSockets: 16 });
  const options: Dockerode.DockerOptions & { readonly agent: http.Agent } = {
    ...{ socketPath, agent },
    ...(silenceMs !== undefined && { timeout: silenceMs }),
  };
  return new Dockerode(options);
}

/**
 * docker-modem writes the options of every request out in full, whether anybody reads them or not. An agent refers to
 * all its sockets: it cost 50 ms of CPU for each request. This one is a word.
 */
class ShortAgent extends http.Agent {
  override createConnection({ socketPath }: http.ClientRequestArgs): net.Socket {
    return new EngineSocket().connect({ path: socketPath ?? '' });
  }

  [inspect.custom](): string {
    return 'ShortAgent';
  }
}

type Written = (error?: Error | null) => void;

/**
 * Can still be read when it can no longer be written: a process that ends without reading its input has said something
 * before, and Node would throw that away with the connection. Its end is heard by reading.
 */
class EngineSocket extends net.Socket {
  override _write(chunk: unknown, encoding: BufferEncoding, done: Written): void {
    super._write(chunk, encoding, forgiving(done));
  }

  override _writev(chunks: { chunk: unknown; encoding: BufferEncoding }[], done: Written): void {
    super._writev?.(chunks, forgiving(done));
  }

  override _final(done: Written): void {
    super._final(forgiving(done));
  }
}

const forgiving =
  (done: Written): Written =>
  (error) =>
    done(isBrokenPipe(error) ? null : error);

const isBrokenPipe = (error: NodeJS.ErrnoException | null | undefined): boolean =>
  error?.code === 'EPIPE' || error?.code === 'ECONNRESET' || error?.code === 'ENOTCONN';

interface EngineError {
  readonly statusCode?: number;
  readonly json?: { readonly message?: string };
  readonly message: string;
  readonly code?: string;
}

/** dockerode throws errors with these members; what else is thrown has a message at most. */
const engineErrorOf = (error: unknown): EngineError => (error instanceof Error ? error : { message: errorText(error) });

/** Awaits `call`; what it throws is translated. */
export async function ask<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw translateError(error);
  }
}

/** As `ask`, but "there is no such thing" is the answer undefined. */
export async function askMaybe<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await ask(call);
  } catch (error) {
    if (isRuntimeNotFound(error)) return undefined;
    throw error;
  }
}

/** For what may be so already (stopped, started, removed): the engine's 304 and 404 are success. */
export async function askUnlessSo(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    const { statusCode } = engineErrorOf(error);
    if (statusCode !== 304 && statusCode !== 404) throw translateError(error);
  }
}

export function translateError(error: unknown): RuntimeError {
  if (error instanceof RuntimeError) return error;
  const { statusCode, json, message } = engineErrorOf(error);
  // Without a body to read, dockerode puts its own words before the engine's.
  const engineWords = json?.message ?? message.replace(/^\(HTTP code \d+\) .*? - /, '').trim();
  const broken = statusCode === undefined ? networkReasonOf(error) : undefined;
  const words = broken === undefined ? engineWords : `the container engine does not answer: ${broken}`;
  return new RuntimeError(reasonOf(statusCode), words, { cause: error });
}

function reasonOf(statusCode: number | undefined): RuntimeErrorReason {
  switch (statusCode) {
    case undefined:
    case 503:
      return 'Unavailable';
    case 404:
      return 'NotFound';
    case 409:
      return 'Conflict';
    default:
      return 'Refused';
  }
}

/** The engine's zero time is year 1. Wall time in milliseconds; 0: never. */
export function readTime(text: string | undefined): number {
  const time = Date.parse(text ?? '');
  return Number.isNaN(time) || time < 0 ? 0 : time;
}
