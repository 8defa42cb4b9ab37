import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PodTemplateSpec } from '../../../api/types/core/v1.ts';
import { sameTemplate, templateHash } from './template-identity.ts';

const base: PodTemplateSpec = {
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'c', image: 'app:1', env: [{ name: 'A', value: '1' }] }] },
};
const change = (spec: object, metadata: object = {}): PodTemplateSpec => {
  const next: unknown = { metadata: { ...base.metadata, ...metadata }, spec: { ...base.spec, ...spec } };
  return next as PodTemplateSpec;
};

describe('templates', () => {
  const cases: readonly (readonly [title: string, other: PodTemplateSpec, same: boolean])[] = [
    ['themselves', base, true],
    ['with a hash among the labels', change({}, { labels: { app: 'web', 'pod-template-hash': 'x' } }), true],
    [
      'with keys in another order',
      { spec: base.spec ?? { containers: [] }, metadata: { labels: { app: 'web' } } },
      true,
    ],
    ['with an empty list', change({ tolerations: [] }), true],
    ['with an empty map of annotations', change({}, { annotations: {} }), true],
    ['with a creation time that is null', change({}, { creationTimestamp: null }), true],
    ['with another image', change({ containers: [{ name: 'c', image: 'app:2' }] }), false],
    ['with another label', change({}, { labels: { app: 'web', tier: 'x' } }), false],
    ['with an annotation', change({}, { annotations: { a: 'b' } }), false],
    ['with an empty structure, which is not nothing', change({ securityContext: {} }), false],
    ['with a value that is 0', change({ terminationGracePeriodSeconds: 0 }), false],
  ];
  for (const [title, other, same] of cases)
    it(`${same ? 'are the same' : 'differ'}: ${title}`, () => {
      assert.equal(sameTemplate(base, other), same);
      assert.equal(templateHash(base, undefined) === templateHash(other, undefined), same);
    });

  it('keep the order of lists', () => {
    const pair = [
      { name: 'a', image: 'i' },
      { name: 'b', image: 'i' },
    ];
    assert.equal(sameTemplate(change({ containers: pair }), change({ containers: pair.toReversed() })), false);
  });

  it('get another hash after a collision, of characters that a label takes', () => {
    const hashes = [undefined, 0, 1, 2].map((collisions) => templateHash(base, collisions));
    assert.equal(new Set(hashes).size, 4);
    for (const hash of hashes) assert.match(hash, /^[bcdfghjklmnpqrstvwxz2456789]{1,10}$/);
  });
});
