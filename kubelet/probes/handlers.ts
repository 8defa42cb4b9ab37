/** Ways to ask a container something, for probes and lifecycle hooks: exec, HTTP, TCP, gRPC health. */

import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import net from 'node:net';
import type { HTTPGetAction } from '../../api/types/core/v1.ts';
import type { Clock } from '../../base/clock.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import { errorCode, errorText } from '../../base/error-text.ts';
import { untilAborted } from '../../base/until-aborted.ts';
import type { ContainerSpec } from '../model/pod.ts';
import type { Session, StreamRuntime } from '../runtime/runtime.ts';

/** `unknown`: the question itself went wrong; `warning`: passed, but somebody should look. */
export interface Answer {
  readonly result: 'success' | 'failure' | 'warning' | 'unknown';
  readonly output: string;
}

const outputLimit = 10 * 1024;
const maxRedirects = 10;

/** How long an answer may take. `signal`: nobody wants it any more. */
export interface AnswerLimit {
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}

export async function askExec(
  runtime: Pick<StreamRuntime, 'exec'>,
  id: string,
  { command, ...patience }: { readonly command: readonly string[] } & AnswerLimit,
): Promise<Answer> {
  const over = giveUpAfter(patience);
  const opening = runtime.exec(id, command, { stdin: false, stdout: true, stderr: true, tty: false });
  try {
    const session = await untilAborted(opening, over.signal);
    const output = collect(session);
    const code = await untilAborted(session.done, over.signal);
    return { result: code === 0 ? 'success' : 'failure', output: output() };
  } catch (error) {
    if (!over.signal.aborted) throw error;
    void opening.then((session) => session.close()).catch(() => undefined);
    return { result: 'failure', output: `command "${command.join(' ')}" timed out` };
  } finally {
    over.clear();
  }
}

/** What a session has written so far, up to the limit. */
function collect({ stdout, stderr }: Session): () => string {
  const chunks: Buffer[] = [];
  let size = 0;
  const take = (chunk: Buffer) => {
    if (size < outputLimit) chunks.push(chunk);
    size += chunk.length;
  };
  stdout.on('data', take);
  stderr.on('data', take);
  return () => Buffer.concat(chunks).subarray(0, outputLimit).toString();
}

/** `clear` when it is over, so that no timer stays. */
function giveUpAfter({ timeoutMs, clock, signal }: AnswerLimit): {
  readonly signal: AbortSignal;
  readonly clear: () => void;
} {
  const late = new AbortController();
  const answered = new AbortController();
  const stop = () => late.abort();
  void clock.sleep(timeoutMs, answered.signal).then(() => !answered.signal.aborted && stop());
  signal?.addEventListener('abort', stop, { once: true });
  if (signal?.aborted) stop();
  return {
    signal: late.signal,
    clear: () => {
      answered.abort();
      signal?.removeEventListener('abort', stop);
    },
  };
}

/** A number, or the name of one of the container's ports. Throws an Error in upstream's words. */
export function resolvePort(port: string | number | undefined, container: ContainerSpec): number {
  const number = Number(port);
  if (Number.isInteger(number)) return number;
  const found = container.ports?.find(({ name }) => name === port);
  if (found === undefined) throw new Error(`strconv.Atoi: parsing "${port}": invalid syntax`);
  return found.containerPort;
}

export interface HttpQuestion extends AnswerLimit {
  readonly action: DeepReadonly<HTTPGetAction>;
  readonly podIp: string;
  readonly port: number;
  readonly userAgent: string;
}

/** The time-out is for all of it: connecting, redirects, head and body. */
export async function askHttp({ action, podIp, port, userAgent, ...patience }: HttpQuestion): Promise<Answer> {
  const scheme = (action.scheme ?? 'HTTP').toLowerCase();
  const path = action.path?.startsWith('/') ? action.path : `/${action.path ?? ''}`;
  const base = new URL(`${scheme}://${action.host || podIp}:${port}`);
  const url = new URL(path, base);
  // A path that begins with two slashes would name another host.
  Object.assign(url, { hostname: base.hostname, port: base.port });
  const headers: Record<string, string> = { accept: '*/*', 'user-agent': userAgent, connection: 'close' };
  for (const { name, value } of action.httpHeaders ?? []) {
    if (value === '') delete headers[name.toLowerCase()];
    else headers[name.toLowerCase()] = value;
  }
  const over = giveUpAfter(patience);
  try {
    return await follow(url, headers, over.signal);
  } finally {
    over.clear();
  }
}

async function follow(start: URL, headers: Record<string, string>, signal: AbortSignal): Promise<Answer> {
  let url = start;
  for (let redirects = 0; ; redirects += 1) {
    let page: Page;
    try {
      page = await get(url, headers, signal);
    } catch (error) {
      return { result: 'failure', output: `Get "${url.href}": ${errorText(error)}` };
    }
    const { status, location, body } = page;
    if (status < 200 || status >= 400)
      return { result: 'failure', output: `HTTP probe failed with statuscode: ${status}` };
    if (status < 300 || location === undefined) return { result: 'success', output: body };
    const next = new URL(location, url);
    if (next.hostname !== url.hostname)
      return { result: 'warning', output: `Probe terminated redirects, Response body: ${body}` };
    if (redirects >= maxRedirects)
      return { result: 'failure', output: `Get "${url.href}": stopped after 10 redirects` };
    url = next;
  }
}

interface Page {
  readonly status: number;
  readonly location: string | undefined;
  /** Its beginning, up to the limit. */
  readonly body: string;
}

function get(url: URL, headers: Record<string, string>, signal: AbortSignal): Promise<Page> {
  return new Promise((resolve, reject) => {
    let awaited = 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)';
    const settle = (end: () => void) => {
      signal.removeEventListener('abort', giveUp);
      request.destroy();
      end();
    };
    const fail = (error: Error) =>
      settle(() => reject(new Error(explainNetworkError(error, url.hostname, Number(url.port)), { cause: error })));
    const giveUp = () => fail(new Error(awaited));
    // A container's certificate is its own affair: the probe asks whether it answers.
    // So is how strictly it ends its lines.
    const options = { headers, agent: false as const, rejectUnauthorized: false, insecureHTTPParser: true };
    const request = (url.protocol === 'https:' ? https : http).get(url, options, (response) => {
      awaited = 'context deadline exceeded (Client.Timeout or context cancellation while reading body)';
      const { statusCode: status = 0, headers: answered } = response;
      const arrived = (body: string) => settle(() => resolve({ status, location: answered.location, body }));
      readBeginning(response).then(arrived, fail);
    });
    request.on('error', fail);
    if (signal.aborted) giveUp();
    else signal.addEventListener('abort', giveUp, { once: true });
  });
}

/** The whole body, or as much of a long one as anybody will look at. */
async function readBeginning(response: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= outputLimit) break;
  }
  return Buffer.concat(chunks).subarray(0, outputLimit).toString();
}

export function askTcp(host: string, port: number, patience: AnswerLimit): Promise<Answer> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port });
    const over = giveUpAfter(patience);
    const end = (answer: Answer) => {
      over.clear();
      socket.destroy();
      resolve(answer);
    };
    const late = () => end({ result: 'failure', output: `dial tcp ${host}:${port}: i/o timeout` });
    over.signal.addEventListener('abort', late, { once: true });
    socket.on('connect', () => end({ result: 'success', output: '' }));
    socket.on('error', (error) => end({ result: 'failure', output: explainNetworkError(error, host, port) }));
  });
}

function explainNetworkError(error: Error, host: string, port: number): string {
  const code = errorCode(error);
  const reasons: Readonly<Record<string, string>> = {
    ECONNREFUSED: 'connect: connection refused',
    EHOSTUNREACH: 'connect: no route to host',
    ENETUNREACH: 'connect: network is unreachable',
    ETIMEDOUT: 'connect: connection timed out',
  };
  if (code !== undefined && Object.hasOwn(reasons, code)) return `dial tcp ${host}:${port}: ${reasons[code]}`;
  if (code !== 'ECONNRESET') return error.message;
  // Node has one code for a connection that was reset, and for one that ended before the answer, or within it.
  if (error.message === 'socket hang up') return 'EOF';
  if (error.message === 'aborted') return 'unexpected EOF';
  return `read tcp ${host}:${port}: read: connection reset by peer`;
}

/** `grpc.health.v1.Health/Check`, whose two small messages are written and read by hand. */
export function askGrpc(
  host: string,
  { port, service, ...patience }: { readonly port: number; readonly service: string } & AnswerLimit,
): Promise<Answer> {
  const name = Buffer.from(service);
  const message = name.length === 0 ? Buffer.alloc(0) : Buffer.concat([Buffer.from([0x0a]), varint(name.length), name]);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  const frame = Buffer.concat([head, message]);
  return new Promise((resolve) => {
    const session = http2.connect(`http://${host}:${port}`);
    const over = giveUpAfter(patience);
    const end = (answer: Answer) => {
      over.clear();
      session.destroy();
      resolve(answer);
    };
    const fail = (error: Error) => end({ result: 'failure', output: explainNetworkError(error, host, port) });
    const late = () =>
      end({
        result: 'failure',
        output: `timeout: failed to connect service "${host}:${port}" within ${patience.timeoutMs / 1000}s: context deadline exceeded`,
      });
    over.signal.addEventListener('abort', late, { once: true });
    session.on('error', fail);
    const stream = session.request({
      ':method': 'POST',
      ':path': '/grpc.health.v1.Health/Check',
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    const chunks: Buffer[] = [];
    stream.on('error', fail);
    let size = 0;
    stream.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size > outputLimit)
        end({
          result: 'failure',
          output: `the answer of service "${host}:${port}" is larger than ${outputLimit} bytes`,
        });
    });
    stream.on('end', () => {
      const answer = Buffer.concat(chunks);
      // Field 1 of the answer is the status; 1 is SERVING.
      const serving = answer.length >= 7 && answer[5] === 0x08 && answer[6] === 1;
      end(
        serving
          ? { result: 'success', output: '' }
          : { result: 'failure', output: 'service unhealthy (responded with "NOT_SERVING")' },
      );
    });
    stream.end(frame);
  });
}

/** A number as protocol buffers write it: seven bits a byte, the lowest first. */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
}
