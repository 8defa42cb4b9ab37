import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseServer, parseStubDomain, serversOfResolvConf } from './server-addresses.ts';

describe('parseServer', () => {
  for (const [text, wanted] of [
    ['192.0.2.53', { address: '192.0.2.53', port: 53 }],
    ['192.0.2.53:5353', { address: '192.0.2.53', port: 5353 }],
    ['2001:db8::1', { address: '2001:db8::1', port: 53 }],
    ['[2001:db8::1]:5353', { address: '2001:db8::1', port: 5353 }],
    ['[2001:db8::1]', { address: '2001:db8::1', port: 53 }],
    ['dns.example', undefined],
    ['192.0.2.53:0', undefined],
    ['192.0.2.53:65536', undefined],
    ['192.0.2.53:x', undefined],
    ['999.0.2.53', undefined],
    ['', undefined],
  ] as const)
    it(text === '' ? 'nothing' : text, () => assert.deepEqual(parseServer(text), wanted));
});

describe('parseStubDomain', () => {
  it('reads a domain and its servers', () =>
    assert.deepEqual(parseStubDomain('Corp.Example.=192.0.2.1, 192.0.2.2:5353'), [
      'corp.example',
      [
        { address: '192.0.2.1', port: 53 },
        { address: '192.0.2.2', port: 5353 },
      ],
    ]));

  for (const text of ['corp.example', 'corp.example=', '=192.0.2.1', 'corp..example=192.0.2.1', 'a=192.0.2.1=b', 'a=x'])
    it(`refuses ${text}`, () => assert.equal(parseStubDomain(text), undefined));
});

describe('serversOfResolvConf', () => {
  it('leaves out ourselves, doubles, and addresses that need their link', () => {
    const text = 'nameserver 10.96.0.10\nnameserver 192.0.2.1\nnameserver 192.0.2.1\nnameserver fe80::1%eth0\n';
    assert.deepEqual(serversOfResolvConf(text, new Set(['10.96.0.10'])), [{ address: '192.0.2.1', port: 53 }]);
  });
});
