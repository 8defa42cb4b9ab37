import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { readGonePods } from './gone-pods.ts';
import { mergeByTime, ReadMark, readTimedLines, type TimedLine } from './timed-lines.ts';

const signal = new AbortController().signal;
const at = (seconds: number) => `2024-05-06T07:08:${String(seconds).padStart(2, '0')}.000000000Z`;
const read = (...lines: readonly string[]) => readTimedLines(Readable.from(lines.map((line) => `${line}\n`)), signal);

describe('lines of several logs', () => {
  it('come in the order of their times, and stay in order where they have none', async () => {
    const sources = [
      { of: 'a', lines: read(`${at(1)} one`, `${at(4)} four`, 'goes on', `${at(4)} again`) },
      { of: 'b', lines: read(`${at(2)} two`, `${at(4)} vier`, `${at(5)} five`) },
      { of: 'c', lines: read() },
    ];
    const found: string[] = [];
    for await (const { of, text } of mergeByTime(sources)) found.push(`${of} ${text}`);
    assert.deepEqual(found, ['a one', 'b two', 'a four', 'a goes on', 'a again', 'b vier', 'b five']);
  });

  it('are read on without a loss or a double', () => {
    const line = (seconds: number, text: string): TimedLine => ({ time: at(seconds), text });
    const mark = new ReadMark();
    assert.equal(mark.time, '');
    assert.ok(mark.createFilter()(line(1, 'a')));
    for (const one of [line(1, 'a'), line(2, 'b'), line(2, 'c')]) mark.note(one);
    assert.equal(mark.time, at(2));
    const isNew = mark.createFilter();
    const again = [line(1, 'a'), line(2, 'b'), line(2, 'c'), line(2, 'd'), line(3, 'e')];
    assert.deepEqual(
      again.filter(isNew).map(({ text }) => text),
      ['d', 'e'],
    );
  });
});

describe('pods that are gone', () => {
  it('are read from what the server says, and nothing else', () => {
    const logs = [{ container: 'c', attempt: 1 }, { container: 'c', attempt: 0 }, { attempt: 0 }, null];
    const pod = { name: 'web-1', uid: 'u', nodeName: 'n', logs };
    assert.deepEqual(readGonePods({ items: [pod, { ...pod, uid: 1 }, null, { ...pod, logs: 'x' }] }), [
      { name: 'web-1', uid: 'u', nodeName: 'n', containers: ['c'] },
    ]);
    for (const value of [null, [], { items: {} }, 'x']) assert.deepEqual(readGonePods(value), []);
  });
});
