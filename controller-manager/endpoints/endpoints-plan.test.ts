import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { endpoints } from '../../api/resources/core.ts';
import { storedObject } from '../../client/testing/stored-object.ts';
import {
  computeEndpointsAnnotations,
  computeEndpointsLabels,
  computeSubsets,
  sameEndpoints,
} from './endpoints-plan.ts';
import { podOf, serviceOf } from './testing/endpoint-pictures.ts';

const http = serviceOf({ ports: [{ name: 'http', port: 80, targetPort: 8080 }] });

describe('subsets of Endpoints', () => {
  const ips = (service: typeof http, ...pods: ReturnType<typeof podOf>[]) =>
    computeSubsets(service, pods).subsets.map(({ addresses = [], notReadyAddresses = [], ports = [] }) => ({
      ready: addresses.map(({ ip }) => ip),
      notReady: notReadyAddresses.map(({ ip }) => ip),
      ports: ports.map(({ port }) => port),
    }));

  it('tell addresses in their order, with pods and nodes', () => {
    const pods = [podOf('b', { ips: ['10.0.0.2'] }), podOf('a', { spec: { nodeName: 'n1' } })];
    assert.deepEqual(computeSubsets(http, pods), {
      subsets: [
        {
          addresses: [
            {
              ip: '10.0.0.1',
              nodeName: 'n1',
              targetRef: { kind: 'Pod', namespace: 'default', name: 'a', uid: 'a' },
            },
            { ip: '10.0.0.2', targetRef: { kind: 'Pod', namespace: 'default', name: 'b', uid: 'b' } },
          ],
          ports: [{ name: 'http', protocol: 'TCP', port: 8080 }],
        },
      ],
      truncated: false,
    });
  });

  it('tell those apart that are not ready', () => {
    assert.deepEqual(ips(http, podOf('a'), podOf('b', { ips: ['10.0.0.2'], ready: false })), [
      { ready: ['10.0.0.1'], notReady: ['10.0.0.2'], ports: [8080] },
    ]);
  });

  it('leave out pods on their way out, unless all addresses are published', () => {
    const going = podOf('a', { terminating: true, ready: false });
    assert.deepEqual(ips(http, going), []);
    const publishing = serviceOf({ ports: [{ port: 80 }], publishNotReadyAddresses: true });
    assert.deepEqual(ips(publishing, going), [{ ready: ['10.0.0.1'], notReady: [], ports: [80] }]);
  });

  it('are one for each set of ports', () => {
    const service = serviceOf({ ports: [{ port: 80, targetPort: 'http' }] });
    const listening = (containerPort: number) => ({
      containers: [{ name: 'c', ports: [{ name: 'http', containerPort }] }],
    });
    const pods = [
      podOf('a', { spec: listening(8080) }),
      podOf('b', { ips: ['10.0.0.2'], spec: listening(9090) }),
      podOf('c', { ips: ['10.0.0.3'] }),
    ];
    assert.deepEqual(ips(service, ...pods), [
      { ready: ['10.0.0.1'], notReady: [], ports: [8080] },
      { ready: ['10.0.0.2'], notReady: [], ports: [9090] },
    ]);
  });

  it('have no ports where a headless Service has none', () => {
    assert.deepEqual(ips(serviceOf({ clusterIP: 'None' }), podOf('a')), [
      { ready: ['10.0.0.1'], notReady: [], ports: [] },
    ]);
  });

  it('are of the Service’s first family only', () => {
    const service = serviceOf({ ports: [{ port: 80 }], ipFamilies: ['IPv6', 'IPv4'] });
    assert.deepEqual(ips(service, podOf('a', { ips: ['10.0.0.1', 'fd00::1'] }), podOf('b', { ips: ['10.0.0.2'] })), [
      { ready: ['fd00::1'], notReady: [], ports: [80] },
    ]);
  });

  it('hold 1,000 addresses, the ready ones first', () => {
    const many = (count: number, third: number, ready: boolean) =>
      Array.from({ length: count }, (_, i) =>
        podOf(`${third}-${i}`, { ips: [`10.0.${third + Math.floor(i / 250)}.${i % 250}`], ready }),
      );
    const { subsets, truncated } = computeSubsets(http, [...many(700, 0, false), ...many(700, 10, true)]);
    assert.equal(truncated, true);
    assert.equal(subsets[0]?.addresses?.length, 700);
    assert.equal(subsets[0]?.notReadyAddresses?.length, 300);
    assert.equal(computeSubsets(http, many(1000, 0, true)).truncated, false);
  });
});

describe('what else Endpoints say', () => {
  it('labels: the Service’s, who keeps them, and whether it is headless', () => {
    const managed = { 'endpoints.kubernetes.io/managed-by': 'endpoint-controller' };
    assert.deepEqual(computeEndpointsLabels(serviceOf({}, { app: 'web' })), { app: 'web', ...managed });
    assert.deepEqual(computeEndpointsLabels(serviceOf({ clusterIP: 'None' })), {
      'service.kubernetes.io/headless': '',
      ...managed,
    });
  });

  it('annotations: that there are more, while there are', () => {
    const annotation = 'endpoints.kubernetes.io/over-capacity';
    assert.deepEqual(computeEndpointsAnnotations({ a: 'b' }, true), { a: 'b', [annotation]: 'truncated' });
    assert.deepEqual(computeEndpointsAnnotations({ a: 'b', [annotation]: 'truncated' }, false), { a: 'b' });
  });

  it('nothing new when labels, annotations and subsets are the same', () => {
    const labels = { app: 'web' };
    const subsets = [{ addresses: [{ ip: '10.0.0.1' }] }];
    const current = storedObject(endpoints, { metadata: { name: 's', labels }, subsets });
    assert.equal(sameEndpoints(current, { metadata: { labels }, subsets }), true);
    assert.equal(sameEndpoints(current, { metadata: { labels: {} }, subsets }), false);
    assert.equal(sameEndpoints(current, { metadata: { labels, annotations: { a: 'b' } }, subsets }), false);
    assert.equal(sameEndpoints(current, { metadata: { labels }, subsets: [] }), false);
  });
});
