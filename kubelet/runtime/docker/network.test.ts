import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hasRoute } from './bridge.ts';
import { decideNetwork } from './network.ts';

describe('decideNetwork', () => {
  const options = { mtu: '1500' };
  const wanted = { name: 'longshore', podCidr: '10.244.1.0/24', clusterId: 'a', options };
  const found = { subnet: '10.244.1.0/24', labels: { 'longshore.dev/cluster': 'a' }, options, containers: 2 };
  for (const [situation, given, expected] of [
    ['there is none', undefined, 'create'],
    ['it is ours', found, 'keep'],
    ['ours has another CIDR', { ...found, subnet: '10.244.2.0/24' }, 'replace'],
    ['it lacks an option and is in use', { ...found, options: {} }, 'outdated'],
    ['it lacks an option and is empty', { ...found, options: {}, containers: 0 }, 'replace'],
    ['it names no cluster and is in use', { ...found, labels: {} }, 'keep'],
    ['it names no cluster and is empty', { ...found, labels: {}, containers: 0 }, 'replace'],
  ] as const) {
    it(`when ${situation}: ${expected}`, () => assert.equal(decideNetwork(given, wanted), expected));
  }

  it('refuses the network of another cluster, also an empty one', () => {
    for (const containers of [0, 2]) {
      const decision = decideNetwork({ ...found, containers }, { ...wanted, clusterId: 'b' });
      assert.match(typeof decision === 'string' ? decision : decision.refused, /belongs to another cluster \(a\)/);
    }
  });
});

describe('hasRoute', () => {
  const table = [
    'Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT',
    'eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0',
    'longshore\t0001F40A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0',
  ].join('\n');

  for (const [bridge, podCidr, expected] of [
    ['longshore', '10.244.1.0/24', true],
    ['longshore', '10.244.2.0/24', false],
    ['longshore2', '10.244.1.0/24', false],
  ] as const) {
    it(`${bridge} to ${podCidr}: ${expected}`, () => assert.equal(hasRoute(table, bridge, podCidr), expected));
  }
});
