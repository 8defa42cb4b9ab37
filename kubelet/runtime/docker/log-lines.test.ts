import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LogEntry } from './log-entries.ts';
import { type EntryMark, findTailStart, LineJoiner } from './log-lines.ts';

/** `o3:text$`: standard output, at second 3, a whole line (`$` is its end); `e` is standard error. */
function parse(text: string): LogEntry[] {
  return text.split(' ').map((word) => ({
    channel: word.startsWith('o') ? 'stdout' : 'stderr',
    time: timeOf(word[1] ?? ''),
    content: Buffer.from(word.slice(3).replace('$', '\n')),
    endsLine: word.endsWith('$'),
  }));
}

const timeOf = (second: string): string => `2024-01-01T00:00:0${second}.000000000Z`;
const marksOf = (text: string): EntryMark[] =>
  parse(text).map(({ channel, time, endsLine }) => ({ channel, time, endsLine, isWanted: true }));

describe('lines of a log', () => {
  const join = (text: string, options: { timestamps?: boolean; dropLines?: number } = {}): string => {
    const joiner = new LineJoiner({ timestamps: false, ...options });
    return Buffer.concat([...parse(text).flatMap((entry) => joiner.add(entry)), ...joiner.finish()]).toString();
  };

  it('are whole, whatever the other output says meanwhile', () => {
    assert.equal(join('o1:a o1:b e2:x$ o1:c$ o3:d$'), 'x\nabc\nd\n');
    assert.equal(join('o1:a e2:x o1:b$ e2:y$'), 'ab\nxy\n');
  });

  it('have one time each, that of their beginning', () => {
    assert.equal(
      join('o1:a e2:x$ o1:b$ o3:c', { timestamps: true }),
      `${timeOf('2')} x\n${timeOf('1')} ab\n${timeOf('3')} c`,
    );
  });

  it('are passed on at their end, and the last one without it', () => {
    const joiner = new LineJoiner({ timestamps: false });
    const passed = parse('o1:a o1:b$ e2:x').map((entry) => Buffer.concat(joiner.add(entry)).toString());
    assert.deepEqual(passed, ['', 'ab\n', '']);
    assert.equal(Buffer.concat(joiner.finish()).toString(), 'x');
  });

  it('are passed on in parts when they are longer than anybody wants to hold', () => {
    const joiner = new LineJoiner({ timestamps: true });
    const [piece] = parse('o1:x');
    assert.ok(piece !== undefined);
    const long = { ...piece, content: Buffer.alloc(600_000, 'x') };
    const passed = [long, long, long].map((entry) => Buffer.concat(joiner.add(entry)).length);
    assert.deepEqual(passed, [0, 1_200_031, 0]);
    assert.equal(Buffer.concat(joiner.finish()).length, 600_000);
  });

  it('are left out, those that end first', () => {
    assert.equal(join('e1:old$ o1:end$ o2:a$ e3:b$', { dropLines: 2 }), 'a\nb\n');
  });
});

describe('the beginning of the last lines', () => {
  /** What is shown when the log is read again from there. */
  function tail(text: string, count: number, window = Number.POSITIVE_INFINITY): string | undefined {
    const entries = parse(text);
    const marks = marksOf(text).slice(-window);
    const start = findTailStart(marks, { count, isWhole: window >= entries.length });
    if (start === undefined) return undefined;
    const joiner = new LineJoiner({ timestamps: false, ...start });
    const rest = entries.filter(({ time }) => start.since === undefined || time >= start.since).slice(start.skip);
    return Buffer.concat([...rest.flatMap((entry) => joiner.add(entry)), ...joiner.finish()]).toString();
  }

  it('counts lines, not pieces', () => {
    const text = 'o1:a$ o2:b o2:b o2:b$ o3:c$';
    assert.equal(tail(text, 1), 'c\n');
    assert.equal(tail(text, 2), 'bbb\nc\n');
    assert.equal(tail(text, 3), 'a\nbbb\nc\n');
    assert.equal(tail(text, 9), 'a\nbbb\nc\n');
  });

  it('counts a line without an end', () => {
    assert.equal(tail('o1:a$ o2:b$ o3:c o3:d', 2), 'b\ncd');
  });

  it('knows lines of both outputs apart', () => {
    const text = 'e1:w o1:a$ o2:b e1:x o2:b e1:y$ o2:b$ e3:z$';
    assert.equal(tail(text, 1), 'z\n');
    assert.equal(tail(text, 2), 'bbb\nz\n');
    assert.equal(tail(text, 3), 'wxy\nbbb\nz\n');
    assert.equal(tail(text, 4), 'a\nwxy\nbbb\nz\n');
  });

  it('knows entries of one time apart', () => {
    assert.equal(tail('o1:a$ o1:b$ o1:c$', 2), 'b\nc\n');
    assert.equal(tail('o1:a$ o1:b o1:b$ o1:c$', 2), 'bb\nc\n');
  });

  it('is after all of it when no line is wanted', () => {
    assert.equal(tail('o1:a$ o2:b$', 0), '');
    assert.equal(tail('o1:a$ o2:b', 0), '');
  });

  it('needs more when the newest entries do not show it', () => {
    const text = 'o1:a$ o2:b o2:b o2:b$ o3:c$';
    assert.equal(tail(text, 1, 2), 'c\n');
    assert.equal(tail(text, 2, 3), undefined);
    assert.equal(tail(text, 2, 4), undefined); // the line may have begun before
    assert.equal(tail(text, 2, 5), 'bbb\nc\n');
    assert.equal(tail('o1:a$ o1:b$ o1:c$', 1, 2), undefined); // older entries may be of the same time
  });

  it('is the beginning of the log when there is nothing in it', () => {
    assert.deepEqual(findTailStart([], { count: 3, isWhole: true }), { since: undefined, skip: 0, dropLines: 0 });
  });
});
