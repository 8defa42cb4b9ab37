import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { certificatesOf, encodePem, parsePem } from './pem.ts';

const one = encodePem(Buffer.from('one'.repeat(40)), 'CERTIFICATE');
const key = encodePem(Buffer.from('key'), 'PRIVATE KEY');

describe('PEM', () => {
  it('is read block by block, and what is no block is passed over', () => {
    const text = `bag attributes\n${one}\r\n${key.replaceAll('\n', '\r\n')}rest`;
    assert.deepEqual(
      parsePem(text).map(({ type, der }) => [type, der.toString()]),
      [
        ['CERTIFICATE', 'one'.repeat(40)],
        ['PRIVATE KEY', 'key'],
      ],
    );
    assert.deepEqual(certificatesOf(text), [one]);
    for (const [title, broken] of [
      ['cut short', one.slice(0, -10)],
      ['of another end', one.replace('END CERTIFICATE', 'END KEY')],
      ['with other characters', one.replace('b', '*')],
      ['with a header', one.replace('\n', '\nProc-Type: 4,ENCRYPTED\n\n')],
    ] as const)
      assert.deepEqual(certificatesOf(`${broken}\n${one}`).at(-1), one, title);
    assert.deepEqual(parsePem(''), []);
  });

  it('is read once, however much of it begins and never ends', () => {
    // Each beginning looked for its end to the last byte once: minutes.
    for (const text of [
      '-----BEGIN A-----\n'.repeat(100_000),
      '-----BEGIN '.repeat(100_000),
      `${'-----BEGIN A-----\n'}${'QQ==\n'.repeat(200_000)}`,
    ])
      assert.deepEqual(parsePem(text), []);
    assert.deepEqual(certificatesOf(`${'-----BEGIN CERTIFICATE-----\n'.repeat(1_000)}${one}`), [one]);
  });
});
