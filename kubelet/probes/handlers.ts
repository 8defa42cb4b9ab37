/** Ways to ask a container something, for probes and lifecycle hooks: exec, HTTP, TCP, gRPC health. */

import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import net from 'node:net';
import type { HTTPGetAction } from 'kubernetes-types/core/v1';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { ContainerSpec } from '../pod.ts';
import type { StreamRuntime } from '../runtime/runtime.ts';

/** `unknown`: the question itself went wrong; `warning`: passed, but somebody should look. */
export interface Answer {
  readonly result: 'success' | 'failure' | 'warning' | 'unknown';
  readonly output: string;
}

const outputLimit = 10 * 1024;
const maxRedirects = 10;

const words = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export async function askExec(
  runtime: Pick<StreamRuntime, 'exec'>,
  id: string,
  { command, timeoutMs }: { readonly command: readonly string[]; readonly timeoutMs: number },
): Promise<Answer> {
  const session = await runtime.exec(id, command, { stdin: false, stdout: true, stderr: true, tty: false });
  const chunks: Buffer[] = [];
  let size = 0;
  const take = (chunk: Buffer) => {
    if (size < outputLimit) chunks.push(chunk);
    size += chunk.length;
  };
  session.stdout.on('data', take);
  session.stderr.on('data', take);
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<'timeout'>((resolve) => {
    timer = setTimeout(() => resolve('timeout'), timeoutMs);
  });
  const outcome = await Promise.race([session.done, timeout]);
  clearTimeout(timer);
  const output = Buffer.concat(chunks).subarray(0, outputLimit).toString();
  if (outcome === 'timeout') {
    session.close();
    return { result: 'failure', output: `command "${command.join(' ')}" timed out` };
  }
  return { result: outcome === 0 ? 'success' : 'failure', output };
}

/** A number, or the name of one of the container's ports. Throws an Error in upstream's words. */
export function resolvePort(port: string | number | undefined, container: ContainerSpec): number {
  const number = Number(port);
  if (Number.isInteger(number)) return number;
  const found = container.ports?.find(({ name }) => name === port);
  if (found === undefined) throw new Error(`strconv.Atoi: parsing "${port}": invalid syntax`);
  return found.containerPort;
}

export interface HttpQuestion {
  readonly action: DeepReadonly<HTTPGetAction>;
  readonly podIp: string;
  readonly port: number;
  readonly timeoutMs: number;
  readonly userAgent: string;
}

export async function askHttp({ action, podIp, port, timeoutMs, userAgent }: HttpQuestion): Promise<Answer> {
  const scheme = (action.scheme ?? 'HTTP').toLowerCase();
  const path = action.path?.startsWith('/') ? action.path : `/${action.path ?? ''}`;
  let url = new URL(path, `${scheme}://${action.host || podIp}:${port}`);
  const headers: Record<string, string> = { accept: '*/*', 'user-agent': userAgent, connection: 'close' };
  for (const { name, value } of action.httpHeaders ?? []) {
    if (value === '') delete headers[name.toLowerCase()];
    else headers[name.toLowerCase()] = value;
  }
  const deadline = performance.now() + timeoutMs;
  for (let redirects = 0; ; redirects += 1) {
    let status: number;
    let location: string | undefined;
    try {
      ({ status, location } = await get(url, headers, Math.max(1, deadline - performance.now())));
    } catch (error) {
      return { result: 'failure', output: `Get "${url.href}": ${words(error)}` };
    }
    if (status < 200 || status >= 400)
      return { result: 'failure', output: `HTTP probe failed with statuscode: ${status}` };
    if (status < 300 || location === undefined) return { result: 'success', output: '' };
    const next = new URL(location, url);
    if (next.hostname !== url.hostname)
      return { result: 'warning', output: `Probe terminated redirects, Response body: ` };
    if (redirects >= maxRedirects)
      return { result: 'failure', output: `Get "${url.href}": stopped after 10 redirects` };
    url = next;
  }
}

function get(
  url: URL,
  headers: Record<string, string>,
  timeoutMs: number,
): Promise<{ readonly status: number; readonly location: string | undefined }> {
  return new Promise((resolve, reject) => {
    // A container's certificate is its own affair: the probe asks whether it answers.
    // So is how strictly it ends its lines.
    const options = { headers, agent: false as const, rejectUnauthorized: false, insecureHTTPParser: true };
    const request = (url.protocol === 'https:' ? https : http).get(url, options, (response) => {
      clearTimeout(timer);
      resolve({ status: response.statusCode ?? 0, location: response.headers.location });
      response.destroy();
    });
    const timer = setTimeout(
      () => request.destroy(new Error('context deadline exceeded (Client.Timeout exceeded while awaiting headers)')),
      timeoutMs,
    );
    request.on('error', (error) => {
      clearTimeout(timer);
      reject(new Error(explainDial(error, url.hostname, Number(url.port))));
    });
  });
}

export function askTcp(host: string, port: number, timeoutMs: number): Promise<Answer> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port });
    const end = (answer: Answer) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(
      () => end({ result: 'failure', output: `dial tcp ${host}:${port}: i/o timeout` }),
      timeoutMs,
    );
    socket.on('connect', () => end({ result: 'success', output: '' }));
    socket.on('error', (error) => end({ result: 'failure', output: explainDial(error, host, port) }));
  });
}

function explainDial(error: Error, host: string, port: number): string {
  const { code } = error as NodeJS.ErrnoException;
  const reasons: Readonly<Record<string, string>> = {
    ECONNREFUSED: 'connect: connection refused',
    EHOSTUNREACH: 'connect: no route to host',
    ENETUNREACH: 'connect: network is unreachable',
    ETIMEDOUT: 'connect: connection timed out',
  };
  return code !== undefined && Object.hasOwn(reasons, code)
    ? `dial tcp ${host}:${port}: ${reasons[code]}`
    : error.message;
}

/** `grpc.health.v1.Health/Check`, whose two small messages are written and read by hand. */
export function askGrpc(
  host: string,
  { port, service, timeoutMs }: { readonly port: number; readonly service: string; readonly timeoutMs: number },
): Promise<Answer> {
  const name = Buffer.from(service);
  const message = name.length === 0 ? Buffer.alloc(0) : Buffer.concat([Buffer.from([0x0a, name.length]), name]);
  const frame = Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message]);
  return new Promise((resolve) => {
    const session = http2.connect(`http://${host}:${port}`);
    const end = (answer: Answer) => {
      clearTimeout(timer);
      session.destroy();
      resolve(answer);
    };
    const fail = (error: Error) => end({ result: 'failure', output: explainDial(error, host, port) });
    const timer = setTimeout(
      () =>
        end({
          result: 'failure',
          output: `timeout: failed to connect service "${host}:${port}" within ${timeoutMs / 1000}s: context deadline exceeded`,
        }),
      timeoutMs,
    );
    session.on('error', fail);
    const stream = session.request({
      ':method': 'POST',
      ':path': '/grpc.health.v1.Health/Check',
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    const chunks: Buffer[] = [];
    stream.on('error', fail);
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
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
