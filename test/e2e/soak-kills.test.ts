/** A short run of `npm run soak -- kills`: each victim of `npm start` once, while pods come and go. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runKills } from '../soak/kill-run.ts';
import { roundText } from '../soak/report.ts';

describe('kills while pods come and go', { timeout: 500_000 }, () => {
  it('lose nothing, double nothing, and restart only what was killed', async () => {
    const { rounds } = await runKills({ shape: 'single', seed: 63 });
    assert.deepEqual(rounds.filter(({ faults }) => faults.length > 0).map(roundText), []);
    assert.equal(new Set(rounds.map(({ victim }) => victim)).size, 7, 'six victims, and rounds without any');
  });
});
