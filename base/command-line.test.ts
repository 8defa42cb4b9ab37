import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { commandLine, helpColumns } from './command-line.ts';

describe('commandLine', () => {
  it('breaks help texts between words', async () => {
    const words = Array.from({ length: 60 }, (_, index) => `word${'s'.repeat(index % 9)}${index}`);
    const options = { example: { type: 'string', describe: words.join(' ') } } as const;
    const help = await commandLine().scriptName('planted').options(options).getHelp();
    const shown = help.split(/\s+/);
    assert.deepEqual(
      words.filter((word) => !shown.includes(word)),
      [],
    );
    assert.ok(
      help.split('\n').every((line) => line.length <= 120),
      help,
    );
  });

  it('parses the words that it is given', async () => {
    const { size } = await commandLine(['--size', '3'])
      .options({ size: { type: 'number' } })
      .parseAsync();
    assert.equal(size, 3);
  });

  const table: readonly [columns: number | undefined, wide: number][] = [
    [undefined, 120],
    [40, 80],
    [100, 100],
    [200, 120],
  ];
  for (const [columns, wide] of table)
    it(`is ${wide} columns wide on ${columns ?? 'no terminal'}`, () => assert.equal(helpColumns(columns ?? 120), wide));
});
