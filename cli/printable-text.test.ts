import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { printableOutput, printableText } from './printable-text.ts';

describe('printableText', () => {
  it('writes out what a terminal would obey', () => {
    assert.equal(printableText('\x1b[2J\x1b]0;title\x07'), '^[[2J^[]0;title^G');
    assert.equal(printableText('a\rb\x00\x7f\x9b31m\x08'), 'a\\rb^@\\x7f\\x9b31m^H');
  });

  it('leaves lines, tabs and letters alone', () => {
    const text = 'one\ttwo\nдва 三 🚢\n';
    assert.equal(printableText(text), text);
  });

  it('leaves bytes alone, which are what a container wrote', () => {
    const written: unknown[] = [];
    const output = printableOutput({ write: (text) => written.push(text) });
    output.write('\x1b');
    output.write(Buffer.from('\x1b'));
    assert.deepEqual(written, ['^[', Buffer.from('\x1b')]);
  });
});
