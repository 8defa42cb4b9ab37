/** Requests that are large in one part each, as large as a body may be: what costs more than its bytes shows itself here. */

import { definitionOf } from './definition.ts';
import type { FuzzRequest } from './requests.ts';

const namespace = '/api/v1/namespaces/default';
const table = 'application/json;as=Table;v=v1;g=meta.k8s.io';

function write(method: string, path: string, body: unknown, contentType = 'application/json'): FuzzRequest {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { method, path, headers: { 'content-type': contentType }, body: Buffer.from(text) };
}

const post = (path: string, body: unknown, contentType?: string): FuzzRequest =>
  write('POST', `${path}?dryRun=All`, body, contentType);
const patch = (path: string, body: unknown, language: string): FuzzRequest =>
  write('PATCH', `${path}?dryRun=All`, body, `application/${language}`);

const list = <T>(count: number, item: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => item(i));
const map = (count: number, value: unknown, key = (i: number) => `k${i}`): object =>
  Object.fromEntries(list(count, (i) => [key(i), value]));

const configMap = (rest: object, metadata: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'new', ...metadata },
  ...rest,
});
const pod = (spec: object, container: object = {}, name = 'new'): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: { containers: [{ name: 'c', image: 'i', ...container }], ...spec },
});
const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const owner = (i: number) => ({ apiVersion: 'v1', kind: 'Pod', name: `p${i}`, uid: `u${i}`, controller: true });
const yamlMap = (count: number): string => list(count, (i) => `  k${i}: "v"`).join('\n');

/** What the patches below are applied to. */
export const patched: readonly FuzzRequest[] = [
  write('POST', `${namespace}/configmaps`, configMap({ data: { a: 'b' } }, { name: 'large' })),
  write('POST', `${namespace}/pods`, pod({}, {}, 'large')),
];

function bodies(): FuzzRequest[] {
  const maps = `${namespace}/configmaps`;
  return [
    post(maps, configMap({ data: map(24_000, 'v') })),
    post(maps, configMap({ data: map(100_000, 'v') })),
    post(maps, configMap({ data: map(24_000, 'v', (i) => `!${i}`) })),
    post(
      maps,
      `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: large}\ndata:\n${yamlMap(24_000)}`,
      'application/yaml',
    ),
    post(maps, `apiVersion: v1\nkind: ConfigMap\ndata:\n${yamlMap(100_000)}`, 'application/yaml'),
    post(maps, `x: &x {a: b}\ny:\n${'- *x\n'.repeat(100_000)}`, 'application/yaml'),
    post(maps, { ...configMap({}), ...map(90_000, 1) }),
    post(maps, configMap({ data: { a: '\ud800\n\u0000'.repeat(100_000) } })),
    post(maps, `{"apiVersion":"v1","kind":"ConfigMap","x":[${'1e99999999,'.repeat(200_000)}0]}`),
    post(maps, `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"generation":${'9'.repeat(2_500_000)}}}`),
    post(maps, configMap({}, { labels: map(24_000, '!') })),
    post(maps, configMap({}, { annotations: map(24_000, 'v'.repeat(50)) })),
    post(maps, configMap({}, { finalizers: list(90_000, (i) => `example.com/f${i}`) })),
    post(maps, configMap({}, { ownerReferences: list(15_000, owner) })),
    { ...post(maps, configMap({ data: map(24_000, 'v') })), headers: { accept: table } },
    { ...post(maps, configMap({ data: map(24_000, 'v') })), headers: { accept: 'application/yaml' } },
    post(`${namespace}/secrets`, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'x' },
      data: map(24_000, 'eA=='),
    }),
  ];
}

function specs(): FuzzRequest[] {
  const pods = `${namespace}/pods`;
  return [
    post(pods, pod({}, { ports: list(20_000, (i) => ({ containerPort: i + 1 })) })),
    post(pods, pod({ containers: list(20_000, (i) => ({ name: `c${i}`, image: 'i' })) })),
    post(pods, pod({ containers: list(20_000, () => ({})) })),
    post(pods, pod({}, { env: list(30_000, (i) => ({ name: `E${i}`, value: 'x' })) })),
    post(pods, pod({ volumes: list(20_000, () => ({})) })),
    post(pods, pod({}, { resources: { limits: map(20_000, '1', (i) => `example.com/r${i}`) } })),
    post(pods, pod({}, { resources: { limits: { cpu: '9'.repeat(2_500_000) } } })),
    post(pods, pod({ topologySpreadConstraints: list(20_000, (i) => ({ topologyKey: `a${i}`, maxSkew: 1 })) })),
    post(`${namespace}/services`, {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'large' },
      spec: { ports: list(30_000, (i) => ({ name: `p${i}`, port: i + 1 })) },
    }),
    post(definitions, definitionOf({ type: 'string', pattern: '(a+)+$', default: `${'a'.repeat(100_000)}!` })),
    post(
      definitions,
      definitionOf({ type: 'object', properties: map(20_000, { type: 'string', pattern: '[a-z]{1000}' }) }),
    ),
    post(definitions, definitionOf({ type: 'string', pattern: '[a-z]{1000}'.repeat(1000) })),
    post(definitions, definitionOf({ type: 'object', properties: map(20_000, { type: 'string' }) })),
    post(definitions, definitionOf({ type: 'object', 'x-kubernetes-validations': [{ rule: '('.repeat(1_000_000) }] })),
    post(definitions, definitionOf({ type: 'string' }, 3000)),
  ];
}

function patches(): FuzzRequest[] {
  const target = `${namespace}/configmaps/large`;
  const operations = list(9_000, (i) => ({ op: 'add', path: `/data/k${i}`, value: 'v' }));
  const applied = configMap({ data: map(24_000, 'v') }, { name: 'large' });
  return [
    patch(target, { data: map(24_000, 'v') }, 'merge-patch+json'),
    patch(target, { data: map(24_000, 'v') }, 'strategic-merge-patch+json'),
    patch(target, operations, 'json-patch+json'),
    write('PATCH', `${target}?fieldManager=f&force=true&dryRun=All`, applied, 'application/apply-patch+yaml'),
    patch(
      `${namespace}/pods/large`,
      { spec: { $retainKeys: list(40_000, (i) => `k${i}`), ...map(20_000, 1) } },
      'strategic-merge-patch+json',
    ),
  ];
}

function urls(): FuzzRequest[] {
  const get = (query: string): FuzzRequest => ({
    method: 'GET',
    path: `${namespace}/configmaps?${query}`,
    headers: {},
  });
  return [
    get(list(6_000, (i) => `a=${i}`).join('&')),
    get(`labelSelector=${list(7_000, (i) => `a!=${i}`).join()}`),
    get(`labelSelector=a%20in%20(${list(7_000, (i) => `a${i}`).join()})`),
    get(`fieldSelector=${list(2_500, (i) => `metadata.name!=a${i}`).join()}`),
    get('a'.repeat(100_000)),
    get('&'.repeat(50_000)),
  ];
}

export const largeRequests = (): FuzzRequest[] => [...bodies(), ...specs(), ...patches(), ...urls()];
