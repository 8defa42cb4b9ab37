import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { computeImageId } from './container-state.ts';

describe('computeImageId', () => {
  const cases: [name: string, digests: string[], expected: string][] = [
    ['app:1', [], 'docker://sha256:i'],
    ['app:1', ['app@sha256:d'], 'docker-pullable://app@sha256:d'],
    ['b:5000/app:1', ['a/app@sha256:d', 'b:5000/app@sha256:e'], 'docker-pullable://b:5000/app@sha256:e'],
    ['docker.io/library/app', ['a/app@sha256:d', 'app@sha256:e'], 'docker-pullable://app@sha256:e'],
    ['other:1', ['b/app@sha256:e', 'a/app@sha256:d'], 'docker-pullable://a/app@sha256:d'],
  ];
  for (const [name, digests, expected] of cases)
    it(`${name} of ${digests.join(', ') || 'no registry'}`, () =>
      assert.equal(computeImageId('sha256:i', digests, name), expected));
});
