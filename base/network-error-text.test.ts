import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { networkErrorText, networkReasonOf } from './network-error-text.ts';

const errorOf = async (request: http.ClientRequest): Promise<unknown> => (await once(request, 'error'))[0];
const made = (message: string, fields: object = {}) => Object.assign(new Error(message), fields);

describe('errors of connections in words', () => {
  const openSsl =
    'write EPROTO 80DC02AA:error:0A000410:SSL routines:ssl3_read_bytes:sslv3 alert handshake failure:../deps/x.c:350:';
  const cases: [error: unknown, text: string][] = [
    [
      made('connect ECONNREFUSED 10.0.0.1:80', {
        code: 'ECONNREFUSED',
        syscall: 'connect',
        address: '10.0.0.1',
        port: 80,
      }),
      'connection refused',
    ],
    [made('socket hang up', { code: 'ECONNRESET' }), 'the other side closed the connection'],
    [made('getaddrinfo ENOTFOUND a', { code: 'ENOTFOUND', syscall: 'getaddrinfo' }), 'there is no such host'],
    [made(openSsl, { code: 'EPROTO' }), 'the TLS handshake failed: sslv3 alert handshake failure'],
    [made('00:error:0A00010B', { code: 'ERR_SSL_WRONG_VERSION_NUMBER' }), 'the other side does not speak TLS'],
    [new AggregateError([made('a', { code: 'EHOSTUNREACH' })], ''), 'no route to the host'],
    [made('self-signed certificate', { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }), 'self-signed certificate'],
    [
      made("ENOENT: no such file or directory, open '/a'", { code: 'ENOENT', syscall: 'open', path: '/a' }),
      "ENOENT: no such file or directory, open '/a'",
    ],
    [Object.assign(new Error('numbered'), { code: 403 }), 'numbered'],
    ['a word', 'a word'],
  ];
  for (const [error, text] of cases) it(text, () => assert.equal(networkErrorText(error), text));

  it('a server without TLS', async () => {
    const server = http.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      assert.equal(
        networkReasonOf(await errorOf(https.get({ host: '127.0.0.1', port }))),
        'the other side does not speak TLS',
      );
    } finally {
      server.close();
    }
  });

  it('a socket that is not there', async () => {
    const error = await errorOf(http.get({ socketPath: '/nowhere/docker.sock' }));
    assert.equal(networkErrorText(error), 'nothing listens on /nowhere/docker.sock');
  });
});
