import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  canonicalQuantity,
  compareQuantities,
  parseQuantity,
  QuantityError,
  readQuantity,
  wholeUnits,
} from './quantity.ts';

describe('quantities', () => {
  const canonical: [string, string][] = [
    ['1', '1'],
    ['0', '0'],
    ['+1', '+1'],
    ['01', '01'],
    ['1.', '1.'],
    [' 1 ', '1'],
    ['0.1', '100m'],
    ['1.5Gi', '1536Mi'],
    ['1024Ki', '1Mi'],
    ['1000k', '1M'],
    ['1E3', '1E3'],
    ['1e-3', '1e-3'],
    ['0.5Ki', '512'],
    ['-1', '-1'],
    ['.', '0'],
    ['Ki', '0'],
    ['12E', '12E'],
    ['1n', '1n'],
    ['999Pi', '999Pi'],
    ['8Ki', '8Ki'],
    ['100m', '100m'],
    ['1000Ki', '1000Ki'],
    ['1000m', '1'],
    ['0.0000000001', '1n'],
  ];
  for (const [text, expected] of canonical) {
    it(`stores ${JSON.stringify(text)} as ${expected}`, () => assert.equal(canonicalQuantity(text), expected));
  }

  it('refuses what is none, in the words that clients know', () => {
    for (const text of ['', 'abc', '1.1.1', '1 Gi', '--1'])
      assert.throws(() => readQuantity(text), QuantityError, text);
    assert.throws(() => readQuantity('1mm'), /unable to parse quantity's suffix/);
  });

  it('compares and rounds exactly', () => {
    assert.equal(compareQuantities('1Gi', '1024Mi'), 0);
    assert.equal(compareQuantities('999m', '1'), -1);
    assert.equal(wholeUnits(readQuantity('1m')), 1n);
    assert.equal(parseQuantity('1500m'), 1.5);
  });

  it('is quick to refuse a huge exponent', () => {
    const start = performance.now();
    readQuantity('1e999999999');
    assert.ok(performance.now() - start < 5_000);
  });
});

describe('the text of a quantity that is stored', () => {
  const table: [string, string][] = [
    ['1000', '1k'],
    ['1000000000', '1G'],
    ['1500', '1500'],
    ['1024', '1024'],
    ['+1', '+1'],
    ['01', '01'],
    ['1.', '1.'],
    ['1.Mi', '1.Mi'],
    ['1e3', '1e3'],
    ['1E3', '1E3'],
    ['1e-3', '1e-3'],
    ['1e1', '10'],
    ['10e2', '1e3'],
    ['1e-1', '100e-3'],
    ['1.5e3', '1500'],
    ['5.0', '5'],
    ['1.123456789', '1.123456789'],
    ['8Ki', '8Ki'],
    ['1024Ki', '1Mi'],
    ['100Ei', '9223372036854775807'],
    ['-1000', '-1k'],
    ['00', '0'],
  ];
  for (const [text, stored] of table)
    it(`is ${stored} for ${text}`, () => assert.equal(canonicalQuantity(text), stored));
});
