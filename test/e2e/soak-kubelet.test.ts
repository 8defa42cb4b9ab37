/** A short run of `npm run soak -- kubelet`: some kills of the kubelet, while pods and manifests come and go. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runKills } from '../soak/kill-run.ts';
import { roundText } from '../soak/report.ts';

describe('a kubelet that is killed at any point', { timeout: 500_000 }, () => {
  it('restarts nothing, doubles nothing and leaves nothing behind', async (test) => {
    const seed = Date.now() % 2 ** 31;
    test.diagnostic(`seed ${seed}`);
    const { rounds } = await runKills({ shape: 'kubelet', count: 10, seed });
    const faulty = rounds.filter(({ faults }) => faults.length > 0).map(roundText);
    assert.deepEqual(faulty, [], `the same kills again: npm run soak -- kubelet --count 10 --seed ${seed}`);
    assert.equal(rounds.filter(({ victim }) => victim !== undefined).length, 10);
  });
});
