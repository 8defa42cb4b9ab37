import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { WebSocket, WebSocketServer } from 'ws';
import { StatusError } from '../../../api/status-error.ts';
import { ApiRequest } from '../../server/api-request.ts';
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

const proxy = new WebProxy();
const prefix = '/api/v1/namespaces/n/pods/p/proxy';
let target = { secure: false, host: '127.0.0.1', port: 0 };
let failure: unknown;
const front = http.createServer(async (incoming, outgoing) => {
  try {
    await proxy.pass(new ApiRequest(incoming, outgoing), { ...target, prefix, path: incoming.url ?? '' });
  } catch (error) {
    failure = error;
    outgoing.writeHead(500).end();
  }
});
front.on('upgrade', (incoming, socket: net.Socket, head) => {
  const outgoing = new http.ServerResponse(incoming);
  outgoing.assignSocket(socket);
  void proxy.pass(new ApiRequest(incoming, outgoing, { socket, head }), {
    ...target,
    prefix,
    path: incoming.url ?? '',
  });
});

const portOf = (server: http.Server): number => (server.address() as AddressInfo).port;

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
