import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { services } from '../../api/resources/core.ts';
import { endpointSlices } from '../../api/resources/discovery.ts';
import { ingressClasses, ingresses } from '../../api/resources/networking.ts';
import type { Service, ServiceSpec } from '../../api/types/core/v1.ts';
import type { EndpointSlice } from '../../api/types/discovery/v1.ts';
import type { Ingress, IngressClass, IngressSpec } from '../../api/types/networking/v1.ts';
import { storedObject } from '../../client/testing/stored-object.ts';
import { computeRouting } from './compute-routing.ts';
import { findRoute } from './find-route.ts';
import { isOurs } from './ingress-class.ts';
import { compilePathPattern, rewritePath } from './path-pattern.ts';
import { hostOf, matchedPath } from './request-path.ts';

interface Played {
  readonly name: string;
  readonly namespace?: string;
  readonly at?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly spec: IngressSpec;
}

const ingress = ({ name, namespace = 'shop', at = '2030-01-01T00:00:00Z', annotations = {}, spec }: Played) =>
  storedObject<Ingress>(ingresses, {
    metadata: { name, namespace, creationTimestamp: at, annotations: { ...annotations } },
    spec,
  });

const toService = (name: string, port: number | string = 80) => ({
  service: { name, port: typeof port === 'number' ? { number: port } : { name: port } },
});

/** `host path type service`; host `-` is any. */
function rulesOf(...lines: readonly string[]): IngressSpec {
  return {
    rules: lines.map((line) => {
      const [host = '', path = '', pathType = '', name = ''] = line.split(' ');
      return { ...(host !== '-' && { host }), http: { paths: [{ path, pathType, backend: toService(name) }] } };
    }),
  };
}

const lookup = (specs: Readonly<Record<string, ServiceSpec>> = {}, slices: readonly EndpointSlice[] = []) => ({
  service(key: string) {
    const [namespace = '', name = ''] = key.split('/');
    const spec =
      specs[key] ??
      (name.startsWith('no-') || namespace === 'other' ? undefined : { ports: [{ port: 80, name: 'http' }] });
    return spec && storedObject<Service>(services, { metadata: { name, namespace }, spec });
  },
  slicesOf: () =>
    slices.map((slice) =>
      storedObject<EndpointSlice>(endpointSlices, { ...slice, metadata: { name: 's', namespace: 'shop' } }),
    ),
});

describe('a request finds its rule', () => {
  const { table } = computeRouting(
    [
      ingress({
        name: 'a',
        spec: rulesOf(
          'shop.example / Prefix root',
          'shop.example /aaa/bbb Prefix prefix',
          'shop.example /aaa/bbb/ccc Prefix longer',
          'shop.example /exact Exact exact',
          'shop.example /exact Prefix below-exact',
          'shop.example /folder/ Prefix folder',
          'shop.example /slash/ Exact slash',
          'shop.example /own ImplementationSpecific own',
          '*.example / Prefix wildcard',
          'only.example /here Prefix here',
          '- /any Prefix any',
        ),
      }),
      ingress({ name: 'b', spec: { defaultBackend: toService('fallback') } }),
    ],
    lookup(),
  );
  const cases: readonly (readonly [host: string, path: string, service: string])[] = [
    ['shop.example', '/', 'root'],
    ['shop.example', '/other', 'root'],
    ['shop.example', '/aaa/bbb', 'prefix'],
    ['shop.example', '/aaa/bbb/', 'prefix'],
    ['shop.example', '/aaa/bbb/x/y', 'prefix'],
    // By elements, not by letters.
    ['shop.example', '/aaa/bbbxyz', 'root'],
    ['shop.example', '/aaa/bbb/ccc', 'longer'],
    ['shop.example', '/aaa/bbb/ccc/d', 'longer'],
    ['shop.example', '/exact', 'exact'],
    ['shop.example', '/exact/', 'below-exact'],
    ['shop.example', '/folder', 'folder'],
    ['shop.example', '/folder/x', 'folder'],
    ['shop.example', '/slash', 'root'],
    ['shop.example', '/slash/', 'slash'],
    ['shop.example', '/own/x', 'own'],
    ['x.example', '/', 'wildcard'],
    // One label.
    ['x.y.example', '/', 'fallback'],
    ['example', '/', 'fallback'],
    ['only.example', '/here', 'here'],
    // The host's own rules do not have it: those of its domain do.
    ['only.example', '/there', 'wildcard'],
    ['else.test', '/any/x', 'any'],
    ['else.test', '/', 'fallback'],
    ['__proto__', '/', 'fallback'],
    ['constructor', '/', 'fallback'],
  ];
  for (const [host, path, service] of cases)
    it(`${host}${path}: ${service}`, () =>
      assert.equal(findRoute(table, host, path)?.route.backend?.key, `shop/${service}:http`));
});

describe('of two Ingresses that want the same', () => {
  const older = { name: 'z-older', spec: rulesOf('shop.example /a Prefix one') };
  const newer = {
    name: 'a-newer',
    namespace: 'other',
    at: '2031-01-01T00:00:00Z',
    spec: rulesOf('shop.example /a/ Prefix two'),
  };
  const { table, problems } = computeRouting([ingress(newer), ingress(older)], lookup());

  it('the older has the path', () => assert.equal(findRoute(table, 'shop.example', '/a')?.route.ingress, 'z-older'));
  it('the owner of the newer is told', () =>
    assert.deepEqual(problems.get('other/a-newer'), [
      { reason: 'PathTaken', message: 'shop.example/a/ belongs to the older Ingress shop/z-older' },
    ]));
});

describe('a backend', () => {
  const slice = (parts: Partial<EndpointSlice>): EndpointSlice => ({
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080 }],
    endpoints: [],
    ...parts,
  });
  const found = (
    backend: Parameters<typeof oneRule>[0],
    services_: Readonly<Record<string, ServiceSpec>>,
    slices: readonly EndpointSlice[],
  ) => {
    const { table, problems } = computeRouting(
      [ingress({ name: 'a', spec: oneRule(backend) })],
      lookup(services_, slices),
    );
    const route = findRoute(table, 'h', '/')?.route;
    return { endpoints: route?.backend?.endpoints, reasons: problems.get('shop/a')?.map(({ reason }) => reason) };
  };
  const ready = { addresses: ['10.244.0.5'], conditions: { ready: true } };
  const ending = { addresses: ['10.244.0.6'], conditions: { ready: false, serving: true, terminating: true } };
  const notReady = { addresses: ['10.244.0.7'], conditions: { ready: false, serving: false } };

  it('is found by number', () =>
    assert.deepEqual(found(toService('web'), {}, [slice({ endpoints: [ready] })]).endpoints, [
      { address: '10.244.0.5', port: 8080 },
    ]));
  it('is found by name', () =>
    assert.equal(found(toService('web', 'http'), {}, [slice({ endpoints: [ready] })]).endpoints?.length, 1));
  it('has no port of that name', () =>
    assert.deepEqual(found(toService('web', 'admin'), {}, []).reasons, ['PortNotFound']));
  it('is a Service that does not exist', () =>
    assert.deepEqual(found(toService('no-web'), {}, []).reasons, ['ServiceNotFound']));
  it('leaves out what is not ready, and what ends while something is', () =>
    assert.deepEqual(found(toService('web'), {}, [slice({ endpoints: [notReady, ending, ready] })]).endpoints, [
      { address: '10.244.0.5', port: 8080 },
    ]));
  it('takes what ends and serves where nothing is ready', () =>
    assert.deepEqual(found(toService('web'), {}, [slice({ endpoints: [notReady, ending] })]).endpoints, [
      { address: '10.244.0.6', port: 8080 },
    ]));
  it('never is an address of the node itself', () =>
    assert.deepEqual(
      found(toService('web'), {}, [slice({ endpoints: [{ addresses: ['127.0.0.1'] }] })]).endpoints,
      [],
    ));
  it('may be an external name', () =>
    assert.deepEqual(
      found(toService('out', 443), { 'shop/out': { type: 'ExternalName', externalName: 'API.example.' } }, [])
        .endpoints,
      [{ address: 'api.example', port: 443 }],
    ));
  it('is no resource', () =>
    assert.deepEqual(found({ resource: { apiGroup: 'k8s.example', kind: 'Bucket', name: 'b' } }, {}, []).reasons, [
      'ResourceBackend',
    ]));
});

type RuleBackend = NonNullable<IngressSpec['defaultBackend']>;
function oneRule(backend: RuleBackend): IngressSpec {
  return { rules: [{ host: 'h', http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }] };
}

describe('an Ingress is ours', () => {
  const classOf = (name: string, controller: string, isDefault = false) =>
    storedObject<IngressClass>(ingressClasses, {
      metadata: { name, annotations: isDefault ? { 'ingressclass.kubernetes.io/is-default-class': 'true' } : {} },
      spec: { controller },
    });
  const classes = [classOf('longshore', 'longshore.dev/ingress'), classOf('nginx', 'k8s.io/ingress-nginx', true)];
  const byField = ingress({ name: 'a', spec: { ingressClassName: 'longshore' } });
  const byAnnotation = ingress({ name: 'a', annotations: { 'kubernetes.io/ingress.class': 'longshore' }, spec: {} });
  const without = ingress({ name: 'a', spec: {} });
  const cases = [
    ['by its class', byField, classes, true],
    ['by the annotation of old', byAnnotation, classes, true],
    ['not of another class', ingress({ name: 'a', spec: { ingressClassName: 'nginx' } }), classes, false],
    ['not of a class that is not there', byField, [], false],
    ['not without a class, where another is the default', without, classes, false],
    [
      'without a class, where ours is the default',
      without,
      [classOf('longshore', 'longshore.dev/ingress', true)],
      true,
    ],
  ] as const;
  for (const [name, object, all, expected] of cases) it(name, () => assert.equal(isOurs(object, all), expected));
});

describe('paths that are compared', () => {
  const cases: readonly (readonly [url: string, path: string | undefined])[] = [
    ['/a/b?c=/d', '/a/b'],
    ['/a//b', '/a/b'],
    ['/a/./b', '/a/b'],
    ['/a/../b', '/b'],
    ['/a/%2e%2e/b', '/b'],
    ['/a/%2E./admin/', '/admin/'],
    ['/a%2Fb', '/a/b'],
    ['/a/..', '/'],
    ['/..', undefined],
    ['/a/%2e%2e/%2e%2e/b', undefined],
    ['/%', undefined],
    ['/%ff', undefined],
    ['/%00', undefined],
    ['/a#b', undefined],
    ['*', undefined],
    ['http://other/', undefined],
    ['/%C3%A9', '/é'],
  ];
  for (const [url, path] of cases) it(`${url}: ${path}`, () => assert.equal(matchedPath(url), path));
});

describe('hosts', () => {
  const cases: readonly (readonly [header: string, host: string | undefined])[] = [
    ['Shop.Example:8080', 'shop.example'],
    ['shop.example.', 'shop.example'],
    ['10.0.0.1:80', '10.0.0.1'],
    ['[2001:db8::1]:80', '[2001:db8::1]'],
    ['', undefined],
    ['a b', undefined],
    ['shop.example/x', undefined],
    ['user@shop.example', undefined],
    ['shop.example:80:80', undefined],
    ['__proto__', '__proto__'],
  ];
  for (const [header, host] of cases) it(`"${header}": ${host}`, () => assert.equal(hostOf(header), host));
});

describe('patterns and rewriting', () => {
  const cases: readonly (readonly [pattern: string, target: string, path: string, becomes: string | undefined])[] = [
    ['/app(/|$)(.*)', '/$2', '/app/x/y', '/x/y'],
    ['/app(/|$)(.*)', '/$2', '/app', '/'],
    ['/app(/|$)(.*)', '/$2', '/apple', undefined],
    ['/app(/|$)(.*)', '/$2', '/APP/x', '/x'],
    ['/(.+)', '/v1/$1', '/é x', '/v1/%C3%A9%20x'],
    ['/(.*)', '/$1', '/a?b#c', '/a%3Fb%23c'],
    ['/(.*)', '/$1', '//evil.example', '//evil.example'],
    ['/a', '/b/$3', '/a', '/b/'],
  ];
  for (const [pattern, target, path, becomes] of cases)
    it(`${path} by ${pattern} and ${target}: ${becomes}`, () => {
      const compiled = compilePathPattern(pattern);
      assert.ok(typeof compiled !== 'string');
      const groups = compiled.match(path);
      assert.equal(groups && rewritePath(target, groups), becomes);
    });

  it('takes no longer for a pattern that tries all ways', () => {
    const compiled = compilePathPattern('/(a+)+$');
    assert.ok(typeof compiled !== 'string');
    assert.equal(compiled.match(`/${'a'.repeat(20_000)}!`), undefined);
  });

  it('says what is wrong with a pattern', () => assert.equal(typeof compilePathPattern('/(a'), 'string'));
});
