import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Job } from './heavy-thread.ts';
import { WaitingJobs } from './waiting-jobs.ts';

const jobOf = (user: string, name: string): Job => ({
  message: { name, input: {} },
  options: { user: { name: user }, warn() {}, throwIfAbandoned() {} },
  resolve() {},
  reject() {},
});

const namesOf = (jobs: readonly (Job | undefined)[]) => jobs.map((job) => job?.message.name);

describe('jobs that wait', () => {
  it('of one user are done one after another, in their order', () => {
    const jobs = new WaitingJobs();
    for (const name of ['a1', 'a2']) jobs.add(jobOf('a', name));
    const first = jobs.next();
    assert.deepEqual(namesOf([first, jobs.next()]), ['a1', undefined]);
    assert.equal(jobs.isAnyDue, false);
    if (first) jobs.done(first, 5);
    assert.deepEqual(namesOf([jobs.next()]), ['a2']);
  });

  it('of who has taken least time come first', () => {
    const jobs = new WaitingJobs();
    for (const name of ['a1', 'a2', 'a3']) jobs.add(jobOf('a', name));
    const first = jobs.next();
    jobs.add(jobOf('b', 'b1'));
    jobs.add(jobOf('b', 'b2'));
    if (first) jobs.done(first, 10_000);
    const second = jobs.next();
    if (second) jobs.done(second, 10);
    assert.deepEqual(namesOf([second, jobs.next(), jobs.next()]), ['b1', 'b2', 'a2']);
  });

  it('are as they came once there was nothing to do', () => {
    const jobs = new WaitingJobs();
    jobs.add(jobOf('a', 'a1'));
    const first = jobs.next();
    if (first) jobs.done(first, 10_000);
    jobs.add(jobOf('a', 'a2'));
    jobs.add(jobOf('b', 'b1'));
    assert.deepEqual(namesOf([jobs.next(), jobs.next()]), ['a2', 'b1']);
  });

  it('can all be taken away', () => {
    const jobs = new WaitingJobs();
    for (const name of ['a1', 'a2']) jobs.add(jobOf(name, name));
    assert.deepEqual(namesOf(jobs.takeAll()), ['a1', 'a2']);
    assert.equal(jobs.isAnyDue, false);
  });
});
