import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FrameReader } from './frames.ts';

function frame(channel: number, text: string): Buffer {
  const head = Buffer.from([channel, 0, 0, 0, 0, 0, 0, 0]);
  head.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([head, Buffer.from(text)]);
}

const stream = Buffer.concat([frame(1, 'out'), frame(2, 'error'), frame(1, ''), frame(1, 'more')]);
const wanted = ['stdout out', 'stderr error', 'stdout ', 'stdout more'];

function read(...chunks: Buffer[]): string[] {
  const reader = new FrameReader();
  return chunks.flatMap((chunk) => reader.read(chunk)).map(({ channel, content }) => `${channel} ${content}`);
}

describe('FrameReader', () => {
  it('takes several frames out of one chunk', () => assert.deepEqual(read(stream), wanted));

  it('puts frames together again, wherever they were cut', () => {
    for (let at = 0; at <= stream.length; at += 1)
      assert.deepEqual(read(stream.subarray(0, at), stream.subarray(at)), wanted, `cut at ${at}`);
    const bytes = [...stream].map((byte) => Buffer.from([byte]));
    assert.deepEqual(read(...bytes), wanted);
  });

  it('keeps back what is not whole yet', () => {
    assert.deepEqual(read(stream.subarray(0, stream.length - 1)), wanted.slice(0, 3));
  });
});
