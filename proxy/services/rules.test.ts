import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Service } from '../../api/types/core/v1.ts';
import type { EndpointSlice } from '../../api/types/discovery/v1.ts';
import type { Cached } from '../../client/object-cache.ts';
import { computeRules, type ServiceRule } from './rules.ts';

type Spec = NonNullable<Service['spec']>;
type SliceEndpoint = NonNullable<EndpointSlice['endpoints']>[number];

const metadata = { name: 'web', namespace: 'shop', uid: 'u', resourceVersion: '1', creationTimestamp: '' };

function serviceOf(spec: Spec, more: Partial<Service> = {}): Cached<Service> {
  const ports = [{ name: 'http', port: 80, protocol: 'TCP' }];
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata,
    ...more,
    spec: { clusterIP: '10.96.0.7', ports, ...spec },
  } as never;
}

function sliceOf(endpoints: SliceEndpoint[], more: Partial<EndpointSlice> = {}): Cached<EndpointSlice> {
  const ports = [{ name: 'http', port: 8080, protocol: 'TCP' }];
  return { metadata, addressType: 'IPv4', ports, endpoints, ...more } as never;
}

const ready = (address: string, nodeName = 'n2'): SliceEndpoint => ({
  addresses: [address],
  nodeName,
  conditions: { ready: true },
});
const ending = (address: string, serving: boolean): SliceEndpoint => ({
  addresses: [address],
  nodeName: 'n2',
  conditions: { ready: false, serving, terminating: true },
});

function rulesFor(spec: Spec, endpoints: SliceEndpoint[], more: Partial<Service> = {}): readonly ServiceRule[] {
  const rules = computeRules({
    services: [serviceOf(spec, more)],
    slicesOf: () => [sliceOf(endpoints)],
    nodeName: 'n1',
  });
  return rules.services;
}

const addresses = (endpoints: readonly { address: string; port: number }[] | undefined) =>
  endpoints?.map(({ address, port }) => `${address}:${port}`);

describe('computeRules', () => {
  it('leads no traffic to or from addresses that each node has for itself', () => {
    const own = ['127.0.0.1', '169.254.169.254', '0.0.0.0', '0177.0.0.1', '127.1'];
    const status = { loadBalancer: { ingress: [...own, '192.0.2.9'].map((ip) => ({ ip })) } };
    const [rule] = rulesFor(
      { externalIPs: [...own, '192.0.2.8'] },
      [...own, '10.244.2.2'].map((ip) => ready(ip)),
      {
        status,
      },
    );
    assert.deepEqual(addresses(rule?.anywhere), ['10.244.2.2:8080']);
    assert.deepEqual(rule?.externalIps, ['192.0.2.8', '192.0.2.9']);
  });

  const notReady: SliceEndpoint = { addresses: ['10.244.2.9'], conditions: { ready: false, serving: false } };
  const cases: { title: string; endpoints: SliceEndpoint[]; want: string[] }[] = [
    {
      title: 'takes ready endpoints, sorted',
      endpoints: [ready('10.244.2.3'), ready('10.244.2.2')],
      want: ['10.244.2.2:8080', '10.244.2.3:8080'],
    },
    {
      title: 'counts an unknown readiness as ready',
      endpoints: [{ addresses: ['10.244.2.2'] }],
      want: ['10.244.2.2:8080'],
    },
    { title: 'leaves out what is not ready', endpoints: [notReady, ready('10.244.2.2')], want: ['10.244.2.2:8080'] },
    {
      title: 'prefers ready endpoints to ending ones',
      endpoints: [ending('10.244.2.3', true), ready('10.244.2.2')],
      want: ['10.244.2.2:8080'],
    },
    {
      title: 'falls back to those that end but serve',
      endpoints: [ending('10.244.2.3', true), ending('10.244.2.4', false)],
      want: ['10.244.2.3:8080'],
    },
    {
      title: 'names each endpoint once',
      endpoints: [ready('10.244.2.2'), ready('10.244.2.2')],
      want: ['10.244.2.2:8080'],
    },
    { title: 'may find none', endpoints: [notReady], want: [] },
  ];
  for (const { title, endpoints, want } of cases)
    it(title, () => assert.deepEqual(addresses(rulesFor({}, endpoints)[0]?.internal), want));

  it('keeps to endpoints of this node where a policy says Local', () => {
    const spec: Spec = {
      type: 'NodePort',
      externalTrafficPolicy: 'Local',
      internalTrafficPolicy: 'Local',
      ports: [{ name: 'http', port: 80, nodePort: 30080 }],
    };
    const [rule] = rulesFor(spec, [ready('10.244.1.2', 'n1'), ready('10.244.2.2', 'n2')]);
    assert.deepEqual(addresses(rule?.internal), ['10.244.1.2:8080']);
    assert.deepEqual(addresses(rule?.external), ['10.244.1.2:8080']);
    assert.deepEqual(addresses(rule?.anywhere), ['10.244.1.2:8080', '10.244.2.2:8080']);
    assert.equal(rule?.externalLocal, true);
    assert.equal(rule?.nodePort, 30080);
  });

  it('matches ports by name and protocol', () => {
    const spec: Spec = {
      ports: [
        { name: 'http', port: 80 },
        { name: 'dns', port: 53, protocol: 'UDP' },
      ],
    };
    const rules = rulesFor(spec, [ready('10.244.2.2')]);
    assert.deepEqual(
      rules.map(({ name, internal }) => [name, internal.length]),
      [
        ['shop/web:dns', 0],
        ['shop/web:http', 1],
      ],
    );
  });

  it('leaves out headless services, external names, and what another proxy does', () => {
    assert.equal(rulesFor({ clusterIP: 'None' }, []).length, 0);
    assert.equal(rulesFor({ type: 'ExternalName', externalName: 'x.y' }, []).length, 0);
    const labels = { 'service.kubernetes.io/service-proxy-name': 'other' };
    assert.equal(rulesFor({}, [], { metadata: { ...metadata, labels } }).length, 0);
  });

  it('knows external addresses, but not those behind a proxying load balancer', () => {
    const status = { loadBalancer: { ingress: [{ ip: '192.0.2.1' }, { ip: '192.0.2.2', ipMode: 'Proxy' }] } };
    const spec: Spec = {
      type: 'LoadBalancer',
      externalIPs: ['198.51.100.1'],
      loadBalancerSourceRanges: ['203.0.113.0/24'],
    };
    const [rule] = rulesFor(spec, [], { status });
    assert.deepEqual(rule?.externalIps, ['192.0.2.1', '198.51.100.1']);
    assert.deepEqual(rule?.sourceRanges, { addresses: ['192.0.2.1'], cidrs: ['203.0.113.0/24'] });
  });

  it('remembers clients for as long as the service says, three hours by default', () => {
    assert.equal(rulesFor({}, [])[0]?.affinitySeconds, 0);
    assert.equal(rulesFor({ sessionAffinity: 'ClientIP' }, [])[0]?.affinitySeconds, 10_800);
    const sessionAffinityConfig = { clientIP: { timeoutSeconds: 5 } };
    assert.equal(rulesFor({ sessionAffinity: 'ClientIP', sessionAffinityConfig }, [])[0]?.affinitySeconds, 5);
  });

  it('tells which addresses are on this node', () => {
    const slices = [sliceOf([ready('10.244.1.2', 'n1'), ready('10.244.2.2', 'n2')])];
    const rules = computeRules({ services: [serviceOf({})], slicesOf: () => slices, nodeName: 'n1' });
    assert.deepEqual(rules.localAddresses, ['10.244.1.2']);
  });
});
