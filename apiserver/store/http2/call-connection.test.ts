import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  createServer,
  type Http2Server,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type Settings,
} from 'node:http2';
import { type AddressInfo, connect, createServer as createSocketServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { createDeferred } from '../../../base/deferred.ts';
import { frameMessage } from './call-answer.ts';
import { CallConnection } from './call-connection.ts';

/** Longer than any test. */
const patientMs = 60_000;
const message = (size: number, fill = 1): Buffer => Buffer.alloc(size, fill);

type Answering = (stream: ServerHttp2Stream, body: Buffer, path: string) => void;

const echo: Answering = (stream, body) => {
  stream.respond({ 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0', 'grpc-message': '' }));
  stream.end(body);
};

interface Peer {
  readonly connection: CallConnection;
  readonly session: ServerHttp2Session;
  readonly closings: () => number;
}

interface PeerOptions extends Settings {
  readonly lastStream?: number;
}

/** A connection to Node's own HTTP/2 server. */
async function connectTo(
  t: TestContext,
  answer: Answering,
  { lastStream, ...settings }: PeerOptions = {},
): Promise<Peer> {
  const server: Http2Server = createServer({ settings });
  server.on('sessionError', () => {});
  const session = createDeferred<ServerHttp2Session>();
  server.on('session', (one) => session.resolve(one));
  server.on('stream', (stream, headers) => {
    const chunks: Buffer[] = [];
    stream.on('error', () => {});
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => answer(stream, Buffer.concat(chunks), String(headers[':path'])));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  let closings = 0;
  const connection = new CallConnection(connect((server.address() as AddressInfo).port, '127.0.0.1'), {
    ...{ isSecure: false, authority: 'localhost' },
    ...(lastStream !== undefined && { lastStream }),
    onClosing() {
      closings += 1;
    },
  });
  t.after(() => {
    connection.destroy();
    server.close();
  });
  await connection.spoken;
  return { connection, session: await session.promise, closings: () => closings };
}

test('a call comes back with its message', async (t) => {
  const { connection } = await connectTo(t, echo);
  for (const size of [0, 1, 20_000])
    assert.deepEqual(await connection.call('/a/b', message(size), patientMs), message(size));
});

test('the path is what was called', async (t) => {
  const { connection } = await connectTo(t, (stream, _body, path) =>
    echo(stream, frameMessage(Buffer.from(path)), path),
  );
  assert.equal(
    (await connection.call('/etcdserverpb.KV/Txn', message(0), patientMs)).toString(),
    '/etcdserverpb.KV/Txn',
  );
});

test('a connection whose streams run out answers what it has taken, and takes no more', async (t) => {
  const { connection, closings } = await connectTo(t, echo, { lastStream: 5 });
  const calls = [1, 2, 3, 4].map((fill) => connection.call('/a/b', message(8, fill), patientMs));
  assert.deepEqual(
    await Promise.all(calls),
    [1, 2, 3, 4].map((fill) => message(8, fill)),
  );
  assert.deepEqual([connection.isUsable, closings()], [false, 1]);
  await assert.rejects(connection.call('/a/b', message(8), patientMs), /^CallError: 14 UNAVAILABLE/);
});

test('many large calls share windows of a few bytes, and fewer streams than there are calls', async (t) => {
  const { connection } = await connectTo(t, echo, { initialWindowSize: 1_000, maxConcurrentStreams: 3 });
  const messages = Array.from({ length: 40 }, (_, n) => message(50_000 + n, n));
  const answers = await Promise.all(messages.map((one) => connection.call('/a/b', one, patientMs)));
  for (const [n, answer] of answers.entries()) assert.ok(answer.equals(messages[n] ?? message(0)), `answer ${n}`);
});

test('answers of more bytes than the connection takes at first', async (t) => {
  const { connection } = await connectTo(t, echo);
  const large = message(3_000_000);
  for (let n = 0; n < 5; n += 1) assert.ok((await connection.call('/a/b', large, patientMs)).equals(large));
});

test('a refusal says why, in its headers or at the end', async (t) => {
  const refusal = { 'grpc-status': '5', 'grpc-message': 'no such%20thing' };
  const { connection } = await connectTo(t, (stream, _body, path) => {
    if (path === '/headers') stream.respond(refusal, { endStream: true });
    else {
      stream.respond({}, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers(refusal));
      stream.end();
    }
  });
  for (const path of ['/headers', '/trailers'])
    await assert.rejects(connection.call(path, message(1), patientMs), { message: '5 NOT_FOUND: no such thing' });
});

test('an answer without a status is a lost connection', async (t) => {
  const { connection } = await connectTo(t, (stream) => {
    stream.respond({ ':status': 502 });
    stream.end('Bad Gateway');
  });
  await assert.rejects(connection.call('/a/b', message(1), patientMs), /Connection dropped/);
});

test('a call that was reset fails alone: unseen where the other side says so', async (t) => {
  const { connection } = await connectTo(t, (stream, body, path) => {
    if (path === '/echo') echo(stream, body, path);
    else stream.close(path === '/refused' ? 7 : 2);
  });
  await assert.rejects(connection.call('/refused', message(1), patientMs), /No connection established/);
  await assert.rejects(connection.call('/broken', message(1), patientMs), /Connection dropped/);
  assert.deepEqual(await connection.call('/echo', message(1), patientMs), message(1));
});

test('a call that is not answered in time closes the connection to others; those under way end well', async (t) => {
  const held: ServerHttp2Stream[] = [];
  const { connection, closings } = await connectTo(t, (stream) => held.push(stream));
  const patient = connection.call('/a/b', message(1), patientMs);
  await assert.rejects(connection.call('/a/b', message(1), 50), /DEADLINE_EXCEEDED/);
  assert.equal(connection.isUsable, false);
  assert.equal(closings(), 1);
  await assert.rejects(connection.call('/a/b', message(1), patientMs), /No connection established/);
  const [first] = held;
  if (first !== undefined) echo(first, frameMessage(message(2)), '');
  assert.deepEqual(await patient, message(2));
});

test('a server that goes away is asked no more, and what it has seen ends well', async (t) => {
  const held = createDeferred<ServerHttp2Stream>();
  const { connection, session } = await connectTo(t, (stream) => held.resolve(stream));
  const seen = connection.call('/a/b', message(1), patientMs);
  const stream = await held.promise;
  session.goaway(0, stream.id);
  while (connection.isUsable) await new Promise(setImmediate);
  echo(stream, frameMessage(message(2)), '');
  assert.deepEqual(await seen, message(2));
});

test('a connection that breaks: nobody knows of what was sent', async (t) => {
  const { connection, session } = await connectTo(t, () => session.destroy());
  await assert.rejects(connection.call('/a/b', message(1), patientMs), /Connection dropped/);
  await assert.rejects(connection.call('/a/b', message(1), patientMs), /No connection established/);
});

test('whoever does not speak HTTP/2 is refused', async (t) => {
  const server = createSocketServer((socket) => socket.on('error', () => {}).end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const connection = new CallConnection(socket, { isSecure: false, authority: 'localhost', onClosing: () => {} });
  t.after(() => server.close());
  await assert.rejects(connection.spoken, /No connection established/);
});

test('nobody listens', async () => {
  const socket = connect(1, '127.0.0.1');
  const connection = new CallConnection(socket, { isSecure: false, authority: 'localhost', onClosing: () => {} });
  await assert.rejects(connection.spoken, /No connection established: .*ECONNREFUSED/);
});
