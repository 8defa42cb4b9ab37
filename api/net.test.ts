import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { describe, it } from 'node:test';
import { checkCidr, checkIp, contains, formatIp, isStrictSubset, parseCidr, parseIp } from './net.ts';

const cidr = (text: string) => {
  const network = parseCidr(text);
  assert.ok(network, text);
  return network;
};

describe('addresses and networks', () => {
  it('are read and written', () => {
    for (const text of [
      '10.0.0.1',
      '255.255.255.255',
      '::',
      '::1',
      '2001:db8::1',
      'fe80::1:0:0:1',
      '1:0:2:0:3:0:4:5',
    ]) {
      const ip = parseIp(text);
      assert.ok(ip, text);
      assert.equal(formatIp(ip), text);
    }
    assert.deepEqual(parseIp('::ffff:1.2.3.4'), parseIp('::ffff:102:304'));
    for (const text of ['', '1.2.3', '256.1.1.1', '1.2.3.4.5', ':::', 'fe80::1%eth0', 'x'])
      assert.equal(parseIp(text), undefined, text);
  });

  it('are what the operating system takes for one, zones apart', () => {
    const groups = ['', '0', '1', 'ffff', 'FfFf', '10000', 'g', '1.2.3.4', '1.2.3', '01.2.3.4', '256.0.0.0'];
    const texts = groups.flatMap((a) =>
      groups.flatMap((b) => [
        a,
        `${a}:${b}`,
        `${a}::${b}`,
        `::${a}:${b}`,
        `${a}:${b}::`,
        `1:2:3:4:5:6:${a}:${b}`,
        `1:2:3:4:5:6:7:${a}::${b}`,
        `1:2:3:4:5::${a}:${b}`,
        `1:2:3:4:5:${a}:${b}`,
        `1:2:3:4:5:6:7:8${a}:${b}`,
        `${a}::1::${b}`,
      ]),
    );
    for (const text of texts) assert.equal(parseIp(text)?.family ?? 0, isIP(text), text);
    assert.equal(parseIp('fe80::1%eth0'), undefined);
  });

  it('contain one another', () => {
    assert.ok(contains(cidr('10.0.0.0/8'), parseIp('10.255.0.1') ?? assert.fail()));
    assert.ok(!contains(cidr('10.0.0.0/8'), parseIp('11.0.0.0') ?? assert.fail()));
    assert.ok(!contains(cidr('::/0'), parseIp('1.2.3.4') ?? assert.fail()));
    assert.ok(isStrictSubset(cidr('10.1.0.0/16'), cidr('10.0.0.0/8')));
    assert.ok(!isStrictSubset(cidr('10.0.0.0/8'), cidr('10.0.0.0/8')));
  });

  it('are refused with a reason', () => {
    assert.deepEqual(checkIp('10.0.0.1'), []);
    assert.deepEqual(checkIp('010.0.0.1'), ['must not have leading 0s']);
    assert.deepEqual(checkIp('::ffff:1.2.3.4'), ['must not be an IPv4-mapped IPv6 address']);
    assert.match(checkIp('abc')[0] ?? '', /must be a valid IP address/);
    assert.deepEqual(checkCidr('10.0.0.0/8'), []);
    assert.deepEqual(checkCidr('10.0.0.0/08'), ['must not have leading 0s in IP or prefix length']);
    assert.deepEqual(checkCidr('10.1.0.0/4'), ['must not have bits set beyond the prefix length']);
    assert.match(checkCidr('10.0.0.0/33')[0] ?? '', /must be a valid CIDR value/);
  });
});
