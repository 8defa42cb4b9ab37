/**
 * WebSockets, by http-proxy. The endpoint is connected to before, as http-proxy ends the client's connection with the
 * first that refuses. An answer that is no upgrade is handed on by ourselves: http-proxy would write its headers over a
 * body that has another framing than they say.
 */

import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import httpProxy from 'http-proxy';
import { endpointKey } from '../../api/endpoint-choice.ts';
import { errorText } from '../../base/error-text.ts';
import type { Logger } from '../../base/logger.ts';
import { writeAnswer } from '../messages/answers.ts';
import { dropHopByHopOfAnswer } from '../messages/forwarded-headers.ts';
import { connectInTurn } from './connect-in-turn.ts';
import type { EndpointTurns } from './endpoint-turns.ts';
import { ConnectTimeoutError, type Destination } from './forwarding.ts';

/** For one request: the connection is there already. */
class ConnectedAgent extends http.Agent {
  readonly #socket: Socket;
  constructor(socket: Socket) {
    super();
    this.#socket = socket;
  }
  override createConnection(): Socket {
    return this.#socket;
  }
}

export interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Socket;
  readonly head: Buffer;
  readonly destination: Destination;
  /** Called once, with the status that the client was answered. */
  onAnswered(code: number, upstream: string): void;
}

export class WebSocketForwarder {
  readonly #turns: EndpointTurns;
  readonly #logger: Logger;
  readonly #proxy = httpProxy.createProxyServer({ ignorePath: true, toProxy: true });
  readonly #underWay = new WeakMap<IncomingMessage, Upgrade & { readonly upstream: string }>();

  constructor({ turns, logger }: { readonly turns: EndpointTurns; readonly logger: Logger }) {
    this.#turns = turns;
    this.#logger = logger;
    this.#proxy.on('proxyReqWs', (request, incoming) => this.#onRequest(request, incoming));
  }

  /** Never rejects. The request's headers are those that the backend gets. */
  async forward(one: Upgrade): Promise<void> {
    const { request, socket, head, destination } = one;
    const isTls = destination.route.settings.backendProtocol === 'HTTPS';
    try {
      const { socket: backend, endpoint } = await connectInTurn(destination, {
        turns: this.#turns,
        tls: isTls ? { alpn: ['http/1.1'] } : undefined,
      });
      if (socket.destroyed) {
        backend.destroy();
        return;
      }
      socket.once('close', () => backend.destroy());
      backend.once('close', () => setImmediate(() => socket.destroySoon()));
      this.#underWay.set(request, { ...one, upstream: endpointKey(endpoint) });
      const target = { protocol: 'http:', host: endpoint.address, port: endpoint.port };
      this.#proxy.ws(request, socket, head, { target, agent: new ConnectedAgent(backend) }, (error) => {
        this.#logger.debug('A WebSocket broke', { upstream: endpointKey(endpoint), error });
        if (socket.bytesWritten === 0) writeAnswer(socket, { code: 502 });
      });
    } catch (error) {
      this.#logger.debug('No backend takes a WebSocket', { service: destination.backend.key, why: errorText(error) });
      const code = error instanceof ConnectTimeoutError ? 504 : 502;
      writeAnswer(socket, { code });
      one.onAnswered(code, '');
    }
  }

  #onRequest(request: ClientRequest, incoming: IncomingMessage): void {
    const one = this.#underWay.get(incoming);
    if (one === undefined) {
      request.destroy();
      return;
    }
    const { readTimeoutMs } = one.destination.route.settings;
    request.path = one.destination.path;
    request.setTimeout(readTimeoutMs, () => request.destroy(new ConnectTimeoutError()));
    request.once('response', (answer) => {
      one.onAnswered(answer.statusCode ?? 502, one.upstream);
      // For http-proxy: nothing is left to do.
      Object.assign(answer, { upgrade: true });
      handOn(answer, one.socket);
    });
    request.once('upgrade', (_, backend) => {
      one.onAnswered(101, one.upstream);
      // http-proxy takes the time-outs away first.
      setImmediate(() => {
        for (const side of [backend, one.socket]) side.setTimeout(readTimeoutMs, () => side.destroy());
      });
    });
  }
}

/** An answer that is no upgrade, until its end. */
function handOn(answer: IncomingMessage, socket: Duplex): void {
  dropHopByHopOfAnswer(answer.headers);
  const lines = Object.entries(answer.headers).flatMap(([name, value]) =>
    [value ?? []].flat().map((one) => `${name}: ${one}`),
  );
  const head = [`HTTP/1.1 ${answer.statusCode ?? 502} ${answer.statusMessage ?? ''}`, ...lines, 'connection: close'];
  socket.write(`${head.join('\r\n')}\r\n\r\n`);
  answer.on('error', () => socket.destroy());
  answer.pipe(socket);
}
