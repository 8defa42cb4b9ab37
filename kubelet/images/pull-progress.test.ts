import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LayerProgress } from '../runtime/runtime.ts';
import { PullProgress } from './pull-progress.ts';

const mib = 2 ** 20;
const waiting = (id: string): LayerProgress => ({ id, state: 'waiting' });
const at = (id: string, bytes: number, totalBytes: number): LayerProgress => ({
  ...{ id, state: 'downloading' },
  ...{ bytes: bytes * mib, totalBytes: totalBytes * mib },
});
const unpacking = (id: string): LayerProgress => ({ id, state: 'unpacking' });
const done = (id: string): LayerProgress => ({ id, state: 'done' });

describe('PullProgress', () => {
  const cases: readonly (readonly [words: string, told: readonly LayerProgress[], text: string | undefined])[] = [
    ['nothing', [], undefined],
    ['layers that wait', [waiting('a'), waiting('b')], '0 of 2 layers done, 0.0 MiB downloaded'],
    ['one that has begun', [waiting('a'), waiting('b'), at('a', 1, 4)], '0 of 2 layers done, 1.0 MiB downloaded'],
    ['all that have begun', [at('a', 1, 4), at('b', 2.5, 8)], '0 of 2 layers done, 3.5 MiB of 12.0 MiB downloaded'],
    ['one that is unpacked', [at('a', 3, 4), unpacking('a')], '0 of 1 layers done, 4.0 MiB of 4.0 MiB downloaded'],
    ['one that was there', [done('a'), at('b', 1, 2)], '1 of 2 layers done, 1.0 MiB of 2.0 MiB downloaded'],
    ['one that starts again', [at('a', 3, 4), at('a', 1, 4)], '0 of 1 layers done, 3.0 MiB of 4.0 MiB downloaded'],
    ['the end', [at('a', 4, 4), done('a')], '1 of 1 layers done, 4.0 MiB of 4.0 MiB downloaded'],
  ];
  for (const [words, told, text] of cases)
    it(`says how far it is: ${words}`, () => {
      const progress = new PullProgress();
      for (const one of told) progress.note(one);
      assert.equal(progress.describe(), text);
    });
});
