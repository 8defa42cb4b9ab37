import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { services } from '../../api/resources/core.ts';
import type { Container, ServicePort } from '../../api/types/core/v1.ts';
import { cacheOf, storedObject } from '../../client/testing/stored-object.ts';
import {
  addressesOf,
  addressOfType,
  addressTypesOf,
  isEndpoint,
  matchingPods,
  portsOf,
  selectsPods,
  servicesOfPodChange,
} from './service-pods.ts';
import { type PodPicture, podOf, serviceOf } from './testing/endpoint-pictures.ts';

describe('pods behind a Service', () => {
  const cases: readonly (readonly [title: string, pod: PodPicture, isEndpoint: boolean])[] = [
    ['a running pod with an address', {}, true],
    ['one that is not ready', { ready: false }, true],
    ['one on its way out may still answer', { terminating: true }, true],
    ['one without an address', { ips: [] }, false],
    ['one that failed', { phase: 'Failed' }, false],
    ['one that succeeded', { phase: 'Succeeded' }, false],
  ];
  for (const [title, pod, wanted] of cases) it(title, () => assert.equal(isEndpoint(podOf('p', pod)), wanted));

  it('are those of its namespace that its selector means', () => {
    const elsewhere = podOf('elsewhere');
    const all = cacheOf([
      podOf('a'),
      podOf('b', { labels: { app: 'db' } }),
      { ...elsewhere, metadata: { ...elsewhere.metadata, namespace: 'other' } },
    ]);
    assert.deepEqual(
      matchingPods(serviceOf(), all).map(({ metadata }) => metadata.name),
      ['a'],
    );
  });

  it('are found here only for Services with a selector that are no names of something else', () => {
    assert.equal(selectsPods(serviceOf()), true);
    assert.equal(selectsPods(serviceOf({ type: 'ExternalName', externalName: 'example.com' })), false);
    const { selector: _, ...spec } = serviceOf().spec ?? {};
    assert.equal(selectsPods({ ...serviceOf(), spec }), false);
  });
});

describe('addresses', () => {
  it('of a pod: all of them, or the one that older kubelets write', () => {
    const pod = podOf('p', { ips: ['10.0.0.1', 'fd00::1'] });
    assert.deepEqual(addressesOf(pod), ['10.0.0.1', 'fd00::1']);
    assert.deepEqual(addressesOf({ ...pod, status: { podIP: '10.0.0.2' } }), ['10.0.0.2']);
    assert.deepEqual(addressesOf({ ...pod, status: { podIPs: [{ ip: '' }] } }), []);
    assert.equal(addressOfType(pod, 'IPv6'), 'fd00::1');
    assert.equal(addressOfType(podOf('p'), 'IPv6'), undefined);
  });

  it('of a Service: the families that it asks for, else that of its own address', () => {
    assert.deepEqual(addressTypesOf(serviceOf({ ipFamilies: ['IPv6', 'IPv4'] })), ['IPv6', 'IPv4']);
    assert.deepEqual(addressTypesOf(serviceOf()), ['IPv4']);
    assert.deepEqual(addressTypesOf(serviceOf({ clusterIP: 'fd00::1' })), ['IPv6']);
    assert.deepEqual(addressTypesOf(serviceOf({ clusterIP: 'None' })), ['IPv4']);
  });
});

describe('the ports of a Service as a pod has them', () => {
  const named = (name: string, containerPort: number, protocol?: string): Container => ({
    name: `${name}-${protocol ?? ''}`,
    ports: [{ name, containerPort, ...(protocol && { protocol }) }],
  });
  const cases: readonly (readonly [
    title: string,
    ports: ServicePort[],
    containers: Container[],
    numbers: readonly number[],
  ])[] = [
    ['the port itself, when no target is given', [{ port: 80 }], [], [80]],
    ['a number', [{ port: 80, targetPort: 8080 }], [], [8080]],
    ['0 is no number', [{ port: 80, targetPort: 0 }], [], [80]],
    ['a name', [{ port: 80, targetPort: 'http' }], [named('http', 8080)], [8080]],
    ['a name that the pod lacks', [{ port: 80, targetPort: 'http' }], [named('web', 8080)], []],
    [
      'the name of a port of another protocol',
      [{ port: 53, targetPort: 'dns', protocol: 'UDP' }],
      [named('dns', 53)],
      [],
    ],
    [
      'of two of a name that of the protocol',
      [{ port: 53, targetPort: 'dns', protocol: 'UDP' }],
      [named('dns', 5353, 'TCP'), named('dns', 5354, 'UDP')],
      [5354],
    ],
    [
      'several',
      [
        { name: 'a', port: 80 },
        { name: 'b', port: 443, targetPort: 8443 },
      ],
      [],
      [80, 8443],
    ],
  ];
  for (const [title, ports, containers, numbers] of cases)
    it(title, () => {
      const found = portsOf(serviceOf({ ports }), podOf('p', { spec: { containers } }));
      assert.deepEqual(
        found.map(({ port }) => port),
        numbers,
      );
    });

  it('may be those of a sidecar, but not of an init container that ends', () => {
    const service = serviceOf({ ports: [{ port: 80, targetPort: 'http' }] });
    const init = named('http', 8080);
    const ports = (initContainers: Container[]) => portsOf(service, podOf('p', { spec: { initContainers } }));
    assert.equal(ports([{ ...init, restartPolicy: 'Always' }])[0]?.port, 8080);
    assert.deepEqual(ports([init]), []);
  });

  it('keep name, protocol and what is spoken', () => {
    const [port] = portsOf(serviceOf({ ports: [{ name: 'web', port: 80, appProtocol: 'http' }] }), podOf('p'));
    assert.deepEqual(port, { name: 'web', protocol: 'TCP', port: 80, appProtocol: 'http' });
  });
});

describe('the Services that a change of a pod concerns', () => {
  const all = cacheOf([
    serviceOf(),
    storedObject(services, { metadata: { name: 'db' }, spec: { selector: { app: 'db' } } }),
    storedObject(services, { metadata: { name: 'none' }, spec: {} }),
  ]);
  const web = podOf('p');
  const changed = (next: ReturnType<typeof podOf>) =>
    servicesOfPodChange({ type: 'updated', previous: web, next }, all);

  it('are those that select it', () => {
    assert.deepEqual(servicesOfPodChange({ type: 'added', next: web }, all), ['default/s']);
    assert.deepEqual(servicesOfPodChange({ type: 'deleted', previous: web }, all), ['default/s']);
  });

  it('are both when it moves from one to the other', () => {
    assert.deepEqual(changed(podOf('p', { labels: { app: 'db' } })).sort(), ['default/db', 'default/s']);
  });

  it('are none when nothing changed that endpoints show', () => {
    assert.deepEqual(changed({ ...web, metadata: { ...web.metadata, annotations: { a: 'b' } } }), []);
  });

  for (const [title, picture] of [
    ['its readiness', { ready: false }],
    ['its end', { phase: 'Failed' }],
    ['its deletion', { terminating: true }],
    ['its address', { ips: ['10.0.0.9'] }],
    ['its node', { spec: { nodeName: 'n2' } }],
    ['its hostname', { spec: { hostname: 'h' } }],
  ] as const)
    it(`are told of ${title}`, () => assert.deepEqual(changed(podOf('p', picture)), ['default/s']));
});
