import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { podOf } from '../testing/make-pod.ts';
import { pageSizeOf } from './page-size.ts';

const asking = (...sizes: string[]) =>
  podOf({
    resources: {
      limits: Object.fromEntries(sizes.map((size) => [`hugepages-${size}`, '1Gi'])),
      requests: {
        ...Object.fromEntries(sizes.map((size) => [`hugepages-${size}`, '1Gi'])),
      },
    },
  });

describe('pageSizeOf', () => {
  it('is that of the medium, or the only one that the pod requests', () => {
    assert.equal(pageSizeOf(asking('2Mi'), 'HugePages-2Mi'), 2 ** 21);
    assert.equal(pageSizeOf(asking('2Mi', '1Gi'), 'HugePages-1Gi'), 2 ** 30);
    assert.equal(pageSizeOf(asking('2Mi'), 'HugePages'), 2 ** 21);
  });

  const refused: readonly [sizes: readonly string[], medium: string, message: RegExp][] = [
    [[], 'HugePages', /requests no huge pages$/],
    [[], 'HugePages-2Mi', /requests no huge pages of 2Mi$/],
    [['1Gi'], 'HugePages-2Mi', /requests no huge pages of 2Mi$/],
    [['2Mi', '1Gi'], 'HugePages', /of several sizes \(2Mi, 1Gi\): its medium has to name one$/],
    [['2Mi'], 'Tape', /^its medium Tape is not supported by this node$/],
  ];
  for (const [sizes, medium, message] of refused)
    it(`refuses ${medium} of a pod that requests ${sizes.join(' and ') || 'none'}`, () =>
      assert.throws(
        () => pageSizeOf(asking(...sizes), medium),
        (error: Error) => message.test(error.message),
      ));
});
