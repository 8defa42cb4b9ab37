import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cellOf, printerColumns } from './printer-columns.ts';

const now = Date.parse('2026-01-02T03:04:05Z');

describe('the cells of printer columns', () => {
  const table: [type: Parameters<typeof cellOf>[0], value: unknown, cell: unknown][] = [
    ['string', 'text', 'text'],
    ['string', 3, '3'],
    ['string', true, 'true'],
    ['string', { b: 1, a: [2] }, '{"a":[2],"b":1}'],
    ['integer', 3.7, 3],
    ['integer', '3', null],
    ['number', 3.7, 3.7],
    ['boolean', false, false],
    ['boolean', 'false', null],
    ['date', '2026-01-02T03:03:05Z', '60s'],
    ['date', 'yesterday', '<invalid>'],
    ['date', 3, null],
    ['string', null, null],
    ['integer', undefined, null],
  ];
  for (const [type, value, cell] of table)
    it(`show ${JSON.stringify(value)} as ${type}: ${JSON.stringify(cell)}`, () =>
      assert.equal(cellOf(type, value, now), cell));

  it('are the name and the age where a definition asks for none', () => {
    assert.deepEqual(
      printerColumns().map(({ name, type }) => [name, type]),
      [
        ['Name', 'string'],
        ['Age', 'date'],
      ],
    );
  });
});
