import assert from 'node:assert/strict';
import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Duplex, PassThrough } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import type { ApiRequest } from '../../request/api-request.ts';
import { forward } from './forward.ts';

/** A client's connection that takes nothing until it is told to. */
class SlowConnection extends Duplex {
  readonly written: Buffer[] = [];
  /** How many writes each turn took. */
  readonly turns: number[] = [];
  #release: () => void = () => {};
  readonly #released = new Promise<void>((resolve) => {
    this.#release = resolve;
  });

  release(): void {
    this.#release();
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error) => void): void {
    this._writev([{ chunk }], done);
  }

  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error) => void): void {
    void this.#released.then(() => {
      this.turns.push(chunks.length);
      this.written.push(...chunks.map(({ chunk }) => chunk));
      done();
    });
  }
}

const requestOf = (socket: Duplex): ApiRequest =>
  ({
    method: 'GET',
    upgrade: { socket, head: Buffer.alloc(0) },
    incoming: { headers: { upgrade: 'test', authorization: 'Bearer secret', 'x-remote-user': 'jane' } },
    signal: new AbortController().signal,
    takeSocket: () => socket,
  }) as unknown as ApiRequest;

describe('forward of an upgraded connection', () => {
  const server = http.createServer();
  let port: number;
  let serve: (socket: Socket, request: IncomingMessage) => void = () => {};

  before(async () => {
    server.on('upgrade', (request, socket: Socket) => {
      socket.on('error', () => {});
      socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: test\r\n\r\n');
      serve(socket, request);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  const target = () => ({ secure: false, host: '127.0.0.1', port, path: '/' });

  it('gives a slow client all of it, each piece by itself, and then the end', async () => {
    const content = Buffer.alloc(30_000, 'x');
    let hungUp: Promise<unknown> = Promise.resolve();
    let begin: () => void = () => {};
    const begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    let credentials: unknown;
    serve = (socket, { headers }) => {
      credentials = [headers.authorization, headers['x-remote-user']];
      hungUp = once(socket.resume(), 'close');
      socket.end(content);
      begin();
    };
    const client = new SlowConnection();
    const over = forward(requestOf(client), target());
    const finished = once(client, 'finish');
    await begun;
    // The far side is gone before the client takes anything.
    await hungUp;
    client.release();
    await finished;
    client.destroy();
    await over;
    const [head, ...body] = client.written;
    assert.match(head?.toString() ?? '', /^HTTP\/1\.1 101 Switching Protocols\r\n/);
    assert.equal(Buffer.concat(body).length, content.length);
    assert.ok(
      client.turns.every((size) => size === 1),
      client.turns.join(),
    );
    assert.deepEqual(credentials, [undefined, undefined]);
  });

  it('gives the other side all that the client sent, however slowly it is taken', async () => {
    const size = 300_000;
    const taken = new Promise<number>((resolve) => {
      serve = (socket) => {
        let length = 0;
        socket.on('data', (chunk: Buffer) => {
          length += chunk.length;
          socket.pause();
          setTimeout(() => socket.resume(), 1);
        });
        socket.on('end', () => {
          resolve(length);
          socket.end();
        });
      };
    });
    const client = new PassThrough();
    // Nothing is to be read of what it has written itself.
    const connection = Duplex.from({ readable: client, writable: new PassThrough().resume() });
    const over = forward(requestOf(connection), target());
    client.end(Buffer.alloc(size));
    assert.equal(await taken, size);
    await over;
  });

  it('gives the client what was written last when the other side no longer takes anything', async () => {
    serve = (socket) => {
      socket.on('data', () => {});
      socket.end('last words');
      setImmediate(() => socket.destroy());
    };
    const client = new SlowConnection();
    const over = forward(requestOf(client), target());
    client.push(Buffer.alloc(200_000));
    const finished = once(client, 'finish');
    client.release();
    await finished;
    client.destroy();
    await over;
    assert.equal(client.written.slice(1).toString(), 'last words');
  });

  it('hangs up on the other side when the client does', async () => {
    const arrived = new Promise<Socket>((resolve) => {
      serve = resolve;
    });
    const client = new SlowConnection();
    const over = forward(requestOf(client), target());
    const socket = await arrived;
    const ended = once(socket.resume(), 'end');
    client.destroy();
    await ended;
    socket.end();
    await over;
  });
});
