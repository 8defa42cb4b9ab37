/** Exec, attach and port-forward: which protocol the caller speaks, and what is at the other end. */

import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { createWebSocketStream, type WebSocket, WebSocketServer } from 'ws';
import { badRequest } from '../../api/status-error.ts';
import { attemptsOf, type PodObject, sandboxOf } from '../model/pod.ts';
import type { ObservedPods } from '../pods/observed-pods.ts';
import type { Runtime, Session, StreamOptions } from '../runtime/runtime.ts';
import { type Dial, forwardOverSpdy, forwardOverWebSocket } from './streaming/port-forward.ts';
import { joinSession, type RemoteChannels } from './streaming/remote-command.ts';
import { openSpdyChannels } from './streaming/spdy-channels.ts';
import { commandProtocols, openWebSocketChannels } from './streaming/websocket-channels.ts';
import { TextError } from './text-error.ts';

export interface StreamRequest {
  readonly verb: 'exec' | 'attach' | 'portForward';
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

/** The connection is the caller's from then on: no answer of HTTP follows. */
type Take = () => Raw;

/** In the order in which we like them. Who names none means the first that there ever was. */
const spdyCommandProtocols = [
  'v5.channel.k8s.io',
  'v4.channel.k8s.io',
  'v3.channel.k8s.io',
  'v2.channel.k8s.io',
  'channel.k8s.io',
];
const spdyForwardProtocol = 'portforward.k8s.io';
const tunnelProtocol = 'SPDY/3.1+portforward.k8s.io';
const pingMs = 30_000;

/** Throws before it takes the connection when there can be no stream; afterwards the stream says so. */
export async function serveStream(request: IncomingMessage, take: Take, stream: StreamRequest): Promise<void> {
  const spdy = request.headers.upgrade?.toLowerCase().startsWith('spdy/') ?? false;
  if (stream.verb === 'portForward') {
    const serve = spdy ? forwardSpdy : forwardWebSocket;
    return await serve(request, take, stream);
  }
  const serve = spdy ? commandOverSpdy : commandOverWebSocket;
  return await serve(request, take, stream);
}

async function commandOverWebSocket(request: IncomingMessage, take: Take, stream: StreamRequest): Promise<void> {
  const options = readOptions(stream.query);
  const protocol = chooseWebSocketProtocol(request, commandProtocols);
  const session = await openSession(stream, options);
  await joinOrClose(session, async () => {
    const socket = await upgradeWebSocket(request, take(), protocol);
    return openWebSocketChannels(socket, options.stdin);
  });
}

async function commandOverSpdy(request: IncomingMessage, take: Take, stream: StreamRequest): Promise<void> {
  const options = readOptions(stream.query);
  const protocol = chooseSpdyProtocol(request, spdyCommandProtocols);
  const session = await openSession(stream, options);
  const expected = new Set(['error']);
  for (const name of ['stdin', 'stdout', 'stderr'] as const) if (options[name]) expected.add(name);
  if (options.tty && /^v[345]\./.test(protocol)) expected.add('resize');
  await joinOrClose(session, () => openSpdyChannels(upgradeSpdy(take(), protocol), { expected, protocol }));
}

/** A session whose caller never comes is closed again. */
async function joinOrClose(session: Session, open: () => Promise<RemoteChannels>): Promise<void> {
  let channels: RemoteChannels;
  try {
    channels = await open();
  } catch (error) {
    session.close();
    throw error;
  }
  await joinSession(session, channels);
}

async function forwardSpdy(request: IncomingMessage, take: Take, stream: StreamRequest): Promise<void> {
  const dial = dialOf(stream);
  const protocol = chooseSpdyProtocol(request, [spdyForwardProtocol]);
  await forwardOverSpdy(upgradeSpdy(take(), protocol), dial);
}

async function forwardWebSocket(request: IncomingMessage, take: Take, stream: StreamRequest): Promise<void> {
  const dial = dialOf(stream);
  const protocol = chooseWebSocketProtocol(request, [tunnelProtocol, ...commandProtocols]);
  const socket = await upgradeWebSocket(request, take(), protocol);
  if (protocol === tunnelProtocol) {
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
  const [stdin, stdout, stderr] = [is('input', 'stdin'), is('output', 'stdout'), is('error', 'stderr') && !tty];
  if (!stdin && !stdout && !stderr) throw badRequest('you must specify at least 1 of stdin, stdout, stderr');
  return { stdin, stdout, stderr, tty };
}

async function openSession(stream: StreamRequest, options: StreamOptions): Promise<Session> {
  const { verb, pod, container, query, runtime, observed } = stream;
  const state = attemptsOf(observed.get(pod.metadata.uid), container).find(({ status }) => status.type === 'running');
  if (state === undefined) throw notRunning(container);
  if (verb === 'attach') return await runtime.attach(state.id, options);
  const command = query.getAll('command');
  if (command.length === 0) throw badRequest('you must specify at least 1 command');
  return await runtime.exec(state.id, command, options);
}

/** Upstream's kubelet takes it for a failure of its own, in plain text, and clients know it by that. */
const notRunning = (container: string): TextError => new TextError(500, `container not found ("${container}")`);

function dialOf({ pod, runtime, observed }: StreamRequest): Dial {
  const sandbox = sandboxOf(observed.get(pod.metadata.uid));
  if (!sandbox?.running) throw badRequest(`pod ${pod.metadata.name} is not running`);
  return (port) => runtime.openPort(sandbox.id, port);
}

const offeredIn = (header: string | string[] | undefined): string[] =>
  String(header ?? '')
    .split(',')
    .map((text) => text.trim())
    .filter((text) => text !== '');

/** Empty: the caller names none. */
function chooseWebSocketProtocol({ headers }: IncomingMessage, known: readonly string[]): string {
  const offered = offeredIn(headers['sec-websocket-protocol']);
  const chosen = known.find((protocol) => offered.includes(protocol));
  if (chosen !== undefined || offered.length === 0) return chosen ?? '';
  throw badRequest(`none of the protocols ${offered.join(', ')} is spoken here`);
}

/** Rejects when it is no handshake; the caller was told so then. */
function upgradeWebSocket(request: IncomingMessage, { socket, head }: Raw, protocol: string): Promise<WebSocket> {
  const server = new WebSocketServer({ noServer: true, handleProtocols: () => (protocol === '' ? false : protocol) });
  return new Promise((resolve, reject) => {
    socket.on('close', () => reject(new Error('The handshake failed')));
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

/** Empty: the caller names none. */
function chooseSpdyProtocol({ headers }: IncomingMessage, known: readonly string[]): string {
  const offered = offeredIn(headers['x-stream-protocol-version']);
  const chosen = known.find((protocol) => offered.includes(protocol));
  if (chosen !== undefined || offered.length === 0) return chosen ?? '';
  const words = `unable to negotiate protocol: client supports [${offered.join(' ')}], server accepts [${known.join(' ')}]`;
  throw new TextError(403, `unable to upgrade: ${words}`, { 'x-accepted-stream-protocol-versions': known.join(', ') });
}

function upgradeSpdy(raw: Raw, protocol: string): Raw {
  const chosen = protocol === '' ? '' : `x-stream-protocol-version: ${protocol}\r\n`;
  raw.socket.write(`HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: SPDY/3.1\r\n${chosen}\r\n`);
  return raw;
}
