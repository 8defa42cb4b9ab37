import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PodSpec } from '../../../api/types/core/v1.ts';
import {
  changedSince,
  configurationReferences,
  fingerprintsOf,
  nameOf,
  parseFingerprints,
} from './configuration-references.ts';

const spec: PodSpec = {
  initContainers: [{ name: 'i', envFrom: [{ secretRef: { name: 's', optional: true } }] }],
  containers: [
    {
      name: 'c',
      env: [
        { name: 'A', valueFrom: { configMapKeyRef: { name: 'm', key: 'a' } } },
        { name: 'B', valueFrom: { secretKeyRef: { name: 's', key: 'b', optional: true } } },
        { name: 'C', value: 'plain' },
      ],
      envFrom: [{ configMapRef: { name: 'whole' } }],
    },
  ],
  volumes: [
    { name: 'v', configMap: { name: 'm', items: [{ key: 'x', path: 'p' }] } },
    { name: 'w', secret: { secretName: 's' } },
    { name: 'p', projected: { sources: [{ configMap: { name: 'whole' } }, { secret: { name: 'q' } }] } },
  ],
};

describe('configuration of a template', () => {
  const references = configurationReferences(spec);

  it('is what its containers and volumes read', () => {
    assert.deepEqual(references.map(nameOf), [
      'configmap/m#a',
      'configmap/m#x',
      'configmap/whole',
      'secret/q',
      'secret/s',
      'secret/s#b',
    ]);
    assert.deepEqual(references.filter(({ optional }) => optional).map(nameOf), ['secret/s#b']);
    assert.deepEqual(configurationReferences(undefined), []);
  });

  const contents = (m: object = { a: '1', x: '2' }) => ({
    m: { data: { ...m } },
    whole: { data: { k: 'v' } },
    q: {},
    s: { data: { b: 'c2VjcmV0' } },
  });
  const prints = (held: Record<string, object | undefined>) => fingerprintsOf(references, ({ name }) => held[name]);
  const first = prints(contents());

  const changes: readonly (readonly [title: string, held: Record<string, object | undefined>, changed: string[]])[] = [
    ['nothing', contents(), []],
    ['a key that is read', contents({ a: '9', x: '2' }), ['configmap/m#a']],
    ['a key that is not read', contents({ a: '1', x: '2', other: '3' }), []],
    ['a key that goes', contents({ x: '2' }), ['configmap/m#a']],
    [
      'another key of one that is read whole',
      { ...contents(), whole: { data: { k: 'v', l: 'w' } } },
      ['configmap/whole'],
    ],
    ['its metadata', { ...contents(), whole: { metadata: { labels: {} }, data: { k: 'v' } } }, []],
  ];
  for (const [title, held, changed] of changes)
    it(`changes: ${title}`, () => assert.deepEqual(changedSince(first ?? {}, prints(held) ?? {}), changed));

  it('tells no one who does not know a Secret itself what is in it: equal contents look different', () => {
    const held = (uid: string) => ({ ...contents(), s: { metadata: { uid }, data: { b: 'c2VjcmV0' } } });
    const [one, other] = [prints(held('1')), prints(held('2'))];
    assert.deepEqual(changedSince(one ?? {}, other ?? {}), ['secret/s', 'secret/s#b']);
    assert.deepEqual(prints(held('1')), one);
  });

  it('is not known while one is missing that the pods need', () => {
    assert.equal(prints({ ...contents(), q: undefined }), undefined);
  });

  it('that the template refers to since is no change', () => {
    assert.deepEqual(changedSince({ 'configmap/old': '1' }, { 'configmap/new': '2' }), []);
  });

  it('is read back; what is no note of ours is none', () => {
    assert.deepEqual(parseFingerprints(JSON.stringify(first)), first);
    for (const text of [undefined, '', 'x', '[]', '3']) assert.equal(parseFingerprints(text), undefined);
  });
});
