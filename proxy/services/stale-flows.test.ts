import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { serviceRule } from '../../test/support/service-rule.ts';
import { findStaleFlows, parseFlows } from './stale-flows.ts';

const listing = `
udp      17 29 src=10.244.1.11 dst=10.96.0.10 sport=4000 dport=53 src=10.244.1.12 dst=10.244.1.11 sport=8053 dport=4000 [ASSURED] mark=0 use=1
udp      17 29 src=10.244.1.11 dst=10.96.0.10 sport=4001 dport=53 [UNREPLIED] src=10.244.1.13 dst=10.244.1.11 sport=8053 dport=4001 mark=0 use=1
udp      17 29 src=192.168.77.2 dst=192.168.77.1 sport=4002 dport=30053 [UNREPLIED] src=192.168.77.1 dst=192.168.77.2 sport=30053 dport=4002 mark=0 use=1
udp      17 29 src=10.244.1.11 dst=198.51.100.3 sport=4003 dport=53 src=198.51.100.3 dst=192.168.77.1 sport=53 dport=4003 mark=0 use=1
`;

const dns = serviceRule([{ address: '10.244.1.12', port: 8053 }], {
  name: 'kube-system/dns:dns',
  protocol: 'UDP',
  port: 53,
  clusterIp: '10.96.0.10',
  nodePort: 30053,
});

describe('findStaleFlows', () => {
  it('finds flows to endpoints that are gone and flows that were never redirected, and no other', () => {
    const stale = findStaleFlows(parseFlows(listing), { services: [dns], localAddresses: [] });
    assert.deepEqual(
      stale.map(({ sourcePort }) => sourcePort),
      [4001, 4002],
    );
  });

  it('leaves flows of other protocols alone', () => {
    const stale = findStaleFlows(parseFlows(listing), { services: [{ ...dns, protocol: 'TCP' }], localAddresses: [] });
    assert.deepEqual(stale, []);
  });
});
