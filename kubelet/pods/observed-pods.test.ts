import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createDeferred } from '../../base/deferred.ts';
import { silentLogger } from '../../base/logger.ts';
import { FakeClock } from '../../base/testing/fake-clock.ts';
import type { ContainerState, RuntimeEvent, RuntimeSnapshot, SandboxState } from '../runtime/runtime.ts';
import { exited, makeContainer, makePod, makeSandbox, running } from '../testing/make-pod.ts';
import { ObservedPods } from './observed-pods.ts';

const pod = makePod();
const nothing: RuntimeSnapshot = { sandboxes: [], containers: [] };
const turn = () => new Promise(setImmediate);

/** A runtime that says what it is told to say. */
class ToldRuntime {
  snapshot: RuntimeSnapshot = nothing;
  failure: Error | undefined;
  /** The list that was asked for is on its way until this settles. */
  held: Promise<void> | undefined;
  tell: (event: RuntimeEvent) => void = () => {};
  breakEvents: (error: Error) => void = () => {};

  async list(): Promise<RuntimeSnapshot> {
    const { snapshot } = this;
    await this.held;
    if (this.failure) throw this.failure;
    return snapshot;
  }

  async *events(signal: AbortSignal): AsyncGenerator<RuntimeEvent> {
    while (!signal.aborted) {
      const next = createDeferred<RuntimeEvent>();
      signal.addEventListener('abort', () => next.reject(signal.reason), { once: true });
      this.tell = next.resolve;
      this.breakEvents = next.reject;
      yield await next.promise;
    }
  }

  async inspectContainer(wanted: string): Promise<ContainerState | undefined> {
    return this.snapshot.containers.find(({ id }) => id === wanted);
  }

  async inspectSandbox(wanted: string): Promise<SandboxState | undefined> {
    return this.snapshot.sandboxes.find(({ id }) => id === wanted);
  }
}

function start() {
  const runtime = new ToldRuntime();
  const clock = new FakeClock();
  const changed: string[] = [];
  const onChange = (uid: string) => void changed.push(uid);
  const observed = new ObservedPods({ runtime, logger: silentLogger, clock, onChange });
  const idsOf = (uid = 'u') => {
    const { sandboxes, containers } = observed.get(uid);
    return [...sandboxes, ...containers].map(({ id }) => id);
  };
  return { runtime, clock, changed, observed, idsOf };
}

const container = (rest: Partial<ContainerState> = {}) => makeContainer(pod, running, rest);

describe('ObservedPods', () => {
  it('knows nothing of a pod before it looked', () => {
    const { observed, idsOf } = start();
    assert.deepEqual([idsOf(), [...observed.uids()], observed.lookedAt], [[], [], undefined]);
  });

  it('shows at once what was noted, and tells nobody of it', () => {
    const { observed, idsOf, changed } = start();
    observed.noteSandbox(makeSandbox());
    observed.noteContainer(container());
    observed.noteContainer(makeContainer(pod, exited(0)));
    assert.deepEqual(idsOf(), ['sandbox', 'a-0']);
    assert.equal(observed.get('u').containers[0]?.status.type, 'exited');
    observed.noteRemoved('u', 'a-0');
    observed.noteRemoved('u', 'sandbox');
    assert.deepEqual([idsOf(), [...observed.uids()], changed], [[], [], []]);
  });

  it('tells of what comes late', () => {
    const { observed, idsOf, changed } = start();
    observed.noteLate(makeSandbox());
    observed.noteLate(container());
    assert.deepEqual(
      [idsOf(), changed],
      [
        ['sandbox', 'a-0'],
        ['u', 'u'],
      ],
    );
  });

  it('takes over what a list shows, and tells of each pod that changed, no other', async () => {
    const { observed, runtime, idsOf, changed, clock } = start();
    const other = container({ id: 'x', pod: { namespace: 'default', name: 'q', uid: 'v' } });
    runtime.snapshot = { sandboxes: [makeSandbox()], containers: [container(), other] };
    await observed.relist();
    assert.deepEqual(changed.sort(), ['u', 'v']);
    assert.equal(observed.lookedAt, clock.monotonic());
    runtime.snapshot = { sandboxes: [makeSandbox()], containers: [other] };
    await observed.relist();
    assert.deepEqual([changed.length, idsOf()], [3, ['sandbox']]);
    await observed.relist();
    assert.equal(changed.length, 3, 'nothing changed');
    runtime.snapshot = nothing;
    await observed.relist();
    assert.deepEqual([...observed.uids()], []);
  });

  it('lets a list that was on its way not undo what was noted meanwhile', async () => {
    const { observed, runtime, idsOf } = start();
    const held = createDeferred<void>();
    runtime.held = held.promise;
    const relisted = observed.relist();
    observed.noteContainer(container());
    held.resolve();
    await relisted;
    assert.deepEqual(idsOf(), ['a-0']);
    runtime.held = undefined;
    await observed.relist();
    assert.deepEqual(idsOf(), []);
  });

  it('looks at what an event names, and tells of it when it is news', async () => {
    const { observed, runtime, changed, idsOf } = start();
    const stop = new AbortController();
    const run = observed.run(stop.signal);
    await turn();
    const tell = async (type: RuntimeEvent['type'], id: string) => {
      runtime.tell({ type, id, podUid: 'u' });
      for (let turns = 0; turns < 5; turns += 1) await turn();
    };
    runtime.snapshot = { sandboxes: [makeSandbox()], containers: [container()] };
    await tell('sandbox', 'sandbox');
    await tell('container', 'a-0');
    assert.deepEqual([idsOf(), changed.length], [['sandbox', 'a-0'], 2]);
    await tell('container', 'a-0');
    assert.equal(changed.length, 2, 'that was known');
    runtime.snapshot = { sandboxes: [makeSandbox()], containers: [] };
    await tell('container', 'a-0');
    assert.deepEqual([idsOf(), changed.length], [['sandbox'], 3]);
    stop.abort();
    await run;
  });

  it('looks again after 15 s, and each second while the runtime does not answer', async () => {
    const { observed, runtime, clock } = start();
    const stop = new AbortController();
    await observed.relist();
    const run = observed.run(stop.signal);
    await turn();
    runtime.failure = new Error('out of order');
    await clock.advance(14_999);
    assert.equal(observed.lookedAt, 0);
    await clock.advance(1);
    await turn();
    assert.equal(observed.lookedAt, undefined);
    runtime.failure = undefined;
    await clock.advance(1_000);
    await turn();
    assert.equal(observed.lookedAt, clock.monotonic());
    stop.abort();
    await run;
  });

  it('counts as blind when the events break, and follows them again', async () => {
    const { observed, runtime, clock, changed } = start();
    const stop = new AbortController();
    await observed.relist();
    const run = observed.run(stop.signal);
    await turn();
    runtime.breakEvents(new Error('connection reset'));
    await turn();
    assert.equal(observed.lookedAt, undefined);
    await clock.advance(1_000);
    runtime.snapshot = { sandboxes: [makeSandbox()], containers: [] };
    runtime.tell({ type: 'sandbox', id: 'sandbox', podUid: 'u' });
    for (let turns = 0; turns < 5; turns += 1) await turn();
    assert.deepEqual(changed, ['u']);
    stop.abort();
    await run;
  });

  it('lists each second for a while after the events broke: nobody tells what happened meanwhile', async () => {
    const { observed, runtime, clock, changed } = start();
    const stop = new AbortController();
    await observed.relist();
    const run = observed.run(stop.signal);
    await turn();
    runtime.breakEvents(new Error('connection reset'));
    await turn();
    await clock.advance(1_000);
    await turn();
    assert.equal(observed.lookedAt, clock.monotonic());
    runtime.snapshot = { sandboxes: [makeSandbox()], containers: [] };
    await clock.advance(1_000);
    await turn();
    assert.deepEqual(changed, ['u']);
    stop.abort();
    await run;
  });
});
