import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseInterfaces } from './interface-stats.ts';

describe('what interfaces have carried', () => {
  it('is read of all but the loopback', () => {
    const text = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:     100       1    0    0    0     0          0         0      100       1    0    0    0     0       0          0
  eth0: 1234567     10    1    2    0     0          0         0     7654      20    3    4    0     0       0          0
`;
    assert.deepEqual(parseInterfaces(text), [
      {
        name: 'eth0',
        rxBytes: 1_234_567,
        rxPackets: 10,
        rxErrors: 1,
        rxDropped: 2,
        txBytes: 7654,
        txPackets: 20,
        txErrors: 3,
        txDropped: 4,
      },
    ]);
    assert.deepEqual(parseInterfaces(''), []);
  });
});
