/**
 * Every controller and the scheduler killed, cut off from an answer, paused and shown nothing new, at its first writes
 * about a world of workloads: it ends as it does undisturbed, and nothing is made twice. `npm run soak -- controllers`
 * goes through all writes.
 */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Interruption } from '../interruptions/interruption.ts';
import { type PlannedInterruption, type Played, play } from '../interruptions/play.ts';
import { SharedCluster } from '../interruptions/shared-cluster.ts';

const holdMs = 800;

describe('controllers and scheduler that are interrupted', () => {
  let cluster: SharedCluster;
  let undisturbed: Played;

  before(async () => {
    cluster = await SharedCluster.start(1);
    undisturbed = await play(cluster);
  });
  after(() => cluster.stop());

  /** Each writer meets these, one at each of its writes from the first on. */
  async function playWith(ways: readonly Interruption['how'][]): Promise<void> {
    const writers = Object.keys(undisturbed.writes);
    const interruptions = writers.flatMap((writer) =>
      ways.map((how, index): PlannedInterruption => ({ world: 0, writer, at: index + 1, how, ms: holdMs })),
    );
    const { faults, met } = await play(cluster, { interruptions, expected: undisturbed });
    assert.deepEqual(faults, []);
    assert.equal(met.length, interruptions.length, 'each interruption came');
  }

  it('are undisturbed at first, and all have something to write', () => {
    assert.deepEqual(undisturbed.faults, []);
    for (const writer of ['deployment-controller', 'statefulset-controller', 'job-controller', 'scheduler'])
      assert.ok((undisturbed.writes[writer] ?? 0) > 1, writer);
  });

  it('end the same when each dies before and after a write, and loses an answer', () =>
    playWith(['dies before', 'dies after', 'loses the answer']));

  it('end the same when each sees nothing new, and pauses', () => playWith(['sees nothing new', 'pauses']));
});
