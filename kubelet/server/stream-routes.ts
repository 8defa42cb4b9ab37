/** Exec, attach and port-forward: which protocol the caller speaks, and what is at the other end. */

import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { createWebSocketStream, type WebSocket, WebSocketServer } from 'ws';
import { badRequest, StatusError } from '../../api/status-error.ts';
import type { ObservedPods } from '../observed-pods.ts';
import { attemptsOf, type PodObject, sandboxOf } from '../pod.ts';
import type { Runtime, Session, StreamOptions } from '../runtime/runtime.ts';
import { type Dial, forwardOverSpdy, forwardOverWebSocket } from './streaming/port-forward.ts';
import { joinSession } from './streaming/remote-command.ts';
import { openSpdyChannels } from './streaming/spdy-channels.ts';
import { commandProtocols, openWebSocketChannels } from './streaming/websocket-channels.ts';

export interface StreamRequest {
  readonly verb: string;
  readonly pod: PodObject;
  readonly container: string;
  readonly query: URLSearchParams;
  readonly runtime: Runtime;
  readonly observed: ObservedPods;
}

interface Raw {
  readonly socket: Duplex;
  readonly head: Buffer;
}

const spdyCommandProtocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];
const spdyForwardProtocol = 'portforward.k8s.io';
const tunnelProtocol = 'SPDY/3.1+portforward.k8s.io';
const pingMs = 30_000;

/** Throws before the upgrade when it cannot be; afterwards the stream says so. */
export async function serveStream(request: IncomingMessage, raw: Raw, stream: StreamRequest): Promise<void> {
  const spdy = request.headers.upgrade?.toLowerCase().startsWith('spdy/') ?? false;
  switch (stream.verb) {
    case 'exec':
    case 'attach':
      return spdy ? await commandOverSpdy(request, raw, stream) : await commandOverWebSocket(request, raw, stream);
    case 'portForward':
      return spdy ? await forwardSpdy(request, raw, stream) : await forwardWebSocket(request, raw, stream);
    default:
      throw new StatusError(404, 'NotFound', `the kubelet has no stream ${stream.verb}`);
  }
}

async function commandOverWebSocket(request: IncomingMessage, raw: Raw, stream: StreamRequest): Promise<void> {
  const options = readOptions(stream.query);
  const session = await openSession(stream, options);
  const socket = await upgradeWebSocket(request, raw, commandProtocols);
  await joinSession(session, openWebSocketChannels(socket, options.stdin));
}

async function commandOverSpdy(request: IncomingMessage, raw: Raw, stream: StreamRequest): Promise<void> {
  const options = readOptions(stream.query);
  const session = await openSession(stream, options);
  upgradeSpdy(request, raw, spdyCommandProtocols);
  const expected = new Set(['error']);
  for (const name of ['stdin', 'stdout', 'stderr'] as const) if (options[name]) expected.add(name);
  if (options.tty) expected.add('resize');
  await joinSession(session, await openSpdyChannels(raw, expected));
}

async function forwardSpdy(request: IncomingMessage, raw: Raw, stream: StreamRequest): Promise<void> {
  const dial = dialOf(stream);
  upgradeSpdy(request, raw, [spdyForwardProtocol]);
  await forwardOverSpdy(raw, dial);
}

async function forwardWebSocket(request: IncomingMessage, raw: Raw, stream: StreamRequest): Promise<void> {
  const dial = dialOf(stream);
  const socket = await upgradeWebSocket(request, raw, [tunnelProtocol, ...commandProtocols]);
  if (socket.protocol === tunnelProtocol) {
    await forwardOverSpdy({ socket: createWebSocketStream(socket), head: Buffer.alloc(0) }, dial);
    return;
  }
  const ports = stream.query
    .getAll('port')
    .flatMap((text) => text.split(','))
    .map(Number);
  await forwardOverWebSocket(socket, ports, dial);
}

/** The API server asks in the kubelet's words (`output=1`), others in kubectl's (`stdout=true`). */
function readOptions(query: URLSearchParams): StreamOptions {
  const is = (...names: string[]) => names.some((name) => ['1', 'true'].includes(query.get(name) ?? ''));
  const tty = is('tty');
  return { stdin: is('input', 'stdin'), stdout: is('output', 'stdout'), stderr: is('error', 'stderr') && !tty, tty };
}

async function openSession(stream: StreamRequest, options: StreamOptions): Promise<Session> {
  const { verb, pod, container, query, runtime, observed } = stream;
  const state = attemptsOf(observed.get(pod.metadata.uid), container).find(({ status }) => status.type === 'running');
  if (state === undefined) throw badRequest(`container not found ("${container}")`);
  if (verb === 'attach') return await runtime.attach(state.id, options);
  const command = query.getAll('command');
  if (command.length === 0) throw badRequest('you must specify at least 1 command');
  return await runtime.exec(state.id, command, options);
}

function dialOf({ pod, runtime, observed }: StreamRequest): Dial {
  const sandbox = sandboxOf(observed.get(pod.metadata.uid));
  if (!sandbox?.running) throw badRequest(`pod ${pod.metadata.name} is not running`);
  return (port) => runtime.openPort(sandbox.id, port);
}

function upgradeWebSocket(
  request: IncomingMessage,
  { socket, head }: Raw,
  known: readonly string[],
): Promise<WebSocket> {
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((text) => text.trim());
  const chosen = known.find((protocol) => offered.includes(protocol));
  if (chosen === undefined && offered.some((protocol) => protocol !== ''))
    throw badRequest(`none of the protocols ${offered.join(', ')} is spoken here`);
  const server = new WebSocketServer({ noServer: true, handleProtocols: () => chosen ?? false });
  return new Promise((resolve) => {
    server.handleUpgrade(request, socket, head, (webSocket) => {
      keepAlive(webSocket);
      resolve(webSocket);
    });
  });
}

/** Whatever is in between hangs up on connections that are silent for long. */
function keepAlive(socket: WebSocket): void {
  const ping = () => {
    if (socket.readyState !== socket.OPEN) return;
    socket.ping();
    timer = setTimeout(ping, pingMs);
  };
  let timer = setTimeout(ping, pingMs);
  socket.on('close', () => clearTimeout(timer));
}

function upgradeSpdy(request: IncomingMessage, { socket }: Raw, known: readonly string[]): void {
  const header = request.headers['x-stream-protocol-version'] ?? '';
  const offered = String(header)
    .split(',')
    .map((text) => text.trim());
  const chosen = known.find((protocol) => offered.includes(protocol));
  if (chosen === undefined) throw badRequest(`none of the stream protocols ${offered.join(', ')} is spoken here`);
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: SPDY/3.1\r\nx-stream-protocol-version: ${chosen}\r\n\r\n`,
  );
}
