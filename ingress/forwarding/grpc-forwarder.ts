/**
 * Requests to backends that speak HTTP/2 with trailers: gRPC. A session for each endpoint carries the streams of all
 * clients; one that ends is made again with the next request.
 */

import http2, {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http2';
import { endpointKey } from '../../api/endpoint-choice.ts';
import type { Logger } from '../../base/logger.ts';
import { sendAnswer } from '../messages/answers.ts';
import { connectInTurn } from './connect-in-turn.ts';
import { EndpointTurns } from './endpoint-turns.ts';
import { ConnectTimeoutError, type Destination } from './forwarding.ts';

export interface GrpcCall {
  readonly request: Http2ServerRequest;
  readonly response: Http2ServerResponse;
  readonly destination: Destination;
  /** What the backend gets, without pseudo headers. */
  readonly headers: OutgoingHttpHeaders;
  readonly authority: string;
  onUpstream(upstream: string): void;
  onBytes(received: number, sent: number): void;
}

const idleMs = 300_000;

export class GrpcForwarder {
  readonly #turns: EndpointTurns;
  readonly #logger: Logger;
  readonly #sessions = new Map<string, ClientHttp2Session>();

  constructor({ turns, logger }: { readonly turns: EndpointTurns; readonly logger: Logger }) {
    this.#turns = turns;
    this.#logger = logger;
  }

  /** Never rejects; the response is ended, whatever happens. */
  async forward(call: GrpcCall): Promise<void> {
    const { destination, response } = call;
    try {
      const session = await this.#sessionFor(call);
      if (response.destroyed) return;
      this.#pass(call, session);
    } catch (error) {
      this.#logger.debug('No backend takes a call', { service: destination.backend.key, error });
      sendAnswer(response, { code: error instanceof ConnectTimeoutError ? 504 : 502 });
    }
  }

  close(): void {
    for (const session of this.#sessions.values()) session.destroy();
  }

  async #sessionFor({ destination, onUpstream }: GrpcCall): Promise<ClientHttp2Session> {
    const { backend, route } = destination;
    const isTls = route.settings.backendProtocol === 'GRPCS';
    const tried = new Set<string>();
    for (let attempt = 0; attempt < route.settings.tries; attempt += 1) {
      const endpoint = this.#turns.take(backend, tried);
      if (endpoint === undefined) break;
      const upstream = endpointKey(endpoint);
      tried.add(upstream);
      onUpstream(upstream);
      const key = `${isTls} ${upstream}`;
      const kept = this.#sessions.get(key);
      if (kept !== undefined && !kept.closed && !kept.destroyed) return kept;
      const alone = { ...destination, backend: { ...backend, endpoints: [endpoint] } };
      const made = await this.#open(key, alone, isTls).catch((error: unknown) => {
        if (tried.size >= Math.min(backend.endpoints.length, route.settings.tries)) throw error;
        return undefined;
      });
      if (made !== undefined) return made;
    }
    throw new Error('no endpoint takes a call');
  }

  async #open(key: string, destination: Destination, isTls: boolean): Promise<ClientHttp2Session> {
    const options = { turns: new EndpointTurns(), tls: isTls ? { alpn: ['h2'] } : undefined };
    const { socket, endpoint } = await connectInTurn(destination, options);
    const session = http2.connect(`${isTls ? 'https' : 'http'}://${endpointKey(endpoint)}`, {
      createConnection: () => socket,
    });
    session.on('error', (error) => this.#logger.debug('A connection to a backend broke', { key, error }));
    const forget = () => {
      if (this.#sessions.get(key) === session) this.#sessions.delete(key);
    };
    session.on('close', forget);
    // It takes no more streams; those that are under way end by themselves.
    session.on('goaway', forget);
    session.setTimeout(idleMs, () => session.close());
    session.unref();
    this.#sessions.set(key, session);
    return session;
  }

  #pass({ request, response, destination, headers, authority, onBytes }: GrpcCall, session: ClientHttp2Session): void {
    const { method, path, route } = destination;
    const scheme = route.settings.backendProtocol === 'GRPCS' ? 'https' : 'http';
    const stream = session.request({
      ...headers,
      ':method': method,
      ':path': path,
      ':scheme': scheme,
      ':authority': authority,
    });
    stream.setTimeout(route.settings.readTimeoutMs, () => {
      sendAnswer(response, { code: 504 });
      stream.close(http2.constants.NGHTTP2_CANCEL);
    });
    stream.on('response', (answer, flags) => {
      const { ':status': code = 502, ...rest } = answer;
      const isAll = (flags & http2.constants.NGHTTP2_FLAG_END_STREAM) !== 0;
      // An answer that is nothing but trailers has to stay that: calls end so that fail at once.
      if (isAll) response.stream.respond({ ...withoutPseudo(rest), ':status': code }, { endStream: true });
      else response.writeHead(code, withoutPseudo(rest));
    });
    stream.on('trailers', (trailers: IncomingHttpHeaders) => {
      response.addTrailers(withoutPseudo(trailers));
    });
    stream.on('error', (error) => {
      this.#logger.debug('A call broke', { service: destination.backend.key, error });
      if (response.headersSent) response.stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR);
      else sendAnswer(response, { code: 502 });
    });
    endAfter(stream, response);
    request.on('data', (chunk: Buffer) => onBytes(chunk.length, 0));
    stream.on('data', (chunk: Buffer) => onBytes(0, chunk.length));
    request.pipe(stream);
    stream.pipe(response);
    response.once('close', () => stream.close(http2.constants.NGHTTP2_CANCEL));
  }
}

/** A stream that was reset without an error ends no pipe. */
function endAfter(stream: ClientHttp2Stream, response: Http2ServerResponse): void {
  stream.once('close', () => {
    if (!response.headersSent) sendAnswer(response, { code: 502 });
    else if (!response.writableEnded) response.stream.close(stream.rstCode);
  });
}

const withoutPseudo = (headers: IncomingHttpHeaders): OutgoingHttpHeaders =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith(':')));
