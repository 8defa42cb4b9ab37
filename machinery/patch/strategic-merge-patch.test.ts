import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonRecord } from '../../api/json-record.ts';
import { StatusError } from '../../api/status-error.ts';
import { objectSchemaOf } from '../schema/schema.ts';
import { applyStrategicMergePatch, parseStrategicMergePatch } from './strategic-merge-patch.ts';

const podSpec = objectSchemaOf('io.k8s.api.core.v1.PodSpec');
const metadata = objectSchemaOf('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta');
const deploymentSpec = objectSchemaOf('io.k8s.api.apps.v1.DeploymentSpec');

const spec = {
  containers: [
    {
      name: 'app',
      image: 'i:1',
      env: [
        { name: 'A', value: '1' },
        { name: 'B', value: '2' },
      ],
    },
    { name: 'side', image: 'i:2', args: ['x', 'y'] },
  ],
  nodeSelector: { disk: 'ssd' },
  tolerations: [{ key: 'a' }],
  volumes: [{ name: 'v', emptyDir: { medium: 'Memory' } }],
};
const [app, side] = spec.containers;

describe('applyStrategicMergePatch on a pod spec', () => {
  const table: [string, JsonRecord, JsonRecord][] = [
    [
      'merges items by key',
      { containers: [{ name: 'app', image: 'i:9' }] },
      { containers: [{ ...app, image: 'i:9' }, side] },
    ],
    ['puts new items first', { containers: [{ name: 'new' }] }, { containers: [{ name: 'new' }, app, side] }],
    [
      'merges deeper lists',
      { containers: [{ name: 'app', env: [{ name: 'B', $patch: 'delete' }, { name: 'C' }] }] },
      { containers: [{ ...app, env: [{ name: 'C' }, { name: 'A', value: '1' }] }, side] },
    ],
    [
      'deletes items',
      {
        containers: [
          { name: 'app', $patch: 'delete' },
          { name: 'none', $patch: 'delete' },
        ],
      },
      { containers: [side] },
    ],
    ['replaces a list', { containers: [{ name: 'solo' }, { $patch: 'replace' }] }, { containers: [{ name: 'solo' }] }],
    [
      'orders without items',
      { '$setElementOrder/containers': [{ name: 'side' }, { name: 'app' }] },
      { containers: [side, app] },
    ],
    [
      'orders with items',
      { '$setElementOrder/containers': [{ name: 'side' }, { name: 'new' }], containers: [{ name: 'new' }] },
      { containers: [app, side, { name: 'new' }] },
    ],
    ['replaces atomic lists', { tolerations: [{ key: 'b' }] }, { tolerations: [{ key: 'b' }] }],
    [
      'replaces scalars lists without a strategy',
      { containers: [{ name: 'side', args: ['z'] }] },
      { containers: [app, { ...side, args: ['z'] }] },
    ],
    ['merges maps', { nodeSelector: { disk: null, zone: 'a' } }, { nodeSelector: { zone: 'a' } }],
    ['replaces maps', { nodeSelector: { $patch: 'replace', zone: 'a' } }, { nodeSelector: { zone: 'a' } }],
    ['empties maps', { nodeSelector: { $patch: 'delete' } }, { nodeSelector: {} }],
    [
      'retains keys',
      { volumes: [{ name: 'v', $retainKeys: ['name', 'hostPath'], hostPath: { path: '/' } }] },
      { volumes: [{ name: 'v', hostPath: { path: '/' } }] },
    ],
    ['removes by null', { tolerations: null, none: null }, { tolerations: undefined }],
    [
      'drops nulls of what is new',
      { affinity: { nodeAffinity: null, podAffinity: {} } },
      { affinity: { podAffinity: {} } },
    ],
    ['ignores a directive where nothing is', { securityContext: { $patch: 'frob' } }, {}],
    ['ignores an order where nothing is', { '$setElementOrder/initContainers': ['x'] }, {}],
  ];
  for (const [name, patch, change] of table) {
    it(name, () => {
      const before = structuredClone([spec, patch]);
      const expected = JSON.parse(JSON.stringify({ ...spec, ...change }));
      assert.deepEqual(applyStrategicMergePatch(spec, patch, podSpec), expected);
      assert.deepEqual([spec, patch], before);
    });
  }

  const bad: [JsonRecord, number, string][] = [
    [{ containers: [{ $patch: 'delete' }] }, 422, 'map: map[$patch:delete] does not contain declared merge key: name'],
    [{ containers: [{ image: 'x' }] }, 422, 'map: map[image:x] does not contain declared merge key: name'],
    [{ containers: [{ $patch: 'merge' }] }, 422, 'merging lists cannot yet be specified in the patch'],
    [{ containers: [{ $patch: 'frob', name: 'a' }] }, 422, 'unknown patch type: frob in map: map[$patch:frob name:a]'],
    [
      { nodeSelector: { $patch: 'merge', more: 'm' } },
      422,
      'unknown patch type: merge in map: map[$patch:merge more:m]',
    ],
    [{ '$setElementOrder/containers': ['app'] }, 422, 'value for key 0 is not a map'],
    [{ containers: [[1]] }, 422, 'list element types are not identical'],
    [{ containers: [null] }, 422, 'list element types are not identical'],
    [{ volumes: [{ name: 'v', $retainKeys: ['name'], hostPath: {} }] }, 400, 'invalid patch format of retainKeys'],
    [{ $retainKeys: 'x' }, 400, 'invalid patch format of retainKeys'],
    [{ '$setElementOrder:containers': [] }, 400, 'invalid patch format of setElementOrder list'],
    [{ $deleteFromPrimitiveList: [] }, 400, 'invalid patch format of primitive list'],
    [
      {
        '$setElementOrder/containers': [{ name: 'side' }, { name: 'app' }],
        containers: [{ name: 'app' }, { name: 'side' }],
      },
      422,
      "The order in patch list:\n[map[name:app] map[name:side]]\n doesn't match $setElementOrder list:\n[map[name:side] map[name:app]]\n",
    ],
  ];
  for (const [patch, code, message] of bad) {
    it(`refuses ${JSON.stringify(patch)}`, () => {
      assert.throws(
        () => applyStrategicMergePatch(spec, patch, podSpec),
        (error) => error instanceof StatusError && error.code === code && error.message.startsWith(message),
      );
    });
  }
});

describe('applyStrategicMergePatch on other objects', () => {
  const meta = { finalizers: ['x/a', 'x/b'], ownerReferences: [{ uid: '1' }] };
  const table: [JsonRecord, JsonRecord][] = [
    [{ finalizers: ['x/b', 'x/c'] }, { ...meta, finalizers: ['x/a', 'x/b', 'x/c'] }],
    [{ '$deleteFromPrimitiveList/finalizers': ['x/a'] }, { ...meta, finalizers: ['x/b'] }],
    [{ '$deleteFromPrimitiveList/finalizers': 'x/a' }, meta],
    [{ '$deleteFromPrimitiveList/nothing': ['x/a'] }, meta],
    [
      { ownerReferences: [{ uid: '1', name: 'n' }, { uid: '2' }] },
      { ...meta, ownerReferences: [{ uid: '1', name: 'n' }, { uid: '2' }] },
    ],
    [{}, meta],
  ];
  for (const [patch, expected] of table) {
    it(`merges ${JSON.stringify(patch)} into metadata`, () =>
      assert.deepEqual(applyStrategicMergePatch(meta, patch, metadata), expected));
  }
  it('changes a strategy as kubectl does', () => {
    const before = { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } };
    const patch = { strategy: { $retainKeys: ['type'], type: 'Recreate' } };
    assert.deepEqual(applyStrategicMergePatch(before, patch, deploymentSpec), { strategy: { type: 'Recreate' } });
  });
  it('merges 20,000 finalizers at once', () => {
    const many = (from: number) => Array.from({ length: 20_000 }, (_, i) => `x/${from + i}`);
    const start = performance.now();
    applyStrategicMergePatch({ finalizers: many(0) }, { finalizers: many(10_000) }, metadata);
    assert.ok(performance.now() - start < 10_000);
  });
  it('reads texts', () => {
    assert.deepEqual(parseStrategicMergePatch('null'), { patch: {}, strictErrors: [] });
    assert.deepEqual(parseStrategicMergePatch('{"a":[5.0,1e1,{"b":1.0}]}').patch, { a: [5, 10, { b: 1 }] });
    assert.throws(() => parseStrategicMergePatch('{'), { message: 'unexpected end of JSON input' });
    assert.throws(() => parseStrategicMergePatch('5'), {
      message: 'json: cannot unmarshal number into Go value of type map[string]interface {}',
    });
  });
});
