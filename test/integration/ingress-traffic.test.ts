/** The data path of the ingress over real sockets: HTTP/1.1, HTTP/2, WebSockets, gRPC, TLS by name; and those who abuse it. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import http, { type IncomingHttpHeaders } from 'node:http';
import http2 from 'node:http2';
import net from 'node:net';
import { after, before, describe, it } from 'node:test';
import tls from 'node:tls';
import * as grpc from '@grpc/grpc-js';
import WebSocket, { WebSocketServer } from 'ws';
import { secrets } from '../../api/resources/core.ts';
import type { Secret } from '../../api/types/core/v1.ts';
import { createAuthority, issueCertificate, type KeyPair } from '../../base/certificates.ts';
import { listeningPort } from '../../base/listening-port.ts';
import { storedObject } from '../../client/testing/stored-object.ts';
import { eventually } from '../support/eventually.ts';
import { PlayedIngress, ruleFor } from '../support/played-ingress.ts';

interface Heard {
  readonly backend: string;
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Played {
  readonly server: http.Server;
  readonly port: number;
  stop(): void;
}

/** Answers with what it heard, unless the path says otherwise. */
async function playBackend(name: string, onRequest?: http.RequestListener): Promise<Played> {
  const server = http.createServer((request, response) => {
    if (onRequest) return onRequest(request, response);
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      response.end(JSON.stringify({ backend: name, method, url, headers, body } satisfies Heard));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    server,
    port: listeningPort(server),
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}

interface Ask {
  readonly method?: string;
  readonly path?: string;
  readonly host?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

interface Told {
  readonly code: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

function ask(
  port: number,
  { method = 'GET', path = '/', host = 'shop.example', headers = {}, body }: Ask = {},
): Promise<Told> {
  return new Promise((resolve, reject) => {
    const framing = body === undefined ? {} : { 'transfer-encoding': 'chunked' };
    const request = http.request({
      host: '127.0.0.1',
      port,
      method,
      path,
      headers: { host, ...framing, ...headers },
      agent: false,
    });
    request.on('error', reject);
    request.on('response', (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on('error', reject);
      response.on('end', () => resolve({ code: response.statusCode ?? 0, headers: response.headers, text }));
    });
    request.end(body);
  });
}

const heard = ({ text }: Told): Heard => JSON.parse(text);

/** What comes back for bytes, until the connection ends. */
function sendRaw(port: number, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1', () => socket.write(bytes, 'latin1'));
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(text));
  });
}

const secretOf = (name: string, { certificate, key }: KeyPair, version = '1') =>
  storedObject<Secret>(secrets, {
    metadata: { name, resourceVersion: version },
    type: 'kubernetes.io/tls',
    data: { 'tls.crt': Buffer.from(certificate).toString('base64'), 'tls.key': Buffer.from(key).toString('base64') },
  });

describe('requests through the ingress', () => {
  let backends: Played[];
  let played: PlayedIngress;
  let refusing: number;
  const ports = (index: number) => [backends[index]?.port ?? 0];

  before(async () => {
    const closed = await playBackend('closed');
    refusing = closed.port;
    closed.stop();
    await once(closed.server, 'close');
    backends = [
      await playBackend('a'),
      await playBackend('b'),
      await playBackend('cuts', (_, response) => {
        response.writeHead(200, { 'content-length': '100' });
        response.write('half', () => response.destroy());
      }),
      await playBackend('silent', () => {}),
    ];
    const web = {
      rules: [
        ruleFor('shop.example', { '/': 'web', '/none': 'none', '/cuts': 'cuts', '/some': 'some', '/odd': 'odd' }),
      ],
    };
    played = await PlayedIngress.start({
      ingresses: [
        { name: 'web', spec: web },
        {
          name: 'slow',
          annotations: { 'proxy-read-timeout': '1', 'proxy-next-upstream': 'off' },
          spec: { rules: [ruleFor('slow.example', { '/': 'silent' })] },
        },
        {
          name: 'small',
          annotations: { 'proxy-body-size': '10' },
          spec: { rules: [ruleFor('small.example', { '/': 'a' })] },
        },
        {
          name: 'rewritten',
          annotations: { 'rewrite-target': '/v1/$2' },
          spec: { rules: [ruleFor('rewritten.example', { '/app(/|$)(.*)': 'a' }, 'ImplementationSpecific')] },
        },
        {
          name: 'guarded',
          annotations: { 'whitelist-source-range': '10.0.0.0/8' },
          spec: { rules: [ruleFor('guarded.example', { '/': 'a' })] },
        },
        {
          name: 'moved',
          annotations: { 'permanent-redirect': 'https://new.example/' },
          spec: { rules: [ruleFor('moved.example', { '/': 'a' })] },
        },
        { name: 'tls', spec: { tls: [{ hosts: ['tls.example'] }], rules: [ruleFor('tls.example', { '/': 'a' })] } },
      ],
      backends: {
        web: [...ports(0), ...ports(1)],
        none: [],
        a: ports(0),
        cuts: ports(2),
        some: [refusing, ...ports(0)],
        silent: ports(3),
        odd: [refusing],
      },
    });
  });
  after(async () => {
    await played.stop();
    for (const backend of backends) backend.stop();
  });

  it('go to the endpoints in turn', async () => {
    const asked: string[] = [];
    for (let i = 0; i < 6; i++) asked.push(heard(await ask(played.port)).backend);
    assert.match(asked.join(''), /^(ab){3}$|^(ba){3}$/);
  });

  it('arrive as they were sent, with where they came from', async () => {
    const headers = { 'x-forwarded-for': '6.6.6.6', 'x-mine': '1', connection: 'close, x-mine' };
    const { url, headers: got } = heard(await ask(played.port, { path: '/a//b/../c?d=%20/e', headers }));
    assert.equal(url, '/a//b/../c?d=%20/e');
    assert.equal(got['x-forwarded-for'], '127.0.0.1');
    assert.equal(got['x-mine'], undefined);
    assert.equal(got.host, 'shop.example');
  });

  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'GET'])
    it(`${method} arrives with its body, and nothing after it`, async () => {
      const { method: got, body, headers } = heard(await ask(played.port, { method, body: 'some text' }));
      assert.deepEqual(
        [got, body, headers['content-length'], headers['transfer-encoding']],
        [method, 'some text', undefined, 'chunked'],
      );
    });

  it('do not wait for the end of a body', async () => {
    const request = http.request({
      host: '127.0.0.1',
      port: played.port,
      method: 'POST',
      headers: { host: 'slow.example' },
    });
    request.on('error', () => {});
    const [backend] = [backends[3]];
    assert.ok(backend);
    const arrived = once(backend.server, 'request');
    request.write('first');
    const [incoming] = await arrived;
    assert.equal(String((await once(incoming, 'data'))[0]), 'first');
    request.destroy();
  });

  it('go on to the next endpoint when one refuses', async () => {
    for (let i = 0; i < 4; i++) assert.equal(heard(await ask(played.port, { path: '/some' })).backend, 'a');
    assert.equal(heard(await ask(played.port, { path: '/some', method: 'PUT', body: 'kept' })).body, 'kept');
  });

  const answers: readonly (readonly [name: string, request: Ask, code: number])[] = [
    ['no rule', { host: 'else.example' }, 404],
    ['no endpoint', { path: '/none' }, 503],
    ['endpoints that all refuse', { path: '/odd' }, 502],
    ['a backend that says nothing', { host: 'slow.example' }, 504],
    ['a body that is too long', { host: 'small.example', method: 'POST', body: 'more than ten bytes' }, 413],
    [
      'a body that says that it is too long',
      { host: 'small.example', method: 'POST', headers: { 'content-length': '1000' } },
      413,
    ],
    ['a client that may not come', { host: 'guarded.example' }, 403],
    ['a host that has moved', { host: 'moved.example' }, 301],
    ['a host with TLS, asked without', { host: 'tls.example' }, 308],
    ['TRACE', { method: 'TRACE' }, 405],
    ['a path above the root', { path: '/../../etc' }, 400],
  ];
  for (const [name, request, code] of answers)
    it(`${name}: ${code}`, async () => assert.equal((await ask(played.port, request)).code, code));

  it('are sent to https under the port that listens', async () => {
    const { headers } = await ask(played.port, { host: 'tls.example', path: '/x?y' });
    assert.equal(headers.location, `https://tls.example:${played.securePort}/x?y`);
  });

  it('are rewritten by the groups of their path', async () => {
    const { url } = heard(await ask(played.port, { host: 'rewritten.example', path: '/app/x/y?z=1' }));
    assert.equal(url, '/v1/x/y?z=1');
  });

  it('end in the middle when the backend does', async () => {
    await assert.rejects(ask(played.port, { path: '/cuts' }));
  });

  it('are counted by rule', async () => {
    await ask(played.port, { path: '/none' });
    await eventually('the figure is there', async () =>
      /requests_total\{namespace="default",ingress="web",host="shop.example",path="\/none",code="5xx"\} [1-9]/.test(
        await played.metrics.text(),
      ),
    );
  });

  it('go to a backend that ends while it is asked', async () => {
    const gate = { open: () => {} };
    const slow = await playBackend('slow', (_, response) => {
      gate.open = () => response.end('done');
    });
    const spec = { rules: [ruleFor('draining.example', { '/': 'draining' })] };
    const other = await PlayedIngress.start({ ingresses: [{ name: 'd', spec }], backends: { draining: [slow.port] } });
    const arrived = once(slow.server, 'request');
    const answer = ask(other.port, { host: 'draining.example' });
    await arrived;
    other.use({ ingresses: [{ name: 'd', spec }], backends: { draining: [] } });
    assert.equal((await ask(other.port, { host: 'draining.example' })).code, 503);
    gate.open();
    assert.equal((await answer).text, 'done');
    await other.stop();
    slow.stop();
  });
});

describe('bytes that two servers might read differently', () => {
  let backend: Played;
  let played: PlayedIngress;
  let seen = 0;
  before(async () => {
    backend = await playBackend('a', (request, response) => {
      seen += 1;
      request.resume();
      request.on('end', () => response.end('ok'));
    });
    played = await PlayedIngress.start({
      ingresses: [{ name: 'a', spec: { rules: [ruleFor('', { '/': 'a' })] } }],
      backends: { a: [backend.port] },
    });
  });
  after(async () => {
    await played.stop();
    backend.stop();
  });

  const host = 'Host: shop.example\r\n';
  const close = 'Connection: close\r\n';
  const chunk = '0\r\n\r\n';
  const ws = 'Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
  const table: readonly (readonly [name: string, bytes: string, code: number])[] = [
    ['nothing wrong', `GET / HTTP/1.1\r\n${host}${close}\r\n`, 200],
    ['two lengths', `POST / HTTP/1.1\r\n${host}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd`, 400],
    ['a list of lengths', `POST / HTTP/1.1\r\n${host}Content-Length: 3, 3\r\n\r\nabc`, 400],
    ['a length with a sign', `POST / HTTP/1.1\r\n${host}Content-Length: +3\r\n\r\nabc`, 400],
    ['a negative length', `POST / HTTP/1.1\r\n${host}Content-Length: -1\r\n\r\n`, 400],
    [
      'a length and chunks',
      `POST / HTTP/1.1\r\n${host}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}`,
      400,
    ],
    [
      'chunks and a length',
      `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n${chunk}`,
      400,
    ],
    ['chunks that are not last', `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked, identity\r\n\r\n${chunk}`, 400],
    [
      'another encoding before chunks',
      `POST / HTTP/1.1\r\n${host}Transfer-Encoding: gzip, chunked\r\n\r\n${chunk}`,
      400,
    ],
    [
      'an encoding that only looks like chunks',
      `POST / HTTP/1.1\r\n${host}Transfer-Encoding: xchunked\r\n\r\n${chunk}`,
      400,
    ],
    [
      'chunks twice',
      `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}`,
      400,
    ],
    ['chunks of HTTP/1.0', `POST / HTTP/1.0\r\n${host}Transfer-Encoding: chunked\r\n\r\n${chunk}`, 400],
    ['a space before the colon', `POST / HTTP/1.1\r\n${host}Transfer-Encoding : chunked\r\n\r\n${chunk}`, 400],
    ['a folded line', `GET / HTTP/1.1\r\n${host}A: b\r\n c\r\n\r\n`, 400],
    ['a bare CR in a value', `GET / HTTP/1.1\r\n${host}A: b\rX: c\r\n\r\n`, 400],
    ['bare LFs', `GET / HTTP/1.1\nHost: shop.example\n\n`, 400],
    ['a NUL in a value', `GET / HTTP/1.1\r\n${host}A: b\0c\r\n\r\n`, 400],
    ['two Hosts', `GET / HTTP/1.1\r\n${host}Host: other\r\n\r\n`, 400],
    ['no Host', 'GET / HTTP/1.1\r\n\r\n', 400],
    ['a Host that is none', 'GET / HTTP/1.1\r\nHost: a/b\r\n\r\n', 400],
    ['a whole URI', `GET http://other/ HTTP/1.1\r\n${host}\r\n`, 400],
    ['a path without a slash', `GET admin HTTP/1.1\r\n${host}\r\n`, 400],
    ['OPTIONS *', `OPTIONS * HTTP/1.1\r\n${host}\r\n`, 400],
    ['CONNECT', `CONNECT other:443 HTTP/1.1\r\n${host}\r\n`, 405],
    ['HTTP/0.9', 'GET /\r\n\r\n', 400],
    ['no HTTP', 'hello\r\n\r\n', 400],
    ['a head of 100 kB', `GET / HTTP/1.1\r\n${host}A: ${'b'.repeat(100_000)}\r\n\r\n`, 431],
    [
      'an upgrade to HTTP/2',
      `GET / HTTP/1.1\r\n${host}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAAA\r\n\r\n`,
      400,
    ],
    [
      'a WebSocket of another version',
      `GET / HTTP/1.1\r\n${host}${ws}Upgrade: websocket\r\nSec-WebSocket-Version: 777\r\n\r\n`,
      400,
    ],
    [
      'a WebSocket by POST',
      `POST / HTTP/1.1\r\n${host}${ws}Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n`,
      400,
    ],
    [
      'a WebSocket with a body',
      `GET / HTTP/1.1\r\n${host}${ws}Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nContent-Length: 5\r\n\r\nabcde`,
      400,
    ],
  ];
  for (const [name, bytes, code] of table)
    it(`${name}: ${code}`, async () => {
      const before = seen;
      const text = await sendRaw(played.port, bytes);
      assert.equal(text.slice(0, 12), `HTTP/1.1 ${code}`, text.slice(0, 200));
      assert.equal(text.split('HTTP/1.1 ').length, 2, 'there is one answer');
      assert.equal(seen - before, code === 200 ? 1 : 0);
    });

  it('a WebSocket that the backend does not take is answered as the backend did', async () => {
    const text = await sendRaw(
      played.port,
      `GET / HTTP/1.1\r\n${host}${ws}Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n`,
    );
    assert.match(text, /^HTTP\/1.1 200 OK\r\n(?!.*transfer-encoding).*\r\n\r\nok$/is);
  });
});

describe('answers of backends that are none', () => {
  for (const [name, bytes] of [
    ['a status below 100', 'HTTP/1.1 099 Odd\r\nContent-Length: 0\r\n\r\n'],
    ['no HTTP', 'hello\r\n\r\n'],
    ['a length and chunks', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    [
      'an upgrade that nobody asked for',
      'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n',
    ],
    ['nothing', ''],
  ] as const)
    it(`${name}: 502`, async () => {
      const server = net.createServer((socket) => {
        socket.on('error', () => {});
        socket.once('data', () => socket.end(bytes));
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const played = await PlayedIngress.start({
        ingresses: [{ name: 'a', spec: { rules: [ruleFor('', { '/': 'a' })] } }],
        backends: { a: [listeningPort(server)] },
      });
      assert.equal((await ask(played.port)).code, 502);
      await played.stop();
      server.close();
    });
});

describe('WebSockets through the ingress', () => {
  it('carry messages both ways, and close', async () => {
    const backend = await playBackend('ws');
    const sockets = new WebSocketServer({ server: backend.server });
    sockets.on('connection', (socket, request) => {
      socket.on('message', (data) =>
        socket.send(`${request.url} ${request.headers['x-forwarded-for']} ${String(data)}`),
      );
    });
    const closed = await playBackend('closed');
    closed.stop();
    await once(closed.server, 'close');
    const played = await PlayedIngress.start({
      ingresses: [{ name: 'a', spec: { rules: [ruleFor('', { '/': 'a' })] } }],
      // The first refuses: the next is asked.
      backends: { a: [closed.port, backend.port] },
    });
    for (const url of [`ws://127.0.0.1:${played.port}/x?y=1`, `wss://127.0.0.1:${played.securePort}/x?y=1`]) {
      const socket = new WebSocket(url, { rejectUnauthorized: false });
      await once(socket, 'open');
      socket.send('hello');
      const [data] = await once(socket, 'message');
      assert.equal(String(data), '/x?y=1 127.0.0.1 hello');
      socket.close();
      await once(socket, 'close');
    }
    await eventually('the backend has no connection left', () => sockets.clients.size === 0);
    await played.stop();
    backend.stop();
  });
});

describe('HTTP/2 through the ingress', () => {
  it('carries many requests at a time, with and without bodies', async () => {
    const backend = await playBackend('a');
    const played = await PlayedIngress.start({
      ingresses: [{ name: 'a', spec: { rules: [ruleFor('shop.example', { '/': 'a' })] } }],
      backends: { a: [backend.port] },
    });
    const session = http2.connect(`https://127.0.0.1:${played.securePort}`, {
      rejectUnauthorized: false,
      servername: 'shop.example',
    });
    const call = async (method: string, body?: string): Promise<Heard> => {
      const stream = session.request(
        { ':method': method, ':path': '/x//y?z', ':authority': 'shop.example', x_odd: '1' },
        { endStream: body === undefined },
      );
      if (body !== undefined) stream.end(body);
      let text = '';
      stream.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      await once(stream, 'end');
      return JSON.parse(text);
    };
    const all = await Promise.all([
      call('GET'),
      call('POST', 'one'),
      call('DELETE', 'two'),
      call('PUT', ''),
      call('GET'),
    ]);
    assert.deepEqual(
      all.map(({ method, url, body }) => [method, url, body]),
      [
        ['GET', '/x//y?z', ''],
        ['POST', '/x//y?z', 'one'],
        ['DELETE', '/x//y?z', 'two'],
        ['PUT', '/x//y?z', ''],
        ['GET', '/x//y?z', ''],
      ],
    );
    assert.equal(all[0]?.headers['x-forwarded-proto'], 'https');
    assert.equal(all[0]?.headers.host, 'shop.example');
    assert.equal(all[0]?.headers.x_odd, undefined);
    session.close();
    await played.stop();
    backend.stop();
  });
});

describe('gRPC through the ingress', () => {
  const text = { serialize: (value: string) => Buffer.from(value), deserialize: (bytes: Buffer) => bytes.toString() };
  const method = {
    path: '/shop.Greeter/Greet',
    requestStream: false,
    responseStream: true,
    requestSerialize: text.serialize,
    requestDeserialize: text.deserialize,
    responseSerialize: text.serialize,
    responseDeserialize: text.deserialize,
  } as const;

  it('streams answers and hands on how they end', async () => {
    const server = new grpc.Server();
    server.addService(
      { Greet: method },
      {
        Greet(call: grpc.ServerWritableStream<string, string>) {
          if (call.request === 'fail') {
            call.emit('error', { code: grpc.status.NOT_FOUND, details: 'nobody' });
            return;
          }
          for (let i = 0; i < 3; i++) call.write(`${call.request} ${i}`);
          call.end();
        },
      },
    );
    const port = await new Promise<number>((resolve, reject) =>
      server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      ),
    );
    const authority = await createAuthority('test');
    const pair = await issueCertificate(authority, {
      commonName: 'grpc.example',
      dnsNames: ['grpc.example'],
      usages: ['server'],
    });
    const played = await PlayedIngress.start({
      ingresses: [
        {
          name: 'a',
          annotations: { 'backend-protocol': 'GRPC' },
          spec: { tls: [{ hosts: ['grpc.example'], secretName: 's' }], rules: [ruleFor('grpc.example', { '/': 'a' })] },
        },
      ],
      backends: { a: [port] },
      secrets: { s: secretOf('s', pair) },
    });
    const client = new grpc.Client(
      `127.0.0.1:${played.securePort}`,
      grpc.credentials.createSsl(Buffer.from(authority.certificate)),
      {
        'grpc.ssl_target_name_override': 'grpc.example',
        'grpc.default_authority': 'grpc.example',
      },
    );
    const greet = async (request: string): Promise<string[]> => {
      const call = client.makeServerStreamRequest(method.path, text.serialize, text.deserialize, request);
      const all: string[] = [];
      for await (const one of call) all.push(String(one));
      return all;
    };
    assert.deepEqual(await greet('hi'), ['hi 0', 'hi 1', 'hi 2']);
    await assert.rejects(greet('fail'), { code: grpc.status.NOT_FOUND, details: 'nobody' });
    assert.equal((await ask(played.port, { host: 'grpc.example' })).code, 308);
    client.close();
    await played.stop();
    server.forceShutdown();
  });
});

describe('TLS of the ingress', () => {
  it('shows the certificate for the name, and the new one as soon as there is one', async () => {
    const authority = await createAuthority('test');
    const issue = (name: string, dnsName: string) =>
      issueCertificate(authority, { commonName: name, dnsNames: [dnsName], usages: ['server'] });
    const shown = async (port: number, servername: string | undefined): Promise<string> => {
      const socket = tls.connect({
        host: '127.0.0.1',
        port,
        rejectUnauthorized: false,
        ...(servername && { servername }),
      });
      await once(socket, 'secureConnect');
      const { CN } = socket.getPeerCertificate().subject;
      socket.destroy();
      return String(CN);
    };
    const spec = {
      tls: [
        { hosts: ['a.example'], secretName: 'a' },
        { hosts: ['*.example'], secretName: 'wild' },
        { hosts: ['bad.test'], secretName: 'bad' },
      ],
      rules: [],
    };
    const good = await issue('first', 'a.example');
    const wild = secretOf('wild', await issue('wild', '*.example'));
    const bad = secretOf('bad', { certificate: good.certificate, key: (await issue('x', 'x')).key });
    const objects = (a: KeyPair, version: string) => ({
      ingresses: [{ name: 'a', spec }],
      backends: {},
      secrets: { a: secretOf('a', a, version), wild, bad },
    });
    const played = await PlayedIngress.start(objects(good, '1'));
    assert.equal(await shown(played.securePort, 'a.example'), 'first');
    assert.equal(await shown(played.securePort, 'b.example'), 'wild');
    assert.equal(await shown(played.securePort, 'x.b.example'), 'nobody');
    assert.equal(await shown(played.securePort, 'bad.test'), 'nobody');
    assert.equal(await shown(played.securePort, undefined), 'nobody');
    played.use(objects(await issue('second', 'a.example'), '2'));
    assert.equal(await shown(played.securePort, 'a.example'), 'second');
    await played.stop();
  });
});

describe('clients of the ingress', () => {
  it('are whom the PROXY protocol names', async () => {
    const backend = await playBackend('a');
    const played = await PlayedIngress.start({
      ingresses: [{ name: 'a', spec: { rules: [ruleFor('', { '/': 'a' })] } }],
      backends: { a: [backend.port] },
      settings: { proxyProtocol: true },
    });
    const request = 'GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n';
    const text = await sendRaw(played.port, `PROXY TCP4 203.0.113.9 10.0.0.1 12345 80\r\n${request}`);
    assert.match(text, /"x-forwarded-for":"203.0.113.9"/);
    assert.equal(await sendRaw(played.port, request), '');
    const secure = net.connect(played.securePort, '127.0.0.1');
    secure.write('PROXY TCP4 203.0.113.10 10.0.0.1 12345 443\r\n');
    const socket = tls.connect({ socket: secure, rejectUnauthorized: false });
    let answer = '';
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString();
    });
    socket.write(request);
    await once(socket, 'close');
    assert.match(answer, /"x-forwarded-for":"203.0.113.10"/);
    await played.stop();
    backend.stop();
  });

  it('are no more than may be', async () => {
    const played = await PlayedIngress.start({
      ingresses: [],
      backends: {},
      settings: { connections: { all: 100, perAddress: 2 } },
    });
    const open = () => net.connect(played.port, '127.0.0.1');
    const [one, two] = [open(), open()];
    await Promise.all([once(one, 'connect'), once(two, 'connect')]);
    const third = open();
    third.on('error', () => {});
    await once(third, 'close');
    one.destroy();
    await eventually('there is room again', async () => (await ask(played.port).catch(() => undefined))?.code === 404);
    two.destroy();
    await played.stop();
  });
});
