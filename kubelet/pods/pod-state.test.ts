import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { advance, type PodFacts, type PodState, type TerminationCause } from './pod-state.ts';

const syncing: PodState = { phase: 'syncing' };
const removed: PodState = { phase: 'removed' };
const deadline = { type: 'failed', reason: 'DeadlineExceeded', message: 'too late' } as const;
const rejected = { type: 'rejected', reason: 'SysctlForbidden', message: 'not here' } as const;
const terminating = (because: TerminationCause, object: 'present' | 'gone' = 'present'): PodState => ({
  phase: 'terminating',
  because,
  object,
});
const terminated = (because: TerminationCause, object: 'present' | 'deleted' | 'gone' = 'present'): PodState => ({
  phase: 'terminated',
  because,
  object,
});
const deleted = { type: 'deleted' } as const;
const finished = { type: 'finished' } as const;

const table: readonly (readonly [what: string, state: PodState, facts: PodFacts, next: PodState])[] = [
  ['goes on while nothing is known against it', syncing, {}, syncing],
  ['goes on when nothing runs yet', syncing, { nothingRuns: true, nothingLeft: true }, syncing],
  ['ends when it is to be deleted', syncing, { deletion: true }, terminating(deleted)],
  ['ends when its object is gone', syncing, { objectGone: true }, terminating(deleted, 'gone')],
  ['ends at its deadline', syncing, { failure: deadline }, terminating(deadline)],
  ['ends when it has finished', syncing, { finished: true }, terminating(finished)],
  ['is rejected before anything runs', syncing, { failure: rejected, nothingRuns: true }, terminated(rejected)],
  ['takes deletion for the cause beside others', syncing, { deletion: true, failure: deadline }, terminating(deleted)],
  ['is terminated at once when nothing runs', syncing, { finished: true, nothingRuns: true }, terminated(finished)],
  ['waits for what runs', terminating(deleted), { nothingRuns: false }, terminating(deleted)],
  ['keeps its first cause', terminating(finished), { deletion: true, failure: deadline }, terminating(finished)],
  ['is terminated when nothing runs any more', terminating(deadline), { nothingRuns: true }, terminated(deadline)],
  ['notes that its object went', terminating(deadline), { objectGone: true }, terminating(deadline, 'gone')],
  ['keeps that on the way', terminating(deleted, 'gone'), { nothingRuns: true }, terminated(deleted, 'gone')],
  ['is terminated even if something turns up late', terminated(deleted), { nothingRuns: false }, terminated(deleted)],
  ['notes that its object was deleted', terminated(deleted), { objectDeleted: true }, terminated(deleted, 'deleted')],
  ['then that it is gone', terminated(deleted, 'deleted'), { objectGone: true }, terminated(deleted, 'gone')],
  ['not the other way round', terminated(deleted, 'gone'), { objectDeleted: true }, terminated(deleted, 'gone')],
  ['leaves nothing once the object is gone', terminated(finished, 'gone'), { nothingLeft: true }, removed],
  ['keeps logs while the object is there', terminated(finished), { nothingLeft: true }, terminated(finished)],
  ['is removed for good', removed, { deletion: true, objectGone: true, finished: true }, removed],
];

describe('advance: a pod', () => {
  for (const [what, state, facts, next] of table) it(what, () => assert.deepEqual(advance(state, facts), next));

  it('never goes back, whatever is found out', () => {
    const phases = ['syncing', 'terminating', 'terminated', 'removed'];
    const names = ['deletion', 'objectDeleted', 'objectGone', 'finished', 'nothingRuns', 'nothingLeft'] as const;
    const all = Array.from(
      { length: 2 ** names.length },
      (_, bits): PodFacts => Object.fromEntries(names.map((name, index) => [name, (bits >> index) % 2 === 1])),
    );
    const states = [
      ...new Map(table.flatMap(([, a, , b]) => [a, b]).map((one) => [JSON.stringify(one), one])).values(),
    ];
    for (const state of states)
      for (const facts of all) {
        const next = advance(state, facts);
        assert.ok(phases.indexOf(next.phase) >= phases.indexOf(state.phase), JSON.stringify({ state, facts, next }));
        assert.deepEqual(advance(next, {}), next);
      }
  });
});
