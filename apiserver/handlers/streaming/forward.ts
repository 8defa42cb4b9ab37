/** Hands a request on to a kubelet and its answer back, upgraded connections included, byte for byte. */

import http from 'node:http';
import https from 'node:https';
import { Socket } from 'node:net';
import { type Duplex, Writable } from 'node:stream';
import { StatusError, serviceUnavailable } from '../../../api/status-error.ts';
import { networkErrorText } from '../../../base/network-error-text.ts';
import type { ApiRequest } from '../../request/api-request.ts';
import { answerHeaders, requestHeaders } from './hop-headers.ts';

export interface ForwardTarget {
  readonly secure: boolean;
  readonly host: string;
  readonly port: number;
  /** With query. */
  readonly path: string;
  readonly agent?: http.Agent | https.Agent | undefined;
  /** Told beside those of the request. */
  readonly headers?: http.OutgoingHttpHeaders | undefined;
  /** Its answers may not send the client elsewhere, who would take his credential along. Default: they may. */
  readonly refusesRedirects?: boolean | undefined;
  /** What arrived of the request already, all of it. Default: it is passed on as it arrives. */
  readonly body?: Buffer | undefined;
}

/**
 * So long may a client be silent that was told of the other side's end, once it has taken all: a connection that is
 * closed at once, or while the client still sends, may lose what was written last on the way.
 */
const silenceMs = 10_000;
/** After this the kernel asks a kubelet that says nothing whether it is there. */
const askAfterMs = 30_000;

/** Does with a good answer what it will, instead of sending it on. Resolves when that is done. */
export type Receiver = (request: ApiRequest, response: http.IncomingMessage) => Promise<void>;

/**
 * Resolves when the answer, or the upgraded connection, is over. Throws ServiceUnavailable when nobody answers. With a
 * receiver, a client's wish for an upgrade is the receiver's matter, and the other side is asked for a plain answer.
 */
export function forward(request: ApiRequest, target: ForwardTarget, receive?: Receiver): Promise<void> {
  return new Promise((resolve, reject) => {
    const upgrade = receive ? undefined : request.upgrade;
    const outgoing = (target.secure ? https : http).request({
      host: target.host,
      port: target.port,
      path: target.path,
      method: request.method,
      headers: headersOf(request, target, upgrade !== undefined),
      agent: upgrade ? false : target.agent,
      ...agentOptions(target),
    });
    outgoing.on('error', (error) =>
      reject(
        serviceUnavailable(`error trying to reach ${target.host}:${target.port}: ${networkErrorText(error)}`, error),
      ),
    );
    outgoing.on('response', (response) => {
      if (target.refusesRedirects && isRedirect(response)) {
        response.destroy();
        reject(new StatusError(502, '', 'the backend attempted to redirect this request, which is not permitted'));
        return;
      }
      const send = receive && response.statusCode === 200 ? receive : sendAnswer;
      send(request, response).then(resolve, reject);
    });
    outgoing.on('upgrade', (response, socket, head) => {
      if (upgrade === undefined) {
        socket.destroy();
        reject(serviceUnavailable(`${target.host}:${target.port} has changed the protocol, and nobody asked it to`));
      } else joinSockets(request, response, socket, head).then(resolve, reject);
    });
    request.signal.addEventListener('abort', () => outgoing.destroy());
    if (request.upgrade || target.body !== undefined) outgoing.end(target.body);
    else request.incoming.pipe(outgoing);
  });
}

function headersOf(
  { incoming }: ApiRequest,
  { headers: further, body }: ForwardTarget,
  asksForUpgrade: boolean,
): http.OutgoingHttpHeaders {
  const { 'transfer-encoding': chunked, ...headers } = { ...requestHeaders(incoming, asksForUpgrade), ...further };
  if (body === undefined) return chunked === undefined ? headers : { ...headers, 'transfer-encoding': chunked };
  return body.length === 0 && !asksForBody(incoming) ? headers : { ...headers, 'content-length': body.length };
}

const asksForBody = ({ method }: http.IncomingMessage): boolean =>
  method === 'POST' || method === 'PUT' || method === 'PATCH';

/** An upgraded connection is its own: the agent's certificates are taken over, its pool is not. */
function agentOptions({ agent }: ForwardTarget): https.RequestOptions {
  // The types know of the options of only one of the two.
  const { lookup, ca, cert, key, servername, rejectUnauthorized } = (agent as https.Agent | undefined)?.options ?? {};
  return {
    ...(servername !== undefined && { servername }),
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(rejectUnauthorized !== undefined && { rejectUnauthorized }),
    ...(lookup !== undefined && { lookup }),
  };
}

const isRedirect = ({ statusCode = 0, headers }: http.IncomingMessage): boolean =>
  statusCode >= 300 && statusCode <= 399 && headers.location !== undefined;

async function sendAnswer(request: ApiRequest, response: http.IncomingMessage): Promise<void> {
  const { outgoing } = request;
  outgoing.writeHead(response.statusCode ?? 502, { ...answerHeaders(response), 'audit-id': request.auditId });
  outgoing.flushHeaders();
  request.observer?.streamBegins(outgoing.statusCode);
  await new Promise<void>((resolve) => {
    outgoing.on('close', () => {
      response.destroy();
      resolve();
    });
    response.on('error', () => outgoing.destroy());
    response.pipe(outgoing);
  });
}

async function joinSockets(
  request: ApiRequest,
  response: http.IncomingMessage,
  remote: Duplex,
  head: Buffer,
): Promise<void> {
  const local = request.takeSocket();
  const lines = ['HTTP/1.1 101 Switching Protocols'];
  for (let at = 0; at + 1 < response.rawHeaders.length; at += 2)
    lines.push(`${response.rawHeaders[at]}: ${response.rawHeaders[at + 1]}`);
  local.write(`${lines.join('\r\n')}\r\n\r\n`);
  if (head.length > 0) local.write(head);
  if (request.upgrade?.head.length) remote.write(request.upgrade.head);
  if (remote instanceof Socket) remote.setKeepAlive(true, askAfterMs);
  // The kubelet closes when it has read all, however slowly a process takes that.
  await Promise.all([passOn(local, remote), passOn(remote, local).then(() => cutWhenSilent(local))]);
}

/** Resolves when `from` is closed and `to` has all of it and was told of the end, or `to` is closed and takes no more. */
function passOn(from: Duplex, to: Duplex): Promise<void> {
  return new Promise((resolve) => {
    const writer = chunkWriter(to);
    const over = () => (to.destroyed ? resolve() : void writer.end(() => resolve()));
    if (from.destroyed) return over(); // before the other side had answered
    from.on('error', () => {}); // it is closed next
    to.on('close', resolve);
    from.on('close', over);
    from.pipe(writer);
  });
}

/**
 * Passes on chunk by chunk, each when the one before is out: writes that wait together become one TLS record, and there
 * are clients (the Python one) that wait for their socket while the next message is in a record they have read already.
 */
function chunkWriter(to: Duplex): Writable {
  return new Writable({
    // What cannot be passed on any more is dropped: the other direction still counts.
    write: (chunk: Buffer, _encoding, done) => void to.write(chunk, () => done()),
    final: (done) => void to.end(() => done()),
  });
}

function cutWhenSilent(socket: Duplex): void {
  if (socket.destroyed) return;
  const timer = setTimeout(() => socket.destroy(), silenceMs);
  socket.on('data', () => timer.refresh());
  socket.on('close', () => clearTimeout(timer));
}
