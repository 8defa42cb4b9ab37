/**
 * From a request that has come to its end: judged, planned, answered or forwarded, counted, written down.
 */

import { IncomingMessage, type ServerResponse } from 'node:http';
import { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { Socket } from 'node:net';
import type { Network } from '../../api/net.ts';
import type { Clock } from '../../base/clock.ts';
import type { AccessLog } from '../figures/access-log.ts';
import type { RuleFigures } from '../figures/rule-figures.ts';
import { type Destination, Forwarding } from '../forwarding/forwarding.ts';
import type { GrpcForwarder } from '../forwarding/grpc-forwarder.ts';
import type { HttpForwarder } from '../forwarding/http-forwarder.ts';
import { RequestBody } from '../forwarding/request-body.ts';
import type { WebSocketForwarder } from '../forwarding/web-socket-forwarder.ts';
import { sendAnswer, writeAnswer } from '../messages/answers.ts';
import type { ClientMessage, ClientResponse } from '../messages/client-message.ts';
import { type Arrival, dropHopByHop, type Headers, realAddress, setForwarded } from '../messages/forwarded-headers.ts';
import type { RouteTable } from '../routing/route.ts';
import { Passage } from './passage.ts';
import { whyRefused } from './refused-requests.ts';
import { planRequest, type RequestPlan } from './request-plan.ts';
import { whyNoWebSocket } from './web-socket-request.ts';

export interface RequestHandlerOptions {
  /** The present one. */
  table(): RouteTable;
  /** Where plain requests are sent to; undefined: nothing listens for TLS. */
  httpsPort(): number | undefined;
  /** Proxies before us that are believed what they say of a client. */
  readonly trustedProxies: readonly Network[];
  readonly http: HttpForwarder;
  readonly webSockets: WebSocketForwarder;
  readonly grpc: GrpcForwarder;
  readonly figures: RuleFigures;
  readonly accessLog: AccessLog | undefined;
  readonly clock: Clock;
}

export class RequestHandler {
  readonly #options: RequestHandlerOptions;
  /** Of connections of HTTP/1.1: what is under way on each. */
  readonly #bySocket = new WeakMap<Socket, ServerResponse>();
  #underWay = 0;
  #onIdle: () => void = () => {};

  constructor(options: RequestHandlerOptions) {
    this.#options = options;
  }

  get underWay(): number {
    return this.#underWay;
  }

  /** Resolves when nothing is being answered. */
  async idle(): Promise<void> {
    while (this.#underWay > 0)
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
  }

  /** Nothing moves on a connection because its backend has not answered yet. */
  isWaiting(socket: Socket): boolean {
    const response = this.#bySocket.get(socket);
    return response !== undefined && !response.writableEnded && response.req.complete && response.writableLength === 0;
  }

  /** The last answer on it was begun: what follows there is not read any more. */
  isEnding(socket: Socket): boolean {
    const response = this.#bySocket.get(socket);
    return response?.headersSent === true && !response.shouldKeepAlive;
  }

  onRequest(request: ClientMessage, response: ClientResponse, arrival: Arrival): void {
    const passage = this.#begin(request, arrival);
    response.once('close', () => this.#end(passage, response.headersSent ? response.statusCode : 499));
    if (!(response instanceof Http2ServerResponse)) this.#bySocket.set(response.req.socket, response);
    const why = request instanceof IncomingMessage ? whyRefused(request) : undefined;
    if (why !== undefined) {
      sendAnswer(response, { code: 400, why });
      return;
    }
    const plan = this.#plan(request, arrival);
    passage.route = plan.route;
    if (plan.do === 'answer') {
      sendAnswer(response, plan);
      return;
    }
    passage.service = plan.backend.key;
    const { method = 'GET' } = request;
    const destination = { method, route: plan.route, backend: plan.backend, path: plan.path };
    const isGrpc = plan.route.settings.backendProtocol.startsWith('GRPC');
    if (!isGrpc) this.#forward(request, response, { destination, arrival, passage });
    else if (request instanceof Http2ServerRequest && response instanceof Http2ServerResponse)
      void this.#options.grpc.forward({
        ...{ request, response, destination },
        headers: { ...this.#headersOf(request, destination, arrival), te: 'trailers' },
        authority: plan.route.settings.upstreamHost ?? request.authority,
        onUpstream: (upstream) => {
          passage.upstream = upstream;
        },
        onBytes: (received, sent) => passage.count(received, sent),
      });
    else sendAnswer(response, { code: 400, why: 'gRPC needs HTTP/2' });
  }

  onUpgrade(request: IncomingMessage, socket: Socket, head: Buffer, arrival: Arrival): void {
    const passage = this.#begin(request, arrival);
    let code = 499;
    socket.once('close', () => this.#end(passage, code));
    const answer = (answered: { readonly code: number; readonly why?: string; readonly location?: string }) => {
      code = answered.code;
      writeAnswer(socket, answered);
    };
    const why = whyRefused(request) ?? whyNoWebSocket(request);
    if (why !== undefined) {
      answer({ code: 400, why });
      return;
    }
    const plan = this.#plan(request, arrival);
    passage.route = plan.route;
    if (plan.do === 'answer') {
      answer(plan);
      return;
    }
    const { route, backend, path } = plan;
    if (route.settings.backendProtocol.startsWith('GRPC')) {
      answer({ code: 400 });
      return;
    }
    passage.service = backend.key;
    const destination = { method: 'GET', route, backend, path };
    request.headers = {
      ...this.#headersOf(request, destination, arrival),
      connection: 'Upgrade',
      upgrade: 'websocket',
    };
    void this.#options.webSockets.forward({
      ...{ request, socket, head, destination },
      onAnswered(answered, upstream) {
        code = answered;
        passage.upstream = upstream;
      },
    });
  }

  #plan(request: ClientMessage, arrival: Arrival): RequestPlan {
    const { headers } = request;
    const forwardedFor = headers['x-forwarded-for'];
    const { trustedProxies, table, httpsPort } = this.#options;
    const length = headers['content-length'];
    return planRequest(
      table(),
      {
        method: request.method ?? 'GET',
        url: request.url ?? '/',
        authority: (request instanceof Http2ServerRequest ? request.authority : undefined) ?? headers.host ?? '',
        isSecure: arrival.isSecure,
        address: realAddress(
          arrival.client.address,
          [forwardedFor ?? []].flat().join(', ') || undefined,
          trustedProxies,
        ),
        contentLength: length === undefined ? undefined : Number(length),
      },
      { httpsPort: httpsPort() },
    );
  }

  /** What the backend gets. Of HTTP/1.1 they are changed in place: nobody else reads them. */
  #headersOf(request: ClientMessage, { route }: Destination, arrival: Arrival): Headers {
    const headers: Headers = request instanceof Http2ServerRequest ? { ...request.headers } : request.headers;
    if (request instanceof Http2ServerRequest) headers.host = request.authority;
    dropHopByHop(headers);
    delete headers.expect; // Node has told the client to go on
    setForwarded(headers, arrival, this.#options.trustedProxies);
    const { upstreamHost, forwardedPrefix } = route.settings;
    if (upstreamHost !== undefined) headers.host = upstreamHost;
    if (forwardedPrefix !== undefined) headers['x-forwarded-prefix'] = forwardedPrefix;
    return headers;
  }

  #forward(
    request: ClientMessage,
    response: ClientResponse,
    {
      destination,
      arrival,
      passage,
    }: { readonly destination: Destination; readonly arrival: Arrival; readonly passage: Passage },
  ): void {
    const hasBody = hasBodyOf(request);
    const headers = this.#headersOf(request, destination, arrival);
    const { maxBodyBytes: maxBytes } = destination.route.settings;
    const outgoing = request instanceof IncomingMessage ? request : new IncomingMessage(noSocket);
    const onTooLarge = () => {
      forwarding.isOver = true;
      forwarding.request?.destroy();
      sendAnswer(response, { code: 413 });
    };
    const body = hasBody
      ? new RequestBody(request, { maxBytes, onTooLarge, onEnd: () => forwarding.onBodyEnd() })
      : undefined;
    if (hasBody && headers['content-length'] === undefined) headers['transfer-encoding'] = 'chunked';
    if (outgoing !== request) {
      outgoing.complete = true;
      outgoing.push(null); // for http-proxy, where there is no body
    }
    outgoing.headers = headers;
    // See the traps of http-proxy.
    outgoing.method = hasBody ? 'POST' : destination.method;
    const forwarding: Forwarding = new Forwarding({ destination, outgoing, response, body });
    passage.forwarding = forwarding;
    this.#options.http.forward(forwarding);
  }

  #begin(request: ClientMessage, arrival: Arrival): Passage {
    this.#underWay += 1;
    return new Passage(request, arrival, this.#options.clock.monotonic());
  }

  #end(passage: Passage, code: number): void {
    this.#underWay -= 1;
    if (this.#underWay === 0) this.#onIdle();
    const { figures, accessLog, clock } = this.#options;
    const milliseconds = clock.monotonic() - passage.startedAt;
    const { received, sent } = passage.bytes();
    figures.of(passage.route).add({ code, received, sent, seconds: milliseconds / 1000 });
    accessLog?.add({
      ...passage.entry(),
      at: clock.now(),
      status: code,
      milliseconds: Math.round(milliseconds),
      receivedBytes: received,
      sentBytes: sent,
    });
  }
}

/** Streams of HTTP/2 have none of their own; http-proxy asks whether it is destroyed, and nothing else. */
const noSocket = new Socket();

function hasBodyOf(request: ClientMessage): boolean {
  if (request instanceof Http2ServerRequest) return !request.stream.endAfterHeaders;
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
  return encoding !== undefined || (length !== undefined && length !== '0');
}
