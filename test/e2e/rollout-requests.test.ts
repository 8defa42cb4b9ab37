/** Rolling updates lose no request, although the server does nothing for it. `npm run bench -- rollout` has more of it. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { RolloutLab } from '../support/rollout-lab.ts';

describe('a Deployment on three hosts that is rolled out under load', () => {
  let lab: RolloutLab;
  before(async () => {
    lab = await RolloutLab.start({ replicas: 3 });
  });
  after(() => lab.stop());

  it('loses no request, twice in a row', async () => {
    const { sent, failed, failures } = await lab.underLoad(100, async () => {
      for (let round = 0; round < 2; round += 1) await lab.rollOut();
    });
    assert.deepEqual({ failed, failures }, { failed: 0, failures: {} });
    assert.ok(sent > 0);
  });
});
