import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { computeBounds } from './rollout-bounds.ts';
import { pictureDeployment } from './testing/deployment-pictures.ts';

describe('bounds of a rollout', () => {
  const cases: readonly (readonly [
    replicas: number,
    surge: number | string,
    unavailable: number | string,
    maxSurge: number,
    maxUnavailable: number,
  ])[] = [
    [4, '25%', '25%', 1, 1],
    [10, '25%', '25%', 3, 2],
    [3, '25%', '25%', 1, 0],
    [1, '25%', '25%', 1, 0],
    [6, '0%', '10%', 0, 1],
    [3, 0, '100%', 0, 3],
    [2, 1, 5, 1, 2],
    [0, '25%', '25%', 0, 0],
    [0, 2, 1, 2, 0],
  ];
  for (const [replicas, surge, unavailable, maxSurge, maxUnavailable] of cases)
    it(`${replicas} with ${surge} more and ${unavailable} fewer`, () => {
      const rollingUpdate = { maxSurge: surge, maxUnavailable: unavailable };
      const { spec } = pictureDeployment({ replicas, strategy: { type: 'RollingUpdate', rollingUpdate } });
      assert.deepEqual(computeBounds(spec), { replicas, maxSurge, maxUnavailable });
    });

  it('there are none where all pods are replaced at once', () => {
    const { spec } = pictureDeployment({ replicas: 5, strategy: { type: 'Recreate' } });
    assert.deepEqual(computeBounds(spec), { replicas: 5, maxSurge: 0, maxUnavailable: 0 });
  });
});
