import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { WebSocket, WebSocketServer } from 'ws';
import { StatusError } from '../../../api/status-error.ts';
import { systemClock } from '../../../base/clock.ts';
import { ApiRequest } from '../../request/api-request.ts';
import { WebProxy } from './web-proxy.ts';

/** What a pod serves. */
const pod = http.createServer((request, response) => {
  const path = request.url?.split('?')[0];
  if (path === '/echo') {
    response.setHeader('x-url', request.url ?? '');
    response.setHeader('x-headers', JSON.stringify(request.headers));
    request.pipe(response);
  } else if (path === '/page') {
    const html = `<!doctype html><a href="/a?b&amp;c">ü</a><img src=x.png><script src='//cdn/x'></script><p title="/a">`;
    const isPacked = request.url?.endsWith('?packed');
    const headers = { 'content-type': 'text/html; charset=utf-8', 'access-control-allow-origin': '*' };
    response.writeHead(200, { ...headers, ...(isPacked && { 'content-encoding': 'gzip' }) });
    response.end(isPacked ? gzipSync(html) : html);
  } else if (path === '/moved') {
    const location = new URL(request.url ?? '', 'http://x').searchParams.get('to') ?? '';
    response.writeHead(302, { location: location.replace('SELF', request.headers.host ?? '') }).end();
  } else if (path === '/odd') response.socket?.end('HTTP/1.1 099 Odd\r\nx: y\r\n\r\n');
  else if (path === '/late') response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
  else if (path === '/cut') {
    response.writeHead(200, { 'content-length': '10' });
    response.write('half', () => response.destroy());
  } else response.writeHead(404).end('not here');
  if (path === '/late') response.on('close', () => pod.emit('left'));
});
new WebSocketServer({ server: pod, path: '/socket' }).on('connection', (socket) => {
  socket.on('message', (data) => socket.send(`pod: ${data}`));
});

const prefix = '/api/v1/namespaces/n/pods/p/proxy';
let target = { secure: false, host: '127.0.0.1', port: 0 };
let failure: unknown;
const proxy = new WebProxy();
const front = http.createServer(async (incoming, outgoing) => {
  try {
    await proxy.pass(new ApiRequest(incoming, outgoing, { clock: systemClock }), {
      ...target,
      prefix,
      path: incoming.url ?? '',
    });
  } catch (error) {
    failure = error;
    outgoing.writeHead(500).end();
  }
});
front.on('upgrade', (incoming, socket: net.Socket, head) => {
  const outgoing = new http.ServerResponse(incoming);
  outgoing.assignSocket(socket);
  outgoing.on('finish', () => socket.end());
  const request = new ApiRequest(incoming, outgoing, { clock: systemClock, upgrade: { socket, head } });
  proxy.pass(request, { ...target, prefix, path: incoming.url ?? '' }).catch((error) => {
    outgoing.writeHead(error instanceof StatusError ? error.code : 500).end();
  });
});

const portOf = (server: http.Server): number => (server.address() as AddressInfo).port;

describe('web proxy', () => {
  before(async () => {
    for (const server of [pod, front]) await once(server.listen(0, '127.0.0.1'), 'listening');
    target = { ...target, port: portOf(pod) };
  });
  after(() => {
    for (const server of [pod, front]) {
      server.close();
      server.closeAllConnections();
    }
  });

  test('a request arrives whole, without what the client told us alone; its answer comes back whole', async () => {
    const body = Buffer.alloc(2_000_000, 'x');
    const answer = await fetch(`http://127.0.0.1:${portOf(front)}/echo?to=http://a//b`, {
      method: 'POST',
      body,
      headers: { authorization: 'Bearer secret', 'impersonate-user': 'jane', 'x-remote-user': 'jane', 'x-own': 'yes' },
    });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('x-url'), '/echo?to=http://a//b');
    const seen = JSON.parse(answer.headers.get('x-headers') ?? '{}');
    assert.deepEqual(
      [seen['x-own'], seen.authorization, seen['impersonate-user'], seen['x-remote-user'], seen.host],
      ['yes', undefined, undefined, undefined, `127.0.0.1:${target.port}`],
    );
    assert.match(answer.headers.get('audit-id') ?? '', /^[0-9a-f-]{36}$/);
    assert.ok(Buffer.from(await answer.arrayBuffer()).equals(body));
    assert.equal((await fetch(`http://127.0.0.1:${portOf(front)}/nothing`)).status, 404);
  });

  test('the head of an answer does not wait for its body, and a client that leaves is gone for the pod too', async () => {
    const leaving = new AbortController();
    const left = once(pod, 'left');
    const answer = await fetch(`http://127.0.0.1:${portOf(front)}/late`, { signal: leaving.signal });
    assert.equal(answer.headers.get('content-type'), 'text/event-stream');
    leaving.abort();
    await left;
  });

  test('links and redirects of a page stay below the proxy, in pages that are packed too', async () => {
    for (const query of ['', '?packed']) {
      const answer = await fetch(`http://127.0.0.1:${portOf(front)}/page${query}`);
      assert.equal(
        await answer.text(),
        `<!doctype html><a href="${prefix}/a?b&amp;c">ü</a><img src=x.png><script src='//cdn/x'></script><p title="/a">`,
      );
      assert.equal(answer.headers.get('access-control-allow-origin'), null);
    }
    const locations: Readonly<Record<string, string>> = {
      '/new/': `${prefix}/new/`,
      'http://SELF/new?x': `${prefix}/new?x`,
      'http://elsewhere/new': 'http://elsewhere/new',
      next: 'next',
    };
    for (const [to, want] of Object.entries(locations)) {
      const url = `http://127.0.0.1:${portOf(front)}/moved?to=${encodeURIComponent(to)}`;
      assert.equal((await fetch(url, { redirect: 'manual' })).headers.get('location'), want);
    }
  });

  test('an answer that cannot be passed on ends the connection, not the server', async () => {
    await assert.rejects(fetch(`http://127.0.0.1:${portOf(front)}/odd`));
    assert.equal((await fetch(`http://127.0.0.1:${portOf(front)}/nothing`)).status, 404);
  });

  test('half an answer ends in an error', async () => {
    const answer = await fetch(`http://127.0.0.1:${portOf(front)}/cut`);
    await assert.rejects(answer.text());
  });

  test('a pod that does not answer is ServiceUnavailable', async () => {
    const there = target;
    const closed = net.createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    target = { ...there, port: (closed.address() as AddressInfo).port };
    closed.close();
    await once(closed, 'close');
    await fetch(`http://127.0.0.1:${portOf(front)}/echo`);
    assert.ok(failure instanceof StatusError && failure.code === 503, String(failure));
    const socket = new WebSocket(`ws://127.0.0.1:${portOf(front)}/socket`);
    const [, refusal] = await once(socket, 'unexpected-response');
    assert.equal(refusal.statusCode, 503);
    target = there;
  });

  test('a connection is upgraded; what the pod says instead is passed on', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${portOf(front)}/socket`);
    await once(socket, 'open');
    socket.send('hello');
    const [message] = await once(socket, 'message');
    assert.equal(String(message), 'pod: hello');
    socket.close();
    await once(socket, 'close');
    const refused = new WebSocket(`ws://127.0.0.1:${portOf(front)}/other`);
    const [, answer] = await once(refused, 'unexpected-response');
    assert.equal(answer.statusCode, 400);
  });

  /** All that the other side hears and answers: requests that it took for such, and the client's view of the answers. */
  async function exchange(sent: string) {
    const heard: string[] = [];
    const backend = http.createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      heard.push(`${request.method} ${request.url} ${body}`);
      response.writeHead(200, { 'audit-id': 'forged', 'x-seen': JSON.stringify(request.headers) }).end();
    });
    backend.on('upgrade', (_, socket) => {
      socket.end('HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: SPDY/3.1\r\n\r\ntunnelled');
    });
    await once(backend.listen(0, '127.0.0.1'), 'listening');
    const there = target;
    target = { ...there, port: portOf(backend) };
    const client = net.connect(portOf(front), '127.0.0.1');
    client.write(sent);
    let answer = '';
    for await (const chunk of client) answer += chunk;
    target = there;
    backend.close();
    backend.closeAllConnections();
    return { heard, answer };
  }

  test('a body never is a request of its own, whatever the method and its framing', async () => {
    const hidden = 'GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n';
    const framed = {
      chunked: `Transfer-Encoding: chunked\r\n\r\n${hidden.length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`,
      length: `Content-Length: ${hidden.length}\r\n\r\n${hidden}`,
      'length, said to be of this hop': `Connection: content-length\r\nContent-Length: ${hidden.length}\r\n\r\n${hidden}`,
    };
    for (const method of ['DELETE', 'OPTIONS', 'GET', 'POST'])
      for (const [how, rest] of Object.entries(framed)) {
        const { heard } = await exchange(`${method} /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${rest}`);
        assert.deepEqual(heard, [`${method} /a ${hidden}`], `${method} with ${how}`);
      }
  });

  test('headers of one hop end at it, and the audit ID is the server’s own', async () => {
    const hop = 'TE: trailers\r\nKeep-Alive: timeout=9\r\nProxy-Connection: x\r\nX-Mine: 1\r\nX-Yours: 2\r\n';
    const { answer } = await exchange(`GET /a HTTP/1.1\r\nHost: x\r\nConnection: close, X-Mine\r\n${hop}\r\n`);
    const seen = JSON.parse(/^x-seen: (.*)$/m.exec(answer)?.[1] ?? '{}');
    assert.deepEqual(
      [seen.te, seen['keep-alive'], seen['proxy-connection'], seen['x-mine'], seen['x-yours']],
      [undefined, undefined, undefined, undefined, '2'],
    );
    assert.match(answer, /^audit-id: [0-9a-f-]{36}\r$/m);
    assert.doesNotMatch(answer, /forged/);
  });

  test('any upgrade is tunnelled', async () => {
    const { answer } = await exchange(
      'POST /exec HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nContent-Length: 0\r\n\r\n',
    );
    assert.match(answer, /^HTTP\/1\.1 101 [\s\S]*upgrade: SPDY\/3\.1[\s\S]*tunnelled$/);
  });
});
