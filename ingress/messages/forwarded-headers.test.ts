import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseCidr } from '../../api/net.ts';
import { dropHopByHop, dropHopByHopOfAnswer, type Headers, realAddress, setForwarded } from './forwarded-headers.ts';

const trusted = [parseCidr('192.0.2.0/24') ?? []].flat();

describe('headers of one hop', () => {
  const cases: readonly (readonly [name: string, headers: Headers, left: Headers])[] = [
    [
      'are dropped',
      { connection: 'keep-alive', te: 'trailers', upgrade: 'h2c', 'keep-alive': '5', accept: 'a' },
      { accept: 'a' },
    ],
    [
      'are those that Connection names',
      { connection: 'close, X-Secret', 'x-secret': '1', accept: 'a' },
      { accept: 'a' },
    ],
    [
      'are never those that are needed',
      { connection: 'host, Content-Length, cookie', host: 'h', 'content-length': '3', cookie: 'c' },
      { host: 'h', 'content-length': '3', cookie: 'c' },
    ],
    ['with underscores go', { x_forwarded_for: '1', accept: 'a' }, { accept: 'a' }],
  ];
  for (const [name, headers, left] of cases)
    it(name, () => {
      dropHopByHop(headers);
      assert.deepEqual(headers, left);
    });

  it('of an answer go, too, and how its body came', () => {
    const headers: Headers = {
      connection: 'close, x-a',
      'x-a': '1',
      'transfer-encoding': 'chunked',
      'set-cookie': ['a', 'b'],
    };
    dropHopByHopOfAnswer(headers);
    assert.deepEqual(headers, { 'set-cookie': ['a', 'b'] });
  });
});

describe('X-Forwarded', () => {
  const arrival = (address: string) => ({ client: { address, port: 1 }, isSecure: true, port: 443 });
  const forged = {
    'x-forwarded-for': '6.6.6.6',
    'x-forwarded-proto': 'http',
    'x-forwarded-host': 'evil',
    forwarded: 'for=6.6.6.6',
    host: 'h',
  };

  it('is not what a client says', () => {
    const headers: Headers = { ...forged };
    setForwarded(headers, arrival('203.0.113.9'), trusted);
    assert.deepEqual(headers, {
      host: 'h',
      'x-real-ip': '203.0.113.9',
      'x-forwarded-for': '203.0.113.9',
      'x-forwarded-host': 'h',
      'x-forwarded-port': '443',
      'x-forwarded-proto': 'https',
      'x-forwarded-scheme': 'https',
    });
  });

  it('is what a proxy says that is trusted', () => {
    const headers: Headers = { ...forged };
    setForwarded(headers, arrival('192.0.2.7'), trusted);
    assert.equal(headers['x-forwarded-for'], '6.6.6.6, 192.0.2.7');
    assert.equal(headers['x-forwarded-proto'], 'http');
    assert.equal(headers['x-real-ip'], '6.6.6.6');
  });

  const chains = [
    ['203.0.113.9', '1.1.1.1', '203.0.113.9'],
    ['192.0.2.7', '1.1.1.1, 2.2.2.2', '2.2.2.2'],
    ['192.0.2.7', '1.1.1.1, 192.0.2.8', '1.1.1.1'],
    ['192.0.2.7', 'nonsense', '192.0.2.7'],
    ['192.0.2.7', undefined, '192.0.2.7'],
  ] as const;
  for (const [peer, chain, real] of chains)
    it(`of ${peer} saying ${chain}: ${real}`, () => assert.equal(realAddress(peer, chain, trusted), real));
});
