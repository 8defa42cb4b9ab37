import assert from 'node:assert/strict';
import { it } from 'node:test';
import { percentDecoded } from './percent-decoded.ts';

it('text is decoded, or known not to be percent-encoded', () => {
  const cases: [string, string | undefined][] = [
    ['', ''],
    ['plain+text', 'plain+text'],
    ['%41%2F%c3%a9', 'A/é'],
    ['%', undefined],
    ['100%', undefined],
    ['%zz', undefined],
    ['%ff', undefined],
    ['%ed%a0%80', undefined],
  ];
  for (const [text, expected] of cases) assert.equal(percentDecoded(text), expected, text);
});
