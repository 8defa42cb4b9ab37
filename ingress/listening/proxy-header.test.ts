import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readProxyHeader } from './proxy-header.ts';

const binary = (command: number, family: number, rest: readonly number[]): Buffer =>
  Buffer.concat([
    Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1'),
    Buffer.from([0x20 | command, family, rest.length >> 8, rest.length & 0xff, ...rest]),
  ]);
const v4 = [203, 0, 113, 9, 10, 0, 0, 1, 0x30, 0x39, 0, 80];

describe('the PROXY protocol', () => {
  const line = 'PROXY TCP4 203.0.113.9 10.0.0.1 12345 80\r\n';
  const complete = (length: number, address?: string, port = 12345) => ({
    is: 'complete',
    length,
    client: address === undefined ? undefined : { address, port },
  });
  const cases: readonly (readonly [name: string, bytes: Buffer | string, expected: object])[] = [
    ['version 1', `${line}GET`, complete(line.length, '203.0.113.9')],
    ['version 1 of IPv6', 'PROXY TCP6 2001:db8::1 2001:db8::2 12345 80\r\n', complete(45, '2001:db8::1')],
    ['version 1, unknown', 'PROXY UNKNOWN\r\n', complete(15)],
    ['version 1, a part', line.slice(0, 20), { is: 'incomplete' }],
    ['version 1, the first byte', 'P', { is: 'incomplete' }],
    ['version 1 without an end', `PROXY TCP4 ${'1'.repeat(200)}`, { is: 'invalid' }],
    ['version 1 with another family', 'PROXY TCP6 203.0.113.9 10.0.0.1 12345 80\r\n', { is: 'invalid' }],
    ['version 1 with a bad port', 'PROXY TCP4 203.0.113.9 10.0.0.1 99999 80\r\n', { is: 'invalid' }],
    ['plain HTTP', 'GET / HTTP/1.1\r\n', { is: 'invalid' }],
    ['version 2', binary(1, 0x11, v4), complete(28, '203.0.113.9')],
    ['version 2 with more', binary(1, 0x11, [...v4, 1, 2, 3]), complete(31, '203.0.113.9')],
    ['version 2, local', binary(0, 0, []), complete(16)],
    ['version 2, a part', binary(1, 0x11, v4).subarray(0, 20), { is: 'incomplete' }],
    ['version 2, the first bytes', binary(1, 0x11, v4).subarray(0, 3), { is: 'incomplete' }],
    ['version 2, too short for its family', binary(1, 0x11, [1, 2]), { is: 'invalid' }],
    ['version 2, another command', binary(7, 0x11, v4), { is: 'invalid' }],
    [
      'version 2 of IPv6',
      binary(1, 0x21, [
        ...Array.from({ length: 15 }, () => 0),
        9,
        ...Array.from({ length: 16 }, () => 0),
        0x30,
        0x39,
        0,
        80,
      ]),
      complete(52, '0:0:0:0:0:0:0:9'),
    ],
  ];
  for (const [name, bytes, expected] of cases)
    it(name, () => assert.deepEqual(readProxyHeader(Buffer.from(bytes)), expected));
});
