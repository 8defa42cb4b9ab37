import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Node } from '../../api/types/core/v1.ts';
import { computeRouteChanges, computeRoutes, isWithin, routeFactsOf } from './route-plan.ts';

const clusterCidr = '10.244.0.0/16';

function node(name: string, podCIDR: string | undefined, address: string, age = 1): Node {
  return {
    metadata: { name, creationTimestamp: `2026-01-0${age}T00:00:00Z` },
    spec: podCIDR === undefined ? {} : { podCIDR, podCIDRs: [podCIDR] },
    status: { addresses: [{ type: 'InternalIP', address }] },
  };
}

const own = node('a', '10.244.0.0/24', '10.0.0.1');

describe('computeRoutes', () => {
  const cases: readonly (readonly [what: string, nodes: readonly Node[], routes: readonly string[]])[] = [
    ['none of its own', [own], []],
    [
      'each other node’s by that node’s address',
      [own, node('c', '10.244.2.0/24', '10.0.0.3'), node('b', '10.244.1.0/24', '10.0.0.2')],
      ['10.244.1.0/24 10.0.0.2', '10.244.2.0/24 10.0.0.3'],
    ],
    ['none of a node without a pod network', [own, node('b', undefined, '10.0.0.2')], []],
    ['none to a node without an address', [own, { ...node('b', '10.244.1.0/24', ''), status: {} }], []],
    ['none to loopback', [own, node('b', '10.244.1.0/24', '127.0.0.1')], []],
    ['none to what is no address', [own, node('b', '10.244.1.0/24', '-x')], []],
    ['none for everything', [own, node('b', '0.0.0.0/0', '10.0.0.66')], []],
    ['none for the whole pod network', [own, node('b', '10.244.0.0/16', '10.0.0.66')], []],
    ['none outside the pod network', [own, node('b', '192.168.0.0/24', '10.0.0.66')], []],
    ['none for what is its own', [own, node('b', '10.244.0.0/25', '10.0.0.66', 2)], []],
    [
      'one for what two nodes claim: the older one’s',
      [own, node('late', '10.244.1.0/24', '10.0.0.9', 3), node('b', '10.244.1.0/24', '10.0.0.2', 2)],
      ['10.244.1.0/24 10.0.0.2'],
    ],
  ];
  for (const [what, nodes, expected] of cases) {
    it(`has ${what}`, () => {
      const routes = computeRoutes({ nodes, ownName: 'a', clusterCidr });
      assert.deepEqual(
        routes.map(({ network, gateway }) => `${network} ${gateway}`),
        expected,
      );
    });
  }
});

describe('computeRouteChanges', () => {
  const [b, moved, c] = [
    { network: '10.244.1.0/24', gateway: '10.0.0.2' },
    { network: '10.244.1.0/24', gateway: '10.0.0.7' },
    { network: '10.244.2.0/24', gateway: '10.0.0.3' },
  ];
  it('does nothing when all is there', () =>
    assert.deepEqual(computeRouteChanges([b, c], [c, b]), { set: [], remove: [] }));
  it('sets what is missing and what leads elsewhere', () =>
    assert.deepEqual(computeRouteChanges([moved, c], [b]), { set: [moved, c], remove: [] }));
  it('removes what nobody has any more', () =>
    assert.deepEqual(computeRouteChanges([b], [b, c]), { set: [], remove: [c] }));
});

describe('routeFactsOf', () => {
  it('is the same after a heartbeat', () => {
    const later: Node = { ...own, status: { ...own.status, conditions: [{ type: 'Ready', status: 'True' }] } };
    assert.equal(routeFactsOf(own), routeFactsOf(later));
    assert.notEqual(routeFactsOf(own), routeFactsOf(node('a', '10.244.0.0/24', '10.0.0.8')));
  });
});

describe('isWithin', () => {
  it('tells the cluster’s networks from others', () => {
    assert.deepEqual(
      ['10.244.3.0/24', '10.245.0.0/24', 'default', '10.244.0.0/16'].map((one) => isWithin(one, clusterCidr)),
      [true, false, false, false],
    );
  });
});
