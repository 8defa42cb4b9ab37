/** HTTP from a client on to what runs in pods and on nodes, and back, upgraded connections included: on http-proxy. */

import http from 'node:http';
import https from 'node:https';
import { isIP, type Socket } from 'node:net';
import { type Duplex, pipeline } from 'node:stream';
import httpProxy from 'http-proxy';
import { isForeignAddress } from '../../../api/special-ip.ts';
import { serviceUnavailable } from '../../../api/status-error.ts';
import { judgedLookup } from '../../../base/judged-lookup.ts';
import { networkErrorText } from '../../../base/network-error-text.ts';
import type { ApiRequest } from '../../request/api-request.ts';
import { forward } from './forward.ts';
import { answerHeaders, requestHeaders } from './hop-headers.ts';
import { htmlRewriters } from './proxied-html.ts';
import { type ProxiedPage, rewriteProxiedUrl } from './proxied-url.ts';

export interface WebTarget {
  readonly secure: boolean;
  readonly host: string;
  readonly port: number;
  /** With query. */
  readonly path: string;
  /** Under which the client sees the other side's root: links and redirects are kept below it. */
  readonly prefix: string;
  /**
   * Whose certificates and checks are used. Default: none, whatever certificate the other side shows will do, and names
   * that lead to this host lead nowhere; an address is judged by the caller.
   */
  readonly agent?: http.Agent | undefined;
}

const lookup = judgedLookup(isForeignAddress);
const agents = { http: new http.Agent({ lookup }), https: new https.Agent({ lookup, rejectUnauthorized: false }) };

export class WebProxy {
  readonly #proxy = httpProxy.createProxyServer({ changeOrigin: true, toProxy: true, selfHandleResponse: true });
  readonly #pages = new WeakMap<http.ServerResponse, ProxiedPage>();
  /** Requests whose body came in chunks. */
  readonly #chunked = new WeakSet<http.IncomingMessage>();

  constructor() {
    // A client that leaves is gone for the other side too: http-proxy only sees those that leave while they still send.
    this.#proxy.on('proxyReq', (outgoing, incoming, response) => {
      if (this.#chunked.has(incoming)) {
        // http-proxy says of a DELETE or OPTIONS without a length that it has no body, and sends it all the same.
        outgoing.removeHeader('content-length');
        outgoing.setHeader('transfer-encoding', 'chunked');
      }
      response.on('close', () => outgoing.destroy());
    });
    this.#proxy.on('proxyRes', (answer, request, response) => {
      response.on('close', () => answer.destroy());
      try {
        this.#send(request, answer, response);
      } catch {
        // What no server may say cannot be passed on: a code below 100, a header with line breaks.
        response.destroy();
      }
    });
  }

  #send(request: http.IncomingMessage, answer: http.IncomingMessage, response: http.ServerResponse): void {
    const page = this.#pages.get(response) ?? { prefix: '', target: '', front: '' };
    const rewriters = request.method === 'HEAD' ? [] : rewritersFor(answer, page);
    response.writeHead(answer.statusCode ?? 502, pageHeaders(answer, page, rewriters.length > 0));
    // Events may come late: that there will be some must not.
    response.flushHeaders();
    pipeline([answer, ...rewriters, response], (error) => {
      // Half an answer must not look like a whole one.
      if (error) response.destroy();
    });
  }

  /** Resolves when the answer, or the upgraded connection, is over. Throws ServiceUnavailable when nobody answers. */
  pass(request: ApiRequest, target: WebTarget): Promise<void> {
    const { incoming } = request;
    const agent = target.agent ?? (target.secure ? agents.https : agents.http);
    // http-proxy opens connections of WebSockets alone.
    if (request.upgrade && !asksForWebSocket(incoming)) return forward(request, { ...target, agent });
    this.#keepOwnHeaders(incoming, request.upgrade !== undefined);
    const host = isIP(target.host) === 6 ? `[${target.host}]` : target.host;
    this.#pages.set(request.outgoing, {
      prefix: target.prefix,
      target: `${host}:${target.port}`,
      front: request.header('host'),
    });
    incoming.url = target.path;
    incoming.headers['x-forwarded-uri'] = `${target.prefix}${target.path.split('?', 1)[0]}`;
    const options = {
      target: { protocol: target.secure ? 'https:' : 'http:', host: target.host, port: target.port },
      agent,
      secure: target.agent !== undefined,
    };
    return request.upgrade === undefined
      ? this.#passRequest(request, options)
      : this.#passUpgrade(request, request.upgrade, options);
  }

  /** Leaves in the request what the next server is told. */
  #keepOwnHeaders(incoming: http.IncomingMessage, asksForUpgrade: boolean): void {
    const { host } = incoming.headers;
    const headers = requestHeaders(incoming, asksForUpgrade);
    if (headers['transfer-encoding'] !== undefined) this.#chunked.add(incoming);
    for (const name of Object.keys(incoming.headers)) delete incoming.headers[name];
    Object.assign(incoming.headers, headers, { host });
  }

  #passRequest(request: ApiRequest, options: httpProxy.ServerOptions): Promise<void> {
    const { incoming, outgoing } = request;
    outgoing.setHeader('audit-id', request.auditId);
    return new Promise((resolve, reject) => {
      outgoing.on('close', resolve);
      this.#proxy.web(incoming, outgoing, options, (error) => reject(unreachable(options, error)));
    });
  }

  #passUpgrade(
    request: ApiRequest,
    { head }: NonNullable<ApiRequest['upgrade']>,
    options: httpProxy.ServerOptions,
  ): Promise<void> {
    const socket = request.takeSocket();
    return new Promise((resolve) => {
      socket.on('close', resolve);
      // What an upgrade comes on is the connection itself; the library's types ask for that.
      this.#proxy.ws(request.incoming, socket as Socket, head, options, (error) => {
        // The connection is no longer one of requests and answers: this is the last that it says.
        const { status } = unreachable(options, error);
        const body = JSON.stringify(status);
        socket.end(
          `HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
        );
      });
    });
  }
}

function rewritersFor(answer: http.IncomingMessage, page: ProxiedPage): Duplex[] {
  const [type = ''] = (answer.headers['content-type'] ?? '').split(';', 1);
  if (type.trim().toLowerCase() !== 'text/html' || answer.headers.location !== undefined) return [];
  return htmlRewriters(answer.headers['content-encoding'] ?? '', (url) => rewriteProxiedUrl(url, page));
}

/** Who else may read the other side's pages says nothing of who may read ours. */
const ownHeaders: readonly string[] = [
  'access-control-allow-credentials',
  'access-control-allow-headers',
  'access-control-allow-methods',
  'access-control-allow-origin',
];

function pageHeaders(answer: http.IncomingMessage, page: ProxiedPage, isRewritten: boolean): http.OutgoingHttpHeaders {
  const { location, ...headers } = answerHeaders(answer);
  for (const name of ownHeaders) delete headers[name];
  if (isRewritten) delete headers['content-length'];
  return location === undefined ? headers : { ...headers, location: rewriteProxiedUrl(String(location), page) };
}

const asksForWebSocket = ({ method, headers }: http.IncomingMessage): boolean =>
  method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket';

function unreachable({ target }: httpProxy.ServerOptions, error: Error) {
  const { host = '', port = '' } = typeof target === 'object' ? target : {};
  return serviceUnavailable(`error trying to reach ${host}:${port}: ${networkErrorText(error)}`, error);
}
