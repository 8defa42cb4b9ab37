/**
 * A server of another API, as clusters have them beside their API server: it believes whoever has the front proxy's
 * certificate, notes what it is told, and serves one version with lists, watches, writes and an upgrade.
 */

import { once } from 'node:events';
import https from 'node:https';
import { type AddressInfo, isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { issueCertificate, type KeyPair } from '../../base/certificates.ts';

export interface ReceivedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
}

export interface ExtensionServer {
  readonly host: string;
  readonly port: number;
  readonly received: ReceivedRequest[];
  /** What it answers with instead of the truth: a code for everything, or nothing at all. */
  mode: 'serving' | 'failing' | 'hanging';
  /** What it says it serves. */
  resources: readonly object[];
  stop(): Promise<void>;
}

export interface ExtensionServerOptions {
  readonly groupVersion: string;
  /** Signs its certificate, for these names. */
  readonly authority: KeyPair;
  readonly names: readonly string[];
  /** Signs the certificate of who may name users. */
  readonly frontProxyAuthority: KeyPair;
}

/** An address of this machine under which others would reach it: servers do not believe that a Service is at loopback. */
export function foreignAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((some) => some ?? []);
  const found = addresses.find(({ internal, address }) => !internal && isIP(address) === 4);
  if (found === undefined) throw new Error('This machine has no address but its loopback');
  return found.address;
}

export async function startExtensionServer(options: ExtensionServerOptions): Promise<ExtensionServer> {
  const { groupVersion, authority, names, frontProxyAuthority } = options;
  const host = foreignAddress();
  const pair = await issueCertificate(authority, { commonName: names[0] ?? '', dnsNames: names, usages: ['server'] });
  const sockets = new Set<Duplex>();
  const server = https.createServer({
    ...{ cert: pair.certificate, key: pair.key, ca: frontProxyAuthority.certificate },
    ...{ requestCert: true, rejectUnauthorized: false },
  });
  const state: ExtensionServer = {
    host,
    port: 0,
    received: [],
    mode: 'serving',
    resources: [
      {
        ...{ name: 'flunders', singularName: 'flunder', namespaced: true, kind: 'Flunder', shortNames: ['fl'] },
        ...{ categories: ['all'], verbs: ['create', 'get', 'list', 'watch'] },
      },
      { name: 'flunders/status', singularName: '', namespaced: true, kind: 'Flunder', verbs: ['get'] },
    ],
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('request', async (request, response) => {
    if (state.mode === 'hanging') return;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method = '', url = '', headers, socket } = request;
    const body = Buffer.concat(chunks).toString();
    const answer = (code: number, value: unknown) => {
      response.writeHead(code, { 'content-type': 'application/json', warning: '299 - "of the extension"' });
      response.end(JSON.stringify(value));
    };
    if (state.mode === 'failing') return answer(500, { kind: 'Status' });
    if (!(socket instanceof TLSSocket) || !socket.authorized) return answer(401, { kind: 'Status', code: 401 });
    state.received.push({ method, url, headers, body });
    const { pathname, searchParams } = new URL(url, 'https://extension');
    if (pathname === `/apis/${groupVersion}`)
      return answer(200, { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources: state.resources });
    if (pathname === '/openapi/v2') return answer(200, swaggerOf(groupVersion));
    if (pathname === '/openapi/v3')
      return answer(200, {
        paths: { [`apis/${groupVersion}`]: { serverRelativeURL: `/openapi/v3/apis/${groupVersion}?hash=ABC` } },
      });
    if (pathname === `/openapi/v3/apis/${groupVersion}`)
      return answer(200, { openapi: '3.0.0', info: { title: 'extension', version: '1' }, paths: {} });
    if (!pathname.startsWith(`/apis/${groupVersion}/`)) return answer(404, { kind: 'Status', code: 404 });
    if (searchParams.get('watch') === 'true') {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write(`${JSON.stringify({ type: 'ADDED', object: { kind: 'Flunder', metadata: { name: 'a' } } })}\n`);
      return;
    }
    answer(method === 'POST' ? 201 : 200, { kind: 'Echo', method, body });
  });
  server.on('upgrade', (_request, socket: Duplex) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
    socket.pipe(socket);
    socket.on('error', () => socket.destroy());
  });
  server.listen(0, '0.0.0.0');
  await once(server, 'listening');
  // A server that listens over TCP has an address of this form.
  return Object.assign(state, { port: (server.address() as AddressInfo).port });
}

/** With a path that is none of its own, and a definition that nothing leads to. */
const swaggerOf = (groupVersion: string) => ({
  swagger: '2.0',
  info: { title: 'extension', version: '1' },
  paths: {
    [`/apis/${groupVersion}/flunders`]: {
      get: {
        parameters: [{ $ref: '#/parameters/limit' }],
        responses: { 200: { description: 'OK', schema: { $ref: '#/definitions/example.wardle.Flunder' } } },
      },
    },
    '/api/v1/pods': { get: { description: 'not its own' } },
  },
  parameters: { limit: { name: 'limit', in: 'query', type: 'integer' } },
  definitions: {
    'example.wardle.Flunder': { type: 'object', description: 'A flunder.' },
    'example.wardle.Other': { type: 'object' },
  },
});
