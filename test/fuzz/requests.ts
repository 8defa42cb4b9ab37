/** Hostile requests: arbitraries for paths, queries, headers and bodies that no well-meaning client sends. */

import fc from 'fast-check';

export interface FuzzRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

/** Objects and lists that are nearly right, so that they get past the first checks. */
const bases: readonly unknown[] = [
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'fuzz', labels: { a: 'b' } }, data: { k: 'v' } },
  {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'fuzz', annotations: { a: 'b' }, finalizers: ['example.com/x'] },
    spec: {
      containers: [
        {
          name: 'c',
          image: 'i',
          env: [{ name: 'A', value: '1' }],
          resources: { limits: { cpu: '1' } },
          ports: [{ containerPort: 80 }],
        },
      ],
      volumes: [{ name: 'v', emptyDir: {} }],
      affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{}] } } },
    },
  },
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'fuzz' },
    spec: {
      replicas: 1,
      selector: { matchLabels: { a: 'b' } },
      strategy: { rollingUpdate: { maxSurge: '10%' } },
      template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
    },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'fuzz' },
    spec: { ports: [{ port: 80 }], selector: { a: 'b' } },
  },
  {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'fuzz' },
    spec: { template: { spec: { restartPolicy: 'Never', containers: [] } } },
  },
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name: 'fuzz' },
    spec: { rules: [{ host: 'x', http: { paths: [] } }] },
  },
  { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'fuzz' }, data: { k: 'eA==' } },
  {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'fuzz' },
    spec: { taints: [{ key: 'a', effect: 'NoSchedule' }] },
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: { name: 'fuzz' },
    rules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }],
  },
];

const nasty = fc.constantFrom<unknown>(
  null,
  '',
  ' ',
  '\u0000',
  '\ud800',
  '__proto__',
  'constructor',
  '../../etc/passwd',
  '%00',
  'a'.repeat(300),
  `${'a'.repeat(60)}!`,
  `${'-'.repeat(5000)}`,
  0,
  -1,
  1.5,
  1e30,
  -0,
  2 ** 53,
  true,
  [],
  {},
  [[]],
  [null],
  { __proto__: null },
  JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}'),
  '9999999999999999999999Ei',
  '2020-13-45T99:99:99Z',
  '10.0.0.0/99',
  '::ffff:1.2.3.4',
  '* * * * * *',
);

/** A random change somewhere inside `value`: a leaf, key or element replaced, removed, doubled or added. */
function mutate(value: unknown, path: readonly number[], replacement: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined || value === null || typeof value !== 'object') return replacement;
  if (Array.isArray(value)) {
    if (value.length === 0) return [replacement];
    const at = step % (value.length + 1);
    if (at === value.length) return [...value, replacement];
    return value.map((item, i) => (i === at ? mutate(item, rest, replacement) : item));
  }
  const names = Object.keys(value);
  const at = step % (names.length + 1);
  if (at === names.length) return { ...value, [(JSON.stringify(replacement) ?? '').slice(0, 80)]: replacement };
  const name = names[at] ?? '';
  return { ...value, [name]: mutate((value as Record<string, unknown>)[name], rest, replacement) };
}

const mutated = fc
  .tuple(
    fc.constantFrom(...bases),
    fc.array(fc.tuple(fc.array(fc.nat(12), { maxLength: 7 }), fc.oneof(nasty, fc.jsonValue())), { maxLength: 4 }),
  )
  .map(([base, changes]) =>
    changes.reduce<unknown>((value, [path, replacement]) => mutate(value, path, replacement), base),
  );

const jsonText = mutated.map((value) => JSON.stringify(value) ?? 'null');

const brokenText = fc.oneof(
  fc.tuple(jsonText, fc.nat(400)).map(([text, at]) => text.slice(0, at)),
  fc
    .tuple(jsonText, fc.nat(400), fc.string({ maxLength: 5 }))
    .map(([text, at, noise]) => text.slice(0, at) + noise + text.slice(at)),
  fc.constantFrom(
    '',
    ' ',
    'null',
    '[]',
    '"x"',
    '{',
    '{"a":1,"a":2}',
    '{"kind":1}',
    '\ufeff{}',
    '[[[[[[',
    '{"metadata":{"name":"x","name":"y"}}',
  ),
  fc.constantFrom(
    'a: &a [*a, *a]\n',
    'a: *unknown\n',
    '? {a: b}\n: c\n',
    '%YAML 1.2\n---\na: b\n',
    '- !!js/function "x"\n',
    'a: !!binary zzz\n',
  ),
);

const patchText = fc.oneof(
  fc
    .array(
      fc.record({
        op: fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test', 'bogus'),
        path: fc.constantFrom(
          '',
          '/',
          '/metadata/labels/x',
          '/metadata',
          '/spec',
          '/spec/containers/0',
          '/spec/containers/-',
          '/spec/containers/-1',
          '/__proto__/x',
          '/constructor/prototype/y',
          '/metadata/name',
          '/data/~2',
          'x',
        ),
        from: fc.constantFrom('/metadata', '/spec', '/__proto__', ''),
        value: fc.oneof(nasty, fc.jsonValue()),
      }),
      { maxLength: 6 },
    )
    .map((operations) => JSON.stringify(operations)),
  fc
    .constantFrom<unknown>(
      { $patch: 'delete' },
      { $patch: 'bogus' },
      { spec: { containers: [{ $patch: 'replace' }, { name: 'c' }] } },
      { spec: { '$setElementOrder/containers': [{ name: 'c' }, { nope: 1 }], containers: [{}] } },
      { metadata: { '$deleteFromPrimitiveList/finalizers': ['x', 1] } },
      { spec: { $retainKeys: 5, strategy: { $retainKeys: ['type'] } } },
      { metadata: { managedFields: [{}] } },
      { metadata: { managedFields: [{ manager: 'x', operation: 'Nope', fieldsV1: { 'k:{': {} } }] } },
    )
    .map((value) => JSON.stringify(value)),
  jsonText,
);

const resources = [
  '/api/v1/namespaces/default/pods',
  '/api/v1/namespaces/default/configmaps',
  '/api/v1/namespaces/default/services',
  '/api/v1/namespaces/default/secrets',
  '/api/v1/namespaces',
  '/api/v1/nodes',
  '/apis/apps/v1/namespaces/default/deployments',
  '/apis/batch/v1/namespaces/default/jobs',
  '/apis/networking.k8s.io/v1/namespaces/default/ingresses',
  '/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles',
  '/api/v1/pods',
  '/apis/nope/v1/things',
];

const names = ['fuzz', 'fuzz', 'fuzz', 'absent', '..', '%2e%2e', 'a%2fb', '%00', 'UPPER', 'x'.repeat(300), '%ff', ''];
const subresources = [
  '',
  '',
  '',
  '/status',
  '/scale',
  '/log',
  '/binding',
  '/eviction',
  '/finalize',
  '/ephemeralcontainers',
  '/resize',
  '/exec',
  '/proxy/x',
  '/token',
  '/bogus',
  '/status/status',
];

const query = fc
  .array(
    fc.tuple(
      fc.constantFrom(
        'limit',
        'continue',
        'resourceVersion',
        'resourceVersionMatch',
        'labelSelector',
        'fieldSelector',
        'dryRun',
        'fieldValidation',
        'fieldManager',
        'force',
        'propagationPolicy',
        'gracePeriodSeconds',
        'timeoutSeconds',
        'timeout',
        'includeObject',
        'pretty',
        'sendInitialEvents',
        'allowWatchBookmarks',
        'bogus',
      ),
      fc.constantFrom(
        '',
        '0',
        '1',
        '-1',
        '1e9',
        '99999999999999999999',
        'All',
        'Strict',
        'Warn',
        'NotOlderThan',
        'Exact',
        'a=b',
        'a in (b,c',
        '!a',
        'a>-1',
        'metadata.name=fuzz',
        'spec.bogus=1',
        '%',
        '%zz',
        '\u0000',
        'x'.repeat(200),
        '(((((((((',
        `${'a=b,'.repeat(500)}c=d`,
        'eyJ2IjoibWV0YS5rOHMuaW8vdjEifQ',
        'Orphan',
        'true',
        'maybe',
        'None',
        '1s',
        '-5s',
      ),
    ),
    { maxLength: 4 },
  )
  .map((pairs) =>
    pairs.map(([name, value]) => `${name}=${value === '%zz' ? value : encodeURIComponent(value)}`).join('&'),
  );

const contentTypes = [
  'application/json',
  'application/yaml',
  'application/vnd.kubernetes.protobuf',
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
  'text/plain',
  'constructor',
  'application/json; charset=utf-16',
  ';',
];

const accepts = [
  'application/json',
  '*/*',
  '',
  'application/json;as=Table;v=v1;g=meta.k8s.io',
  'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
  'application/vnd.kubernetes.protobuf',
  'text/html;q=0.1',
  'application/json;as=Nope;v=v9;g=x',
  ',,,;;;',
];

const body = fc.oneof(
  { weight: 4, arbitrary: jsonText.map((text) => Buffer.from(text)) },
  { weight: 2, arbitrary: patchText.map((text) => Buffer.from(text)) },
  { weight: 2, arbitrary: brokenText.map((text) => Buffer.from(text)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)) },
  {
    weight: 1,
    arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.concat([Buffer.from('k8s\0'), bytes])),
  },
);

/** Never a watch: those answer for as long as they are asked to. */
export const fuzzRequest: fc.Arbitrary<FuzzRequest> = fc
  .record({
    method: fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'),
    resource: fc.constantFrom(...resources),
    name: fc.constantFrom(...names),
    subresource: fc.constantFrom(...subresources),
    query,
    contentType: fc.constantFrom(...contentTypes),
    accept: fc.constantFrom(...accepts),
    body,
  })
  .map(({ method, resource, name, subresource, query: asked, contentType, accept, body: bytes }) => {
    const target = method === 'POST' && subresource === '' ? resource : `${resource}/${name}${subresource}`;
    const withBody = method !== 'GET' && method !== 'HEAD';
    return {
      method,
      path: asked === '' ? target : `${target}?${asked}`,
      headers: { accept, ...(withBody && { 'content-type': contentType }) },
      ...(withBody && { body: bytes }),
    };
  });

/** Single requests made to hurt: size, depth, back-tracking, huge patches. Each with the worst that may come of it. */
export function heavyRequests(): FuzzRequest[] {
  const configMaps = '/api/v1/namespaces/default/configmaps';
  const post = (text: string, contentType = 'application/json'): FuzzRequest => ({
    method: 'POST',
    path: configMaps,
    headers: { 'content-type': contentType },
    body: Buffer.from(text),
  });
  const patch = (text: string, contentType: string): FuzzRequest => ({
    method: 'PATCH',
    path: `${configMaps}/heavy`,
    headers: { 'content-type': contentType },
    body: Buffer.from(text),
  });
  const operations = Array.from({ length: 10_000 }, (_, i) => ({ op: 'add', path: `/data/k${i}`, value: 'v' }));
  const doubling = Array.from({ length: 60 }, () => ({ op: 'copy', from: '/data', path: '/data/again' }));
  const aliases = Array.from({ length: 40 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i},*a${i},*a${i},*a${i}]`).join(
    '\n',
  );
  return [
    post('['.repeat(1_500_000)),
    post(`{"data":${'{"a":'.repeat(400_000)}1${'}'.repeat(400_000)}}`),
    post(
      `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"},"data":{${Array.from({ length: 100_000 }, (_, i) => `"k":"${i}"`).join()}}}`,
    ),
    post(`${'x'.repeat(3 * 1024 * 1024 + 1)}`),
    post(`a0: &a0 [x]\n${aliases}`, 'application/yaml'),
    post(`${'- '.repeat(200_000)}x`, 'application/yaml'),
    post(`${'{a: '.repeat(100_000)}`, 'application/yaml'),
    patch(JSON.stringify(operations), 'application/json-patch+json'),
    patch(JSON.stringify(doubling), 'application/json-patch+json'),
    patch(`{"metadata":{"labels":{"${'a'.repeat(100_000)}!":"x"}}}`, 'application/merge-patch+json'),
    patch(`${'{"data":'.repeat(300_000)}`, 'application/strategic-merge-patch+json'),
    patch(`${'a: [\n'.repeat(100_000)}`, 'application/apply-patch+yaml'),
    { method: 'GET', path: `${configMaps}?labelSelector=${'a%20in%20('.repeat(900)}`, headers: {} },
    { method: 'GET', path: `${configMaps}?labelSelector=${'%28'.repeat(4000)}`, headers: {} },
    { method: 'GET', path: `${configMaps}/${'a-'.repeat(5000)}!`, headers: {} },
  ];
}
