import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import net from 'node:net';
import { after, describe, it } from 'node:test';
import type { HTTPGetAction } from '../../api/types/core/v1.ts';
import { systemClock } from '../../base/clock.ts';
import { FakeRuntime } from '../runtime/testing/fake-runtime.ts';
import { askExec, askGrpc, askHttp, askTcp, resolvePort } from './handlers.ts';

describe('probe handlers', () => {
  const servers: net.Server[] = [];
  const sockets = new Set<net.Socket>();
  after(() => {
    for (const socket of sockets) socket.destroy();
    for (const server of servers) server.close();
  });

  async function listen(server: net.Server): Promise<number> {
    server.on('connection', (socket: net.Socket) => sockets.add(socket));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    servers.push(server);
    return (server.address() as AddressInfo).port;
  }
  const ask = (port: number, timeoutMs: number, signal?: AbortSignal) =>
    askHttp({ action: { port }, podIp: '127.0.0.1', port, timeoutMs, clock: systemClock, userAgent: 'test', signal });

  it('takes an answer with its whole body for success, and a long one as soon as it has seen enough', async () => {
    const short = await listen(http.createServer((_, response) => response.end('fine')));
    assert.deepEqual(await ask(short, 10_000), { result: 'success', output: 'fine' });
    const endless = http.createServer((_, response) => {
      response.on('drain', () => response.write('x'.repeat(4096)));
      response.write('x'.repeat(64 * 1024));
    });
    const { result, output } = await ask(await listen(endless), 10_000);
    assert.deepEqual([result, output.length], ['success', 10 * 1024]);
  });

  describe('asks by HTTP', () => {
    /** Answers by path, and notes what it was asked. */
    async function listenByPath() {
      const asked: http.IncomingMessage[] = [];
      const port = await listen(
        http.createServer((request, response) => {
          asked.push(request);
          const [, code = '200', location] = /^\/(\d+)(?:\?to=(.*))?$/.exec(request.url ?? '') ?? [];
          response.writeHead(Number(code), location === undefined ? {} : { location }).end('the body');
        }),
      );
      const askAt = (action: Omit<HTTPGetAction, 'port'>) =>
        askHttp({
          action: { port, ...action },
          podIp: '127.0.0.1',
          port,
          timeoutMs: 10_000,
          clock: systemClock,
          userAgent: 'test',
        });
      return { askAt, asked, port };
    }

    it('what is from 200 to 399 has passed, all else failed', async () => {
      const { askAt } = await listenByPath();
      const results: Record<string, string> = {};
      for (const code of ['200', '204', '304', '399', '400', '404', '500'])
        results[code] = (await askAt({ path: `/${code}` })).output;
      assert.deepEqual(results, {
        200: 'the body',
        204: '',
        304: '',
        399: 'the body',
        400: 'HTTP probe failed with statuscode: 400',
        404: 'HTTP probe failed with statuscode: 404',
        500: 'HTTP probe failed with statuscode: 500',
      });
    });

    it('follows redirects on the same host, ten of them, and none to another', async () => {
      const { askAt, asked } = await listenByPath();
      assert.equal((await askAt({ path: '/302?to=/500' })).output, 'HTTP probe failed with statuscode: 500');
      assert.deepEqual(await askAt({ path: '/302?to=http://other.example/' }), {
        result: 'warning',
        output: 'Probe terminated redirects, Response body: the body',
      });
      asked.length = 0;
      const circle = await askAt({ path: '/302?to=' });
      assert.deepEqual([circle.result, asked.length], ['failure', 11]);
      assert.match(circle.output, /stopped after 10 redirects$/);
    });

    it('says who it is, and what the probe says', async () => {
      const { askAt, asked } = await listenByPath();
      await askAt({
        httpHeaders: [
          { name: 'Host', value: 'my.example' },
          { name: 'X-A', value: '1' },
        ],
      });
      await askAt({
        httpHeaders: [
          { name: 'Accept', value: '' },
          { name: 'User-Agent', value: 'mine' },
        ],
      });
      const [first, second] = asked.map(({ headers }) => headers);
      assert.deepEqual(
        [first?.host, first?.['x-a'], first?.accept, first?.['user-agent']],
        ['my.example', '1', '*/*', 'test'],
      );
      assert.deepEqual([second?.accept, second?.['user-agent']], [undefined, 'mine']);
    });

    const paths: readonly [path: string | undefined, wanted: string][] = [
      [undefined, '/'],
      ['', '/'],
      ['health', '/health'],
      ['/a?b=c', '/a?b=c'],
      // Whatever the path, the pod is asked and nobody else.
      ['//other.example/a', '/a'],
      ['//other.example:99/a', '/a'],
      ['http://other.example/', '/http://other.example/'],
    ];
    for (const [path, wanted] of paths)
      it(`the pod itself, at ${path}`, async () => {
        const { askAt, asked, port } = await listenByPath();
        await askAt(path === undefined ? {} : { path });
        assert.deepEqual(
          asked.map(({ url, headers }) => [url, headers.host]),
          [[wanted, `127.0.0.1:${port}`]],
        );
      });

    it('and says who did not answer', async () => {
      const { askAt, port } = await listenByPath();
      servers.at(-1)?.close();
      for (const socket of sockets) socket.destroy();
      assert.equal(
        (await askAt({ path: '/x' })).output,
        `Get "http://127.0.0.1:${port}/x": dial tcp 127.0.0.1:${port}: connect: connection refused`,
      );
    });
  });

  const ports: readonly [port: string | number, wanted: number][] = [
    [8080, 8080],
    ['8080', 8080],
    ['web', 80],
  ];
  for (const [port, wanted] of ports)
    it(`takes ${JSON.stringify(port)} for port ${wanted}`, () =>
      assert.equal(resolvePort(port, { name: 'a', ports: [{ name: 'web', containerPort: 80 }] }), wanted));

  it('says that a container has no such port', () => {
    assert.throws(() => resolvePort('web', { name: 'a' }), { message: 'strconv.Atoi: parsing "web": invalid syntax' });
  });

  it('fails an HTTP probe at its time-out, whatever of the answer does not come', async () => {
    const silent = await listen(net.createServer());
    const headless = await listen(net.createServer((socket) => socket.write('HTTP/1.1 200 OK\r\n')));
    const bodyless = await listen(http.createServer((_, response) => response.write('begins')));
    for (const [port, why] of [
      [silent, /awaiting headers/],
      [headless, /awaiting headers/],
      [bodyless, /reading body/],
    ] as const) {
      const { result, output } = await ask(port, 100);
      assert.equal(result, 'failure');
      assert.match(output, why);
    }
  });

  it('says of a connection that ended early how it ended', async () => {
    const closing = await listen(net.createServer((socket) => socket.once('data', () => socket.end())));
    const resetting = await listen(net.createServer((socket) => socket.once('data', () => socket.resetAndDestroy())));
    const breaking = await listen(
      net.createServer((socket) =>
        socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nbegins')),
      ),
    );
    for (const [port, why] of [
      [closing, 'EOF'],
      [resetting, `read tcp 127.0.0.1:${resetting}: read: connection reset by peer`],
      [breaking, 'unexpected EOF'],
    ] as const)
      assert.deepEqual(await ask(port, 10_000), {
        result: 'failure',
        output: `Get "http://127.0.0.1:${port}/": ${why}`,
      });
  });

  it('fails an exec probe at its time-out, be it the command or the engine that hangs', async () => {
    const runtime = new FakeRuntime();
    const question = { command: ['sh', '-c', 'while true'], timeoutMs: 50, clock: systemClock };
    assert.equal((await askExec(runtime, 'c', question)).result, 'failure');
    runtime.hold('exec');
    assert.match((await askExec(runtime, 'c', { ...question, command: ['true'] })).output, /timed out/);
  });

  it('fails a gRPC probe that is not answered at its time-out', async () => {
    const port = await listen(net.createServer());
    const { result } = await askGrpc('127.0.0.1', { port, service: '', timeoutMs: 50, clock: systemClock });
    assert.equal(result, 'failure');
  });

  it('asks by gRPC for a service of any name, and reads no answer without end', async () => {
    const service = 'x'.repeat(300);
    const heard: Buffer[] = [];
    const answering = http2.createServer();
    answering.on('stream', async (stream) => {
      for await (const chunk of stream) heard.push(chunk as Buffer);
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
      stream.end(Buffer.from([0, 0, 0, 0, 2, 0x08, 1]));
    });
    const question = { service, timeoutMs: 10_000, clock: systemClock };
    const port = await listen(answering);
    assert.deepEqual(await askGrpc('127.0.0.1', { port, ...question }), { result: 'success', output: '' });
    const message = Buffer.concat([Buffer.from([0x0a, 0xac, 0x02]), Buffer.from(service)]);
    assert.deepEqual(Buffer.concat(heard), Buffer.concat([Buffer.from([0, 0, 0, 1, 0x2f]), message]));

    const endless = http2.createServer();
    endless.on('stream', (stream) => {
      stream.on('error', () => {});
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
      const more = () => void (stream.destroyed || stream.write(Buffer.alloc(4096), more));
      more();
    });
    const { result, output } = await askGrpc('127.0.0.1', { port: await listen(endless), ...question });
    assert.deepEqual([result, /larger than/.test(output)], ['failure', true]);
  });

  it('gives up when nobody wants the answer any more', async () => {
    const silent = await listen(net.createServer());
    const stop = AbortSignal.abort();
    assert.equal((await ask(silent, 60_000, stop)).result, 'failure');
    assert.equal(
      (await askTcp('192.0.2.1', 1, { timeoutMs: 60_000, clock: systemClock, signal: AbortSignal.timeout(20) })).result,
      'failure',
    );
  });
});
