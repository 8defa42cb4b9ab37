import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { Writable } from 'node:stream';
import { describe, it } from 'node:test';
import type { WebSocket } from 'ws';
import { decodeMessage, encodeMessage, highWater, openWebSocketChannels } from './websocket-channels.ts';

/** A socket that keeps what is sent. */
class KeptSocket extends EventEmitter {
  readonly OPEN = 1;
  readyState = 1;
  isPaused = false;
  readonly sent: (string | Buffer)[] = [];
  closedWith: number | undefined;
  readonly protocol: string;

  constructor(protocol: string) {
    super();
    this.protocol = protocol;
  }

  send(data: string | Buffer, done: () => void): void {
    this.sent.push(data);
    done();
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  close(code: number): void {
    this.closedWith = code;
  }
}

/** Only what channels use of one. */
function open(protocol: string, wantsStdin = true) {
  const socket = new KeptSocket(protocol);
  const channels = openWebSocketChannels(socket as unknown as WebSocket, wantsStdin);
  const receive = (...bytes: (number | string)[]) =>
    socket.emit(
      'message',
      Buffer.concat(bytes.map((one) => (typeof one === 'string' ? Buffer.from(one) : Buffer.from([one])))),
    );
  return { socket, channels, receive };
}

async function readAll(stream: AsyncIterable<Buffer> | undefined): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream ?? []) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

describe('messages of channels', () => {
  const content = Buffer.from([0xff, 0x00, 0x41]);
  for (const base64 of [false, true])
    for (const channel of [0, 1, 4])
      it(`on channel ${channel} come back as they were sent${base64 ? ', in base64' : ''}`, () => {
        const encoded = encodeMessage(channel, content, base64);
        assert.equal(typeof encoded, base64 ? 'string' : 'object');
        assert.deepEqual(decodeMessage(Buffer.from(encoded), base64), { channel, content });
      });

  it('may be empty', () => {
    assert.deepEqual(decodeMessage(Buffer.alloc(0), false), { channel: 0, content: Buffer.alloc(0) });
    assert.deepEqual(decodeMessage(Buffer.alloc(0), true), { channel: 0, content: Buffer.alloc(0) });
    assert.deepEqual(decodeMessage(Buffer.from('1'), true), { channel: 1, content: Buffer.alloc(0) });
  });
});

describe('openWebSocketChannels', () => {
  it('gives the input on, and ends it where the fifth version says so', async () => {
    const { channels, receive } = open('v5.channel.k8s.io');
    receive(0, 'hello ');
    receive(0, 'world');
    receive(255, 0);
    assert.equal(await readAll(channels.stdin), 'hello world');
  });

  it('ends the input when the caller hangs up, and says so', async () => {
    const { channels, receive, socket } = open('v4.channel.k8s.io');
    receive(0, 'all of it');
    socket.emit('close');
    assert.equal(channels.gone.aborted, true);
    assert.equal(await readAll(channels.stdin), 'all of it');
  });

  it('takes no input that nobody wants, and nothing on channels of its own', () => {
    const { channels, receive } = open('v5.channel.k8s.io', false);
    receive(0, 'x');
    receive(1, 'x');
    receive(255, 1);
    assert.equal(channels.stdin, undefined);
  });

  it('holds back a caller who sends more than the process takes', async () => {
    const { channels, receive, socket } = open('v5.channel.k8s.io');
    receive(0, 'x'.repeat(highWater + 1));
    assert.equal(socket.isPaused, true);
    const drained = once(channels.stdin ?? assert.fail(), 'drain');
    channels.stdin?.pipe(new Writable({ write: (_chunk, _encoding, done) => done() }));
    await drained;
    assert.equal(socket.isPaused, false);
  });

  it('says how large the terminal is', () => {
    const { channels, receive } = open('v4.channel.k8s.io');
    const sizes: string[] = [];
    channels.onResize(({ columns, rows }) => sizes.push(`${columns}x${rows}`));
    receive(4, '{"Width":80,"Height":24}');
    assert.deepEqual(sizes, ['80x24']);
  });

  it('sends outputs on their channels, in base64 to those who want that', async () => {
    const plain = open('v5.channel.k8s.io');
    await plain.channels.write('stdout', Buffer.from('out'));
    await plain.channels.write('stderr', Buffer.from('err'));
    assert.deepEqual(plain.socket.sent, [Buffer.from('\u0001out'), Buffer.from('\u0002err')]);
    const browser = open('base64.channel.k8s.io');
    await browser.channels.write('stdout', Buffer.from('out'));
    assert.deepEqual(browser.socket.sent, [`1${Buffer.from('out').toString('base64')}`]);
  });

  it('ends with the status on its channel, as the version has it, and a good close', async () => {
    const success = { metadata: {}, status: 'Success' } as const;
    const failure = { metadata: {}, status: 'Failure', message: 'it broke' } as const;
    for (const [protocol, status, wanted] of [
      ['v5.channel.k8s.io', success, [`\u0003${JSON.stringify(success)}`]],
      ['v4.channel.k8s.io', failure, [`\u0003${JSON.stringify(failure)}`]],
      ['channel.k8s.io', success, []],
      ['channel.k8s.io', failure, ['\u0003it broke']],
    ] as const) {
      const { channels, socket } = open(protocol);
      await channels.finish(status);
      assert.deepEqual(socket.sent.map(String), wanted);
      assert.equal(socket.closedWith, 1000);
    }
  });

  it('sends nothing to who is not there any more', async () => {
    const { channels, socket } = open('v5.channel.k8s.io');
    socket.readyState = 3;
    await channels.write('stdout', Buffer.from('x'));
    assert.deepEqual(socket.sent, []);
  });
});
