/** Arbitraries for bodies that no well-meaning client sends: nearly right, broken, patches, bytes. */

import fc from 'fast-check';

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

export const hostileBody: fc.Arbitrary<Buffer> = fc.oneof(
  { weight: 4, arbitrary: jsonText.map((text) => Buffer.from(text)) },
  { weight: 2, arbitrary: patchText.map((text) => Buffer.from(text)) },
  { weight: 2, arbitrary: brokenText.map((text) => Buffer.from(text)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)) },
  {
    weight: 1,
    arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.concat([Buffer.from('k8s\0'), bytes])),
  },
);
