/** `proxy`: the API with the user's own rights, and a folder, for programs and browsers of this machine. */

import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import httpProxy from 'http-proxy';
import { errorText } from '../../../base/error-text.ts';
import { UserError } from '../../../base/user-error.ts';
import { authorizationOf, type Connection, impersonationHeaders } from '../../../client/connection.ts';
import { type Arguments, countOf, textOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { type RequestFilter, requestFilter } from './request-filter.ts';
import { serveFile } from './static-files.ts';

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  const filter = requestFilter(args);
  const proxy = apiProxy(await context.connection());
  const [apiPrefix, filePrefix] = ['api-prefix', 'www-prefix'].map((flag) => slashed(textOf(args, flag) ?? '/'));
  const places = { apiPrefix: apiPrefix ?? '/', filePrefix: filePrefix ?? '/', folder: textOf(args, 'www') };
  const server = createServer((request, response) => {
    serve(request, response, { filter, proxy, ...places }).catch(() => response.destroy());
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (whyRefused(request, filter) !== undefined || !takeFrom(request, places.apiPrefix)) socket.destroy();
    else proxy.ws(request, socket, head);
  });
  await listen(server, args);
  const address = server.address();
  if (typeof address === 'object' && address !== null)
    context.out.write(`Starting to serve on ${textOf(args, 'address')}:${address.port}\n`);
  if (!context.signal.aborted) await once(context.signal, 'abort');
  server.close();
  server.closeAllConnections();
  proxy.close();
}

const slashed = (prefix: string): string => `/${prefix}/`.replace(/\/+/g, '/');

async function listen(server: Server, args: Arguments): Promise<void> {
  const [host, port] = [textOf(args, 'address') ?? '127.0.0.1', countOf(args, 'port')];
  server.listen({ host, port });
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw new UserError(`error: cannot listen on ${host}:${port}: ${errorText(cause)}`, { cause });
  }
}

function apiProxy(connection: Connection): httpProxy {
  const { certificateAuthority: ca, clientCertificate: cert, clientKey: key, token } = connection;
  const authorization = authorizationOf(connection, token);
  const target = new URL(connection.servers[0] ?? '');
  const proxy = httpProxy.createProxyServer({
    target: {
      protocol: target.protocol,
      host: target.hostname,
      port: target.port,
      ...(ca !== undefined && { ca }),
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
    },
    secure: connection.insecureSkipTlsVerify !== true,
    changeOrigin: true,
    headers: {
      ...oneValueEach(impersonationHeaders(connection)),
      ...(authorization !== undefined && { authorization }),
    },
  });
  proxy.on('proxyReq', (outgoing, incoming) => {
    // http-proxy says of a DELETE or OPTIONS without a length that it has no body, and sends it all the same: it would be
    // read as a request that no filter has seen.
    const isChunked = incoming.rawHeaders.some(
      (name, at) => at % 2 === 0 && name.toLowerCase() === 'transfer-encoding',
    );
    if (!isChunked) return;
    outgoing.removeHeader('content-length');
    outgoing.setHeader('transfer-encoding', 'chunked');
  });
  proxy.on('error', (error, _request, response) => {
    if (!(response instanceof ServerResponse)) return void response.destroy();
    if (!response.headersSent) response.writeHead(502, { 'content-type': 'text/plain' });
    response.end(`Error: ${errorText(error)}\n`);
  });
  return proxy;
}

/** Several groups cannot be named through this proxy: the first is. */
const oneValueEach = (headers: Readonly<Record<string, string | readonly string[]>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value].flat()[0] ?? '']));

interface Serving {
  readonly filter: RequestFilter;
  readonly proxy: httpProxy;
  readonly apiPrefix: string;
  readonly filePrefix: string;
  readonly folder: string | undefined;
}

async function serve(request: IncomingMessage, response: ServerResponse, serving: Serving): Promise<void> {
  const why = whyRefused(request, serving.filter);
  if (why !== undefined)
    return void response.writeHead(403, { 'content-type': 'text/plain' }).end(`Forbidden: ${why}\n`);
  const path = pathOf(request);
  const { folder, filePrefix } = serving;
  if (folder !== undefined && path.startsWith(filePrefix))
    return await serveFile(response, folder, path.slice(filePrefix.length));
  if (takeFrom(request, serving.apiPrefix)) serving.proxy.web(request, response);
  else response.writeHead(404, { 'content-type': 'text/plain' }).end('404 page not found\n');
}

/** As it is asked for, with its dots gone: `/static/../api` is `/api`. */
const pathOf = ({ url = '/' }: IncomingMessage): string => new URL(url, 'http://localhost').pathname;

function whyRefused(request: IncomingMessage, filter: RequestFilter): string | undefined {
  const { method = 'GET', headers } = request;
  return filter({ method, path: decoded(pathOf(request)), host: headers.host ?? '', origin: headers.origin });
}

/** A path that is encoded means the same to the server. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** Takes the prefix away; false: the path is not below it. Who asks is the user, whatever the request says. */
function takeFrom(request: IncomingMessage, prefix: string): boolean {
  const { pathname, search } = new URL(request.url ?? '/', 'http://localhost');
  if (!pathname.startsWith(prefix)) return false;
  request.url = `/${pathname.slice(prefix.length)}${search}`;
  delete request.headers.authorization;
  delete request.headers.origin;
  return true;
}
