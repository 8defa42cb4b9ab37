import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createEntryReader, type LogEntry, pieceBytes } from './log-entries.ts';

const time = '2024-05-06T07:08:09.123456789Z';

function frame(channel: 1 | 2, text: string): Buffer {
  const head = Buffer.from([channel, 0, 0, 0, 0, 0, 0, 0]);
  head.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([head, Buffer.from(text)]);
}

const textOf = (content: Buffer): string => (content.length > 20 ? `${content.length} bytes` : content.toString());

describe('entries of a log', () => {
  const piece = 'x'.repeat(pieceBytes);

  /** In chunks of each of these sizes, which must make no difference. */
  function read(bytes: Buffer, options: { readonly tty: boolean; readonly startsInside?: boolean }) {
    const results = [1000, 7, bytes.length].map((size) => {
      const reader = createEntryReader({ startsInside: false, ...options });
      const entries: LogEntry[] = [];
      for (let at = 0; at < bytes.length; at += size) entries.push(...reader.read(bytes.subarray(at, at + size)));
      entries.push(...reader.finish());
      assert.ok(entries.every((entry) => entry.time === time));
      return entries.map(({ channel, content, endsLine }) => [channel, textOf(content), endsLine]);
    });
    for (const result of results) assert.deepEqual(result, results[0]);
    return results[0];
  }

  it('are frames of both outputs', () => {
    const bytes = Buffer.concat([frame(1, `${time} one\n`), frame(2, `${time} two\n`), frame(1, `${time} \n`)]);
    assert.deepEqual(read(bytes, { tty: false }), [
      ['stdout', 'one\n', true],
      ['stderr', 'two\n', true],
      ['stdout', '\n', true],
    ]);
  });

  it('end a long line by their size, with the newline that the driver forgets', () => {
    const bytes = Buffer.concat([
      frame(1, `${time} ${piece}`),
      frame(2, `${time} other\n`),
      frame(1, `${time} ${piece}`),
      frame(1, `${time} end`),
      frame(1, `${time} ${piece}`),
      frame(1, `${time} `),
      frame(1, `${time} last`),
    ]);
    assert.deepEqual(read(bytes, { tty: false }), [
      ['stdout', '16384 bytes', false],
      ['stderr', 'other\n', true],
      ['stdout', '16384 bytes', false],
      ['stdout', 'end\n', true],
      ['stdout', '16384 bytes', false],
      ['stdout', '\n', true],
      ['stdout', 'last', false],
    ]);
  });

  it('may begin inside a line', () => {
    const bytes = Buffer.concat([frame(1, `${time} end`), frame(2, `${time} line\n`), frame(1, `${time} more`)]);
    assert.deepEqual(read(bytes, { tty: false, startsInside: true }), [
      ['stdout', 'end\n', true],
      ['stderr', 'line\n', true],
      ['stdout', 'more', false],
    ]);
  });

  it('have no frames in a terminal', () => {
    const bytes = Buffer.from(
      `${time} one two\r\n${time} ${piece}${time} ${piece}${time} end\r${time} three\r\n${time} ${piece}${time} ${time} x`,
    );
    const expected = [
      ['stdout', '16384 bytes', false],
      ['stdout', '16384 bytes', false],
      ['stdout', 'end\r\n', true],
      ['stdout', 'three\r\n', true],
      ['stdout', '16384 bytes', false],
      ['stdout', '\n', true],
      ['stdout', 'x', false],
    ];
    assert.deepEqual(read(bytes, { tty: true }), [['stdout', 'one two\r\n', true], ...expected]);
    const inside = Buffer.concat([Buffer.from(`${time} rest`), bytes]);
    assert.deepEqual(read(inside, { tty: true, startsInside: true }), [
      ['stdout', 'rest\n', true],
      ['stdout', 'one two\r\n', true],
      ...expected,
    ]);
  });

  it('say their time in UTC, wherever the engine is', () => {
    const reader = createEntryReader({ tty: false, startsInside: false });
    const [entry] = reader.read(frame(1, '2024-05-06T01:08:09.123456789+05:30 x\n'));
    assert.equal(entry?.time, '2024-05-05T19:38:09.123456789Z');
  });
});
