/**
 * A short run of `npm run soak -- kubelet`: some kills of the kubelet, while pods and manifests come and go. Those of
 * the engine with it are left to the long one.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runKills } from '../soak/kill-run.ts';
import { roundText } from '../soak/report.ts';

const only = ['kubelet', 'kubelet, while it starts', 'kubelet, and all that it kept'];

describe('a kubelet that is killed at any point', { timeout: 500_000 }, () => {
  it('restarts nothing, doubles nothing and leaves nothing behind', async (test) => {
    const seed = Date.now() % 2 ** 31;
    test.diagnostic(`seed ${seed}`);
    const { rounds } = await runKills({ shape: 'kubelet', count: 8, seed, only });
    const faulty = rounds.filter(({ faults }) => faults.length > 0).map(roundText);
    assert.deepEqual(faulty, [], `the same kills again: npm run soak -- kubelet --count 8 --seed ${seed}`);
    assert.equal(rounds.filter(({ victim }) => victim !== undefined).length, 8);
  });
});
