import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { adviceOnEtcd } from './etcd-advice.ts';

describe('adviceOnEtcd', () => {
  const folder = '/data/etcd';
  for (const [words, expected] of [
    ['write data/member/wal/0.tmp: no space left on device', /disk is full: make room where \/data\/etcd is/],
    ['open data/member: permission denied', /must belong to the user/],
    ['listen unix client:0: bind: address already in use', /Another etcd uses/],
    [
      'failed to read WAL: walpb: crc mismatch',
      /cp -a \/data\/etcd \/data\/etcd\.kept\n.*backup of \/data\/etcd\/data/,
    ],
    ['panic: something new', /keep a copy of \/data\/etcd first/],
  ] as const) {
    it(`knows what to do about: ${words}`, () => assert.match(adviceOnEtcd(words, folder), expected));
  }

  it('never speaks of an empty folder, or of removing anything', () => {
    for (const words of ['no space left', 'permission denied', 'crc mismatch', 'address already in use', 'other'])
      assert.doesNotMatch(adviceOnEtcd(words, folder), /\brm\b|remov|delet|empty|down\b/i);
  });
});
