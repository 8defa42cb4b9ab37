import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseCidr } from '../../api/net.ts';
import { DnsClients } from './dns-clients.ts';

describe('DnsClients', () => {
  it('are pods and the host itself, with the addresses that it has now', () => {
    let own = ['192.0.2.1', '10.96.0.10'];
    const clients = new DnsClients(parseCidr('10.244.0.0/16'), () => own);
    for (const address of ['10.244.0.2', '10.244.255.1', '192.0.2.1', '10.96.0.10', '127.0.0.1'])
      assert.equal(clients.includes(address), true, address);
    for (const address of ['10.245.0.1', '192.0.2.2', '203.0.113.7', 'nonsense', ''])
      assert.equal(clients.includes(address), false, address);
    own = ['192.0.2.2'];
    clients.refresh();
    assert.equal(clients.includes('192.0.2.1'), false);
    assert.equal(clients.includes('192.0.2.2'), true);
  });
});
