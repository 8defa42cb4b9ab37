import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Duplex, duplexPair } from 'node:stream';
import { describe, it } from 'node:test';
import { deflateSync } from 'node:zlib';
import { eventually } from '../../../test/support/eventually.ts';
import { SpdyClient } from '../../../test/support/spdy-client.ts';
import { SpdyConnection, type SpdyStream } from './spdy-connection.ts';
import { HeaderReader, HeaderWriter, spdyDictionary } from './spdy-headers.ts';

describe('SPDY', () => {
  it('has the dictionary of the protocol', () => {
    assert.equal(spdyDictionary.length, 1423);
  });

  it('reads what it writes, block after block', async () => {
    const [writer, reader] = [new HeaderWriter(), new HeaderReader()];
    for (const headers of [
      new Map([['streamtype', 'error']]),
      new Map(),
      new Map([
        ['port', '80'],
        ['requestid', '1'],
      ]),
    ])
      assert.deepEqual(await reader.read(await writer.write(headers)), headers);
    writer.close();
    reader.close();
  });

  it('refuses a damaged header block', async () => {
    await assert.rejects(new HeaderReader().read(Buffer.from('no zlib at all')));
  });

  it('unpacks no header block without a limit', async () => {
    const bomb = deflateSync(Buffer.alloc(100 << 20), { dictionary: spdyDictionary });
    assert.ok(bomb.length < 1 << 20);
    await assert.rejects(new HeaderReader().read(bomb), /unpacks to too much/);
    const pairs = Buffer.alloc(4 + 300 * 8);
    pairs.writeUInt32BE(300);
    await assert.rejects(new HeaderReader().read(deflateSync(pairs, { dictionary: spdyDictionary })), /300 headers/);
  });

  it('reads no more of a client that does not take its answers, and goes on when it does', async () => {
    const ping = Buffer.from([0x80, 3, 0, 6, 0, 0, 0, 4, 0, 0, 0, 1]);
    const count = 200_000;
    let given = 0;
    const answers: (() => void)[] = [];
    let isTaking = false;
    let answered = 0;
    const socket = new Duplex({
      read() {
        given += 1_000;
        this.push(given > count ? null : Buffer.concat(Array.from({ length: 1_000 }, () => ping)));
      },
      write(chunk: Buffer, _, done) {
        answered += chunk.length;
        if (isTaking) done();
        else answers.push(done);
      },
    });
    const over = new SpdyConnection(socket, () => {}).run(Buffer.alloc(0), 'keep input');
    for (let round = 0; round < 500; round += 1) await new Promise(setImmediate);
    assert.ok(socket.writableLength < 300 * 1024, `${socket.writableLength} bytes wait`);
    assert.ok(given < count / 2, `${given} frames were read`);
    isTaking = true;
    for (const done of answers) done();
    await over;
    assert.ok(given > count && answered > 200_000 * 11, `${answered} bytes`);
  });

  it('opens a stream, carries data both ways and ends', async () => {
    const [client, server] = duplexPair();
    const streams: SpdyStream[] = [];
    const connection = new SpdyConnection(server, (stream) => streams.push(stream));
    const over = connection.run(Buffer.alloc(0));
    const block = await new HeaderWriter().write(new Map([['streamtype', 'data']]));
    const body = Buffer.concat([Buffer.from([0, 0, 0, 1, 0, 0, 0, 0, 0, 0]), block]);
    const head = Buffer.from([0x80, 3, 0, 1, 0, 0, 0, body.length]);
    client.write(Buffer.concat([head, body, Buffer.from([0, 0, 0, 1, 1, 0, 0, 2]), Buffer.from('hi')]));
    const [reply] = (await once(client, 'data')) as [Buffer];
    assert.equal(reply.readUInt16BE(2), 2);
    const [stream] = streams;
    assert.equal(stream?.headers.get('streamtype'), 'data');
    assert(stream !== undefined);
    const heard: string[] = [];
    stream.on('data', (chunk: Buffer) => heard.push(chunk.toString()));
    await once(stream, 'end');
    assert.deepEqual(heard, ['hi']);
    const received: Buffer[] = [];
    client.on('data', (chunk: Buffer) => received.push(chunk));
    stream.end('yes');
    await once(stream, 'finish');
    assert.match(Buffer.concat(received).toString('latin1'), /yes/);
    client.destroy();
    server.destroy();
    await over;
  });

  /** A stream of 4 MiB that nobody reads yet. */
  async function fillStream() {
    const [near, far] = duplexPair();
    const client = new SpdyClient(near);
    const streams: SpdyStream[] = [];
    const over = new SpdyConnection(far, (stream) => streams.push(stream)).run(Buffer.alloc(0));
    const id = await client.open({ streamtype: 'stdin' });
    let takenSize = 0;
    const chunk = Buffer.alloc(64 * 1024);
    const taken = () => {
      takenSize += chunk.length;
    };
    for (let count = 0; count < 64; count += 1) client.send(id, chunk, { taken });
    client.end(id);
    const stream = await eventually('a megabyte is taken', () => takenSize >= 1 << 20 && streams[0]);
    // As many rounds as would take the rest.
    for (let round = 0; round < 500; round += 1) await new Promise(setImmediate);
    assert.ok(takenSize < 2 << 20, `${takenSize} bytes were taken`);
    return { stream, far, over, client };
  }

  it('reads no more than a stream may hold, and goes on when it is read', async () => {
    const { stream, far, over, client } = await fillStream();
    let received = 0;
    for await (const part of stream) received += (part as Buffer).length;
    assert.equal(received, 4 << 20);
    far.destroy();
    await over;
    client.close();
  });

  it('ends streams that nobody reads with their connection', async () => {
    const { stream, far, over, client } = await fillStream();
    far.destroy();
    await over;
    assert.ok(stream.destroyed);
    client.close();
  });

  for (const lastInput of ['keep input', 'drop input'] as const) {
    it(`${lastInput} that came before the connection was over`, async () => {
      const [client, server] = duplexPair();
      const opened = new Promise<SpdyStream>((resolve) => {
        void new SpdyConnection(server, resolve).run(Buffer.alloc(0), lastInput);
      });
      const spdy = new SpdyClient(client);
      const id = await spdy.open({ streamtype: 'stdin' });
      const size = 3 << 20;
      for (let sent = 0; sent < size; sent += 32_768) spdy.send(id, Buffer.alloc(32_768));
      client.end();
      const stream = await opened;
      let length = 0;
      stream.on('data', (chunk: Buffer) => {
        length += chunk.length;
      });
      await once(stream, lastInput === 'keep input' ? 'end' : 'close');
      if (lastInput === 'keep input') assert.equal(length, size);
      else assert.ok(length <= size);
      spdy.close();
    });
  }
});
