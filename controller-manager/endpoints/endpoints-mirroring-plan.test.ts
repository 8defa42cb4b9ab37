import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { endpoints } from '../../api/resources/core.ts';
import type { EndpointSubset } from '../../api/types/core/v1.ts';
import type { ObjectMeta } from '../../api/types/meta/v1.ts';
import { storedObject } from '../../client/testing/stored-object.ts';
import { computeMirror, mirrorMetadata, shouldMirror } from './endpoints-mirroring-plan.ts';
import { serviceOf } from './testing/endpoint-pictures.ts';

const source = (subsets: EndpointSubset[] = [], metadata: ObjectMeta = {}) =>
  storedObject(endpoints, { metadata: { ...metadata, name: 's' }, subsets });
const { selector: _, ...withoutSelector } = serviceOf().spec ?? {};
const manual = { ...serviceOf(), spec: withoutSelector };

describe('Endpoints are mirrored', () => {
  const leader = { 'control-plane.alpha.kubernetes.io/leader': '{}' };
  const skip = (value: string) => ({ 'endpointslice.kubernetes.io/skip-mirror': value });
  const cases: readonly (readonly [
    title: string,
    source: ReturnType<typeof source> | undefined,
    service: ReturnType<typeof serviceOf> | undefined,
    mirrored: boolean,
  ])[] = [
    ['beside a Service without a selector', source(), manual, true],
    ['not beside one with a selector', source(), serviceOf(), false],
    ['not without a Service', source(), undefined, false],
    ['not when there are none', undefined, manual, false],
    ['not when they say so', source([], { labels: skip('true') }), manual, false],
    ['only "true" says so', source([], { labels: skip('yes') }), manual, true],
    ['not those of a leader election', source([], { annotations: leader }), manual, false],
  ];
  for (const [title, from, service, mirrored] of cases)
    it(title, () => assert.equal(shouldMirror(from, service), mirrored));
});

describe('a mirror', () => {
  const http = { name: 'http', port: 80, protocol: 'TCP' };

  it('has ready and not ready addresses, with all that is known of them', () => {
    const targetRef = { kind: 'Pod', name: 'p' };
    const subset = {
      addresses: [{ ip: '10.0.0.1', hostname: 'h', nodeName: 'n1', targetRef }],
      notReadyAddresses: [{ ip: '10.0.0.2' }],
      ports: [{ port: 80, appProtocol: 'http' }],
    };
    assert.deepEqual(computeMirror(source([subset]), 'IPv4'), [
      {
        ports: [{ name: '', protocol: 'TCP', port: 80, appProtocol: 'http' }],
        endpoints: [
          { addresses: ['10.0.0.1'], conditions: { ready: true }, hostname: 'h', nodeName: 'n1', targetRef },
          { addresses: ['10.0.0.2'], conditions: { ready: false } },
        ],
      },
    ]);
  });

  it('is for each address type its own', () => {
    const mixed = source([{ addresses: [{ ip: '10.0.0.1' }, { ip: 'fd00::1' }], ports: [http] }]);
    const addresses = (type: 'IPv4' | 'IPv6') =>
      computeMirror(mixed, type).flatMap(({ endpoints: of }) => of.map((endpoint) => endpoint.addresses[0]));
    assert.deepEqual(addresses('IPv4'), ['10.0.0.1']);
    assert.deepEqual(addresses('IPv6'), ['fd00::1']);
    assert.deepEqual(computeMirror(source([{ addresses: [{ ip: '10.0.0.1' }], ports: [http] }]), 'IPv6'), []);
  });

  it('joins subsets of the same ports, and no others', () => {
    const subsets = [
      { addresses: [{ ip: '10.0.0.1' }], ports: [http] },
      { addresses: [{ ip: '10.0.0.2' }], ports: [{ ...http, port: 81 }] },
      { addresses: [{ ip: '10.0.0.3' }], ports: [http] },
    ];
    const groups = computeMirror(source(subsets), 'IPv4').map(({ ports, endpoints: of }) => [
      ports[0]?.port,
      of.map((endpoint) => endpoint.addresses[0]),
    ]);
    assert.deepEqual(groups, [
      [80, ['10.0.0.1', '10.0.0.3']],
      [81, ['10.0.0.2']],
    ]);
  });

  it('has 1,000 addresses of a subset at most, the ready ones first', () => {
    const many = (third: number) =>
      Array.from({ length: 600 }, (_, i) => ({ ip: `10.0.${third + Math.floor(i / 250)}.${i % 250}` }));
    const [group] = computeMirror(source([{ addresses: many(0), notReadyAddresses: many(10), ports: [http] }]), 'IPv4');
    const ready = group?.endpoints.filter(({ conditions }) => conditions?.ready).length;
    assert.deepEqual([group?.endpoints.length, ready], [1000, 600]);
  });

  it('carries labels and annotations over, but not those that are about the source alone', () => {
    const metadata = {
      labels: { app: 'web' },
      annotations: {
        a: 'b',
        'kubectl.kubernetes.io/last-applied-configuration': '{}',
        'endpoints.kubernetes.io/last-change-trigger-time': '2030-01-01T00:00:00Z',
      },
    };
    assert.deepEqual(mirrorMetadata(source([], metadata)), {
      labels: {
        app: 'web',
        'kubernetes.io/service-name': 's',
        'endpointslice.kubernetes.io/managed-by': 'endpointslicemirroring-controller.k8s.io',
      },
      annotations: { a: 'b' },
    });
    assert.equal('annotations' in mirrorMetadata(source()), false);
  });
});
