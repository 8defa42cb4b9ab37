/** What no HTTP library would send: drops of headers and bodies, far too much of them, and bytes that are no HTTP. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { after, before, describe, it } from 'node:test';
import tls from 'node:tls';
import { configMaps } from '../../api/resources/core.ts';
import type { ConfigMap } from '../../api/types/core/v1.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

/** More than may be in flight at once. */
const crowd = 500;

describe('the API server among rude connections', () => {
  let server: TestApiServer;
  const open: net.Socket[] = [];

  before(async () => {
    server = await startTestApiServer();
  });

  after(async () => {
    for (const socket of open) socket.destroy();
    await server.stop();
  });

  async function connect(): Promise<tls.TLSSocket> {
    const { certificateAuthority: ca, clientCertificate: cert, clientKey: key } = server.connection;
    const socket = tls.connect({ port: server.port, host: '127.0.0.1', servername: 'localhost', ca, cert, key });
    open.push(socket);
    await once(socket, 'secureConnect');
    // It may be cut at any time, which is right.
    socket.on('error', () => {});
    return socket;
  }

  /** All that comes back until the server closes, or until `enough` of it. */
  async function talk(text: string | Buffer, enough = /\r\n\r\n/): Promise<string> {
    const socket = await connect();
    let answer = '';
    socket.setEncoding('utf8');
    const ended = new Promise<void>((resolve) => {
      socket.on('data', (chunk: string) => {
        answer += chunk;
        if (enough.test(answer)) resolve();
      });
      socket.on('close', () => resolve());
    });
    socket.write(text);
    await ended;
    socket.destroy();
    return answer;
  }

  async function stillServes(): Promise<void> {
    const begin = performance.now();
    const metadata = { namespace: 'default', name: 'polite' };
    await server.client.create<ConfigMap>(configMaps, { metadata });
    await server.client.delete(configMaps, metadata);
    const ms = performance.now() - begin;
    assert.ok(ms < 3000, `a polite client waited ${ms} ms`);
  }

  it('serves others while hundreds send headers and bodies drop by drop', { timeout: 60_000 }, async () => {
    const headers = 'GET /api/v1/pods HTTP/1.1\r\nHost: x\r\nX-';
    const body =
      'POST /api/v1/namespaces/default/configmaps HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n{"a":';
    const sockets = await Promise.all(Array.from({ length: crowd }, () => connect()));
    sockets.forEach((socket, i) => {
      socket.write(i % 4 === 0 ? headers : body);
    });
    await stillServes();
    for (const socket of sockets) socket.write('a');
    await stillServes();
    for (const socket of sockets) socket.destroy();
  });

  it('refuses headers that are too large, or too many', async () => {
    const request = (headers: string): string => `GET /livez HTTP/1.1\r\nHost: x\r\n${headers}\r\n`;
    assert.match(await talk(request(`X-Big: ${'a'.repeat(200_000)}\r\n`)), /^HTTP\/1\.1 431 /);
    assert.match(await talk(request('X-One: of-many\r\n'.repeat(20_000))), /^HTTP\/1\.1 431 /);
    assert.match(await talk(`GET /${'a'.repeat(200_000)} HTTP/1.1\r\nHost: x\r\n\r\n`), /^HTTP\/1\.1 431 /);
    await stillServes();
  });

  it('refuses what is no HTTP, and bodies of two lengths', async () => {
    const post = 'POST /api/v1/namespaces/default/configmaps HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';
    const garbage = [
      Buffer.alloc(10_000, 0xff),
      'GET\r\n\r\n',
      'GET / HTTP/9.9\r\n\r\n',
      'GET /livez HTTP/1.1\r\n\r\n',
      `${post}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      `${post}Content-Length: 3\r\nContent-Length: 4\r\n\r\n{}  `,
      `${post}Content-Length: -1\r\n\r\n{}`,
      `${post}Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n`,
      `${post}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{}\r\n`,
    ];
    for (const bytes of garbage) assert.match(await talk(bytes), /^HTTP\/1\.1 400 /, bytes.toString().slice(0, 200));
    await stillServes();
  });

  it('takes connections that speak no TLS, or go away in the middle of it', async () => {
    const plain = net.connect(server.port, '127.0.0.1');
    plain.on('error', () => {});
    plain.write('GET /livez HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(plain, 'close');
    for (let i = 0; i < 50; i += 1) {
      const socket = net.connect(server.port, '127.0.0.1');
      await once(socket, 'connect');
      socket.write(Buffer.from('1603010200010001fc0303', 'hex'));
      socket.destroy();
    }
    await stillServes();
  });

  it('forgets clients that leave before their answer', async () => {
    for (let i = 0; i < 100; i += 1) {
      const socket = await connect();
      const path = i % 2 === 0 ? '/api/v1/pods?watch=true' : '/openapi/v2';
      socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
      socket.destroy();
    }
    await stillServes();
  });
});
