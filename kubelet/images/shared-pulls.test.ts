import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { systemClock } from '../../base/clock.ts';
import { silentLogger } from '../../base/logger.ts';
import { FakeRuntime } from '../runtime/testing/fake-runtime.ts';
import { PullRecords } from './pull-records.ts';
import type { PullCredentials } from './pull-secrets.ts';
import { SharedPulls } from './shared-pulls.ts';

const secret = (name: string, password: string): PullCredentials => ({
  credentials: { username: 'u', password },
  source: { namespace: 'ns', name, uid: name },
  hash: `of ${password}`,
});

interface World {
  readonly runtime: FakeRuntime;
  readonly records: PullRecords;
  readonly pulls: SharedPulls;
  readonly signal: AbortSignal;
}

async function withPulls(work: (world: World) => Promise<void>): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'longshore-pulls-'));
  const runtime = new FakeRuntime();
  const records = new PullRecords(dataDir);
  try {
    await records.load(async () => undefined);
    const pulls = new SharedPulls({ runtime, records, clock: systemClock, logger: silentLogger, limit: 2 });
    await work({ runtime, records, pulls, signal: new AbortController().signal });
  } finally {
    // A pull that was given up may still be noting that it began.
    await rm(dataDir, { recursive: true, force: true, maxRetries: 20 });
  }
}

describe('SharedPulls', () => {
  it('pulls once for all that wait, and lets them see how far it is', () =>
    withPulls(async ({ runtime, pulls, signal }) => {
      runtime.offerImage('app:1', { layers: [{ id: 'a', state: 'done' }] });
      const release = runtime.hold('pullImage');
      const all = Array.from({ length: 20 }, () => pulls.join('app:1', [], signal));
      assert.equal(new Set(all.map(({ progress }) => progress)).size, 1);
      release();
      const ids = new Set((await Promise.all(all.map(({ done }) => done))).map(({ image }) => image.id));
      assert.deepEqual([[...ids], runtime.pullsOf('app:1')], [['sha256:app:1'], 1]);
      assert.match(all[0]?.progress.describe() ?? '', /^1 of 1 layers done/);
      await pulls.join('app:1', [], signal).done;
      assert.equal(runtime.pullsOf('app:1'), 2);
    }));

  it('pulls for each credentials by themselves', () =>
    withPulls(async ({ runtime, pulls, signal }) => {
      runtime.offerImage('app:1', { password: 'good' });
      const release = runtime.hold('pullImage');
      const good = pulls.join('app:1', [secret('a', 'good')], signal).done;
      const same = pulls.join('app:1', [secret('b', 'good')], signal).done;
      const bad = assert.rejects(pulls.join('app:1', [secret('c', 'bad')], signal).done, /unauthorized/);
      release();
      await Promise.all([good, same, bad]);
      assert.equal(runtime.pullsOf('app:1'), 2);
    }));

  it('tries one after the other, and records the one that was good', () =>
    withPulls(async ({ runtime, records, pulls, signal }) => {
      runtime.offerImage('app:1', { password: 'good' });
      await pulls.join('app:1', [secret('a', 'bad'), secret('b', 'good'), secret('c', 'late')], signal).done;
      assert.equal(runtime.pullsOf('app:1'), 2);
      const access = records.recordOf('sha256:app:1')?.repositories['docker.io/library/app'];
      assert.deepEqual([access?.anybody, access?.secrets.map(({ name }) => name)], [false, ['b']]);
      assert.ok(!records.isBeingPulled('app:1'));
    }));

  it('says what the registry says, each word once', () =>
    withPulls(async ({ runtime, records, pulls, signal }) => {
      runtime.offerImage('app:1', { password: 'good' });
      const both = [secret('a', 'bad'), secret('b', 'worse')];
      await assert.rejects(
        pulls.join('app:1', both, signal).done,
        /^Error: pull access denied for app:1: unauthorized$/,
      );
      assert.ok(!records.isBeingPulled('app:1'));
      assert.equal(records.recordOf('sha256:app:1'), undefined);
    }));

  it('does not more than a few at a time', () =>
    withPulls(async ({ runtime, pulls, signal }) => {
      const names = ['a:1', 'b:1', 'c:1', 'd:1', 'e:1'];
      for (const name of names) runtime.offerImage(name);
      const release = runtime.hold('pullImage');
      const all = Promise.all(names.map((name) => pulls.join(name, [], signal).done));
      while (runtime.mostPullsAtOnce < 2) await new Promise(setImmediate);
      release();
      await all;
      assert.equal(runtime.mostPullsAtOnce, 2);
    }));

  it('gives up what nobody waits for any more, and only that', () =>
    withPulls(async ({ runtime, records, pulls }) => {
      runtime.offerImage('app:1');
      const release = runtime.hold('pullImage');
      const [first, second] = [new AbortController(), new AbortController()];
      const one = pulls.join('app:1', [], first.signal).done;
      const two = pulls.join('app:1', [], second.signal).done;
      first.abort(new Error('gone'));
      await assert.rejects(one, /gone/);
      release();
      assert.equal((await two).image.id, 'sha256:app:1');

      runtime.offerImage('other:1');
      runtime.hold('pullImage');
      const [third, fourth] = [new AbortController(), new AbortController()];
      const three = assert.rejects(pulls.join('other:1', [], third.signal).done);
      third.abort(new Error('gone'));
      await three;
      const four = assert.rejects(pulls.join('other:1', [], fourth.signal).done);
      fourth.abort(new Error('gone'));
      await four;
      assert.equal(records.recordOf('sha256:other:1'), undefined);
    }));
});
