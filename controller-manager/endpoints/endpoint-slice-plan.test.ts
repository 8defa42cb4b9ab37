import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nodes } from '../../api/resources/core.ts';
import { cacheOf, storedObject } from '../../client/testing/stored-object.ts';
import { computeDesiredEndpoints, computeEndpoint, computeSliceLabels } from './endpoint-slice-plan.ts';
import { podOf, serviceOf } from './testing/endpoint-pictures.ts';

const known = cacheOf([
  storedObject(nodes, { metadata: { name: 'n1', labels: { 'topology.kubernetes.io/zone': 'east' } } }),
  storedObject(nodes, { metadata: { name: 'zoneless' } }),
]);

describe('an endpoint', () => {
  it('tells the address, the state, the pod and where it is', () => {
    const pod = podOf('p', { spec: { nodeName: 'n1' } });
    assert.deepEqual(computeEndpoint(serviceOf(), pod, '10.0.0.1', known), {
      addresses: ['10.0.0.1'],
      conditions: { ready: true, serving: true, terminating: false },
      targetRef: { kind: 'Pod', namespace: 'default', name: 'p', uid: 'p' },
      nodeName: 'n1',
      zone: 'east',
    });
  });

  it('tells no zone where the node has none, or is not known', () => {
    for (const nodeName of ['zoneless', 'unknown']) {
      const endpoint = computeEndpoint(serviceOf(), podOf('p', { spec: { nodeName } }), '10.0.0.1', known);
      assert.equal(endpoint.nodeName, nodeName);
      assert.equal('zone' in endpoint, false);
    }
  });

  describe('with conditions', () => {
    const cases: readonly (readonly [
      title: string,
      ready: boolean,
      terminating: boolean,
      publishing: boolean,
      conditions: readonly [ready: boolean, serving: boolean, terminating: boolean],
    ])[] = [
      ['ready', true, false, false, [true, true, false]],
      ['not ready', false, false, false, [false, false, false]],
      ['ready, on its way out: it serves still', true, true, false, [false, true, true]],
      ['not ready, on its way out', false, true, false, [false, false, true]],
      ['not ready, but published anyway', false, false, true, [true, false, false]],
      ['on its way out, but published anyway', true, true, true, [true, true, true]],
    ];
    for (const [title, isReady, isTerminating, publishNotReadyAddresses, [ready, serving, terminating]] of cases)
      it(title, () => {
        const pod = podOf('p', { ready: isReady, terminating: isTerminating });
        const { conditions } = computeEndpoint(serviceOf({ publishNotReadyAddresses }), pod, '10.0.0.1', known);
        assert.deepEqual(conditions, { ready, serving, terminating });
      });
  });

  describe('has a hostname in DNS', () => {
    const hostname = (spec: object) => computeEndpoint(serviceOf(), podOf('p', { spec }), '10.0.0.1', known).hostname;
    it('when the pod has one, in the subdomain of this Service', () => {
      assert.equal(hostname({ hostname: 'web-0', subdomain: 's' }), 'web-0');
      assert.equal(hostname({ hostname: 'web-0', subdomain: 'other' }), undefined);
      assert.equal(hostname({ hostname: 'web-0' }), undefined);
      assert.equal(hostname({ subdomain: 's' }), undefined);
    });
  });

  describe('hints where traffic should come from', () => {
    const hints = (trafficDistribution: string | undefined, nodeName: string, ready = true) =>
      computeEndpoint(
        serviceOf(trafficDistribution === undefined ? {} : { trafficDistribution }),
        podOf('p', { spec: { nodeName }, ready }),
        '10.0.0.1',
        known,
      ).hints;
    const cases: readonly (readonly [
      title: string,
      distribution: string | undefined,
      node: string,
      ready: boolean,
      hints: object | undefined,
    ])[] = [
      ['not unless the Service prefers what is close', undefined, 'n1', true, undefined],
      ['the zone', 'PreferSameZone', 'n1', true, { forZones: [{ name: 'east' }] }],
      ['the older name of that', 'PreferClose', 'n1', true, { forZones: [{ name: 'east' }] }],
      ['none without a zone', 'PreferSameZone', 'zoneless', true, undefined],
      ['none while not ready', 'PreferSameZone', 'n1', false, undefined],
      ['node and zone', 'PreferSameNode', 'n1', true, { forZones: [{ name: 'east' }], forNodes: [{ name: 'n1' }] }],
    ];
    for (const [title, distribution, node, ready, wanted] of cases)
      it(title, () => assert.deepEqual(hints(distribution, node, ready), wanted));
  });
});

describe('the endpoints of a Service', () => {
  const desired = (service: ReturnType<typeof serviceOf>, ...pods: ReturnType<typeof podOf>[]) =>
    computeDesiredEndpoints(service, { type: 'IPv4', pods, nodes: known }).map(({ ports, endpoints }) => [
      ports.map(({ port }) => port),
      endpoints.map(({ addresses }) => addresses[0]),
    ]);

  it('are one group when all pods have the same ports', () => {
    const service = serviceOf({ ports: [{ port: 80, targetPort: 8080 }] });
    assert.deepEqual(desired(service, podOf('a', { ips: ['10.0.0.1'] }), podOf('b', { ips: ['10.0.0.2'] })), [
      [[8080], ['10.0.0.1', '10.0.0.2']],
    ]);
  });

  it('are a group for each number that pods call by the name', () => {
    const service = serviceOf({ ports: [{ port: 80, targetPort: 'http' }] });
    const listening = (containerPort: number) => ({
      containers: [{ name: 'c', ports: [{ name: 'http', containerPort }] }],
    });
    const pods = [
      podOf('a', { ips: ['10.0.0.1'], spec: listening(8080) }),
      podOf('b', { ips: ['10.0.0.2'], spec: listening(9090) }),
      podOf('c', { ips: ['10.0.0.3'], spec: listening(8080) }),
    ];
    assert.deepEqual(desired(service, ...pods), [
      [[8080], ['10.0.0.1', '10.0.0.3']],
      [[9090], ['10.0.0.2']],
    ]);
  });

  it('have only addresses of the family', () => {
    const service = serviceOf({ ports: [{ port: 80 }] });
    assert.deepEqual(desired(service, podOf('a', { ips: ['fd00::1'] }), podOf('b', { ips: ['fd00::2', '10.0.0.2'] })), [
      [[80], ['10.0.0.2']],
    ]);
  });

  it('leave out pods whose node is gone, unless all addresses are published', () => {
    const pods = [
      podOf('a', { spec: { nodeName: 'n1' } }),
      podOf('b', { ips: ['10.0.0.2'], spec: { nodeName: 'gone' } }),
    ];
    assert.deepEqual(desired(serviceOf({ ports: [{ port: 80 }] }), ...pods), [[[80], ['10.0.0.1']]]);
    const publishing = serviceOf({ ports: [{ port: 80 }], publishNotReadyAddresses: true });
    assert.deepEqual(desired(publishing, ...pods), [[[80], ['10.0.0.1', '10.0.0.2']]]);
  });

  it('are without ports for a headless Service that has none', () => {
    assert.deepEqual(desired(serviceOf({ clusterIP: 'None' }), podOf('a', { ips: ['10.0.0.1'] })), [
      [[], ['10.0.0.1']],
    ]);
  });
});

describe('labels of slices', () => {
  it('are the Service’s own, with whose they are', () => {
    assert.deepEqual(computeSliceLabels(serviceOf({}, { app: 'web' })), {
      app: 'web',
      'kubernetes.io/service-name': 's',
      'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
    });
  });

  it('say whether it is headless, whatever the Service’s own label says', () => {
    const label = 'service.kubernetes.io/headless';
    assert.equal(computeSliceLabels(serviceOf({ clusterIP: 'None' }))[label], '');
    assert.equal(label in computeSliceLabels(serviceOf({}, { [label]: '' })), false);
  });
});
