import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FrameError } from './frames.ts';
import { decodeSpelledHeaders, encodeCallHeaders } from './header-block.ts';

const decode = (hex: string) => [...decodeSpelledHeaders(Buffer.from(hex.replaceAll(' ', ''), 'hex'))];

const examples: readonly (readonly [what: string, hex: string, headers: readonly (readonly [string, string])[]])[] = [
  [
    'C.2.1: spelled out, to be kept',
    '400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572',
    [['custom-key', 'custom-header']],
  ],
  ['C.2.2: a name of the table', '040c 2f73 616d 706c 652f 7061 7468', []],
  ['C.2.3: never to be kept', '1008 7061 7373 776f 7264 0673 6563 7265 74', [['password', 'secret']]],
  ['C.2.4: of the table as a whole', '82', []],
  ['C.4.3: Huffman', '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf', [['custom-key', 'custom-value']]],
  ['a new size of the table before', '20 400a 6375 7374 6f6d 2d6b 6579 0161', [['custom-key', 'a']]],
];

for (const [what, hex, headers] of examples) {
  // The examples are those of RFC 7541, appendix C.
  test(`headers are read: ${what}`, () => {
    assert.deepEqual(decode(hex), headers);
  });
}

const refused: readonly (readonly [what: string, hex: string])[] = [
  ['a text that is cut', '400a 6375'],
  ['nothing behind a name', '4001 61'],
  ['a number without an end', 'ffff ffff ffff ffff'],
  ['the end of a text in the middle', '4001 61 84 ffff ffff'],
];

for (const [what, hex] of refused) {
  test(`a block is refused: ${what}`, () => {
    assert.throws(() => decode(hex), FrameError);
  });
}

test('a path longer than one byte of length can say', () => {
  const path = `/${'a'.repeat(300)}`;
  assert.ok(encodeCallHeaders({ isSecure: true, authority: 'localhost', path }).includes(path));
});
