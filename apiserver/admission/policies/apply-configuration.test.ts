import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { objectSchemaOf } from '../../../machinery/schema/schema.ts';
import { ExpressionError } from '../expressions/stored-expression.ts';
import { applyConfiguration } from './apply-configuration.ts';

const schema = objectSchemaOf('io.k8s.api.core.v1.Pod');
const pod = {
  ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', labels: { a: '1' } } },
  spec: { containers: [{ name: 'c', image: 'i', command: ['run'] }], nodeSelector: { disk: 'ssd' } },
};

describe('an apply configuration', () => {
  it('is merged: maps by their keys, lists by those of their items', () => {
    const made = {
      metadata: { labels: { b: '2' } },
      spec: {
        containers: [
          { name: 'c', image: 'other' },
          { name: 'd', image: 'x' },
        ],
      },
    };
    assert.deepEqual(applyConfiguration(schema, pod, made), {
      ...pod,
      metadata: { name: 'p', labels: { a: '1', b: '2' } },
      spec: {
        ...pod.spec,
        containers: [
          { name: 'c', image: 'other', command: ['run'] },
          { name: 'd', image: 'x' },
        ],
      },
    });
  });

  const refusals: readonly (readonly [why: RegExp, made: unknown])[] = [
    [
      /may not mutate atomic arrays, maps or structs: \.spec\.containers\[0\]\.command$/,
      { spec: { containers: [{ name: 'c', command: ['sh'] }] } },
    ],
    [
      /may not mutate atomic arrays, maps or structs: \.spec\.nodeSelector$/,
      { spec: { nodeSelector: { disk: 'hdd' } } },
    ],
    [/failed to convert patch object to typed object/, { spec: { containers: 'none' } }],
    [/invalid return type/, 'text'],
  ];
  for (const [why, made] of refusals)
    it(`is refused: ${why.source}`, () => {
      assert.throws(
        () => applyConfiguration(schema, pod, made),
        (error) => error instanceof ExpressionError && why.test(error.message),
      );
    });
});
