import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkIp } from './net.ts';
import { checkSpecialIp, isForeignAddress } from './special-ip.ts';

describe('isForeignAddress', () => {
  const own = [
    ...['127.0.0.1', '127.255.255.254', '0.0.0.0', '0.1.2.3', '169.254.169.254', '224.0.0.1', '239.1.2.3'],
    ...['::', '::1', '0:0:0:0:0:0:0:1', 'fe80::1', 'febf::1', 'ff02::1', 'FE80::1'],
    ...['::ffff:127.0.0.1', '::ffff:7f00:1', '::FFFF:7F00:0001', '0:0:0:0:0:ffff:a9fe:a9fe', '::ffff:0:0'],
    ...['::127.0.0.1', '::7f00:1', '::ffff:0:127.0.0.1', '64:ff9b::7f00:1', '64:ff9b::127.0.0.1'],
    ...['64:ff9b:1::7f00:1', '2002:7f00:1::', '2002:a9fe:a9fe::1', '2001:0:1:2:3:4:80ff:fffe'],
    ...['2001:db8::5efe:7f00:1', '2001:db8::200:5efe:7f00:1'],
    // Nothing that could be judged: spellings of the C library, zones, names.
    ...['127.1', '0177.0.0.1', '2130706433', '0x7f000001', 'fe80::1%eth0', '2001:db8::1%lo', 'localhost', ''],
  ];
  for (const address of own)
    it(`refuses ${address || 'nothing'}`, () => assert.equal(isForeignAddress(address), false));

  const foreign = ['10.244.1.7', '192.0.2.1', '128.0.0.1', '126.255.255.255', '169.253.1.1', '2001:db8::7f00:1'];
  for (const address of [...foreign, 'fd00::1', '::ffff:10.0.0.1', '64:ff9b::a00:1', '2002:a00:1::1']) {
    it(`takes ${address}`, () => assert.equal(isForeignAddress(address), true));
  }
});

describe('checkSpecialIp', () => {
  const cases: Readonly<Record<string, RegExp | undefined>> = {
    '10.0.0.1': undefined,
    '2001:db8::1': undefined,
    'ff0e::1': undefined,
    '0.0.0.0': /unspecified/,
    '::': /unspecified/,
    '::ffff:7f00:1': /loopback/,
    '64:ff9b::7f00:1': /loopback/,
    '2002:a9fe:a9fe::': /link-local range/,
    'ff02::1': /link-local multicast/,
    'ff12::1': /link-local multicast/,
    '224.0.0.251': /link-local multicast/,
  };
  for (const [address, want] of Object.entries(cases)) {
    it(`${want ? 'refuses' : 'takes'} ${address}`, () => {
      const found = checkSpecialIp(address);
      if (want === undefined) assert.deepEqual(found, []);
      else assert.match(found.join(), want);
    });
  }
});

describe('checkIp', () => {
  for (const spelling of ['::ffff:1.2.3.4', '::ffff:102:304', '0:0:0:0:0:FFFF:0102:0304']) {
    it(`knows ${spelling} as IPv4-mapped`, () =>
      assert.deepEqual(checkIp(spelling), ['must not be an IPv4-mapped IPv6 address']));
  }
});
