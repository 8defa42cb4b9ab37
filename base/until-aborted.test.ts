import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createDeferred } from './deferred.ts';
import { untilAborted } from './until-aborted.ts';

describe('untilAborted', () => {
  const signal = () => new AbortController().signal;

  it('is what the work is, as long as nothing aborts', async () => {
    assert.equal(await untilAborted(Promise.resolve(1), signal()), 1);
    await assert.rejects(untilAborted(Promise.reject(new Error('no')), signal()), /^Error: no$/);
  });

  it('rejects with the reason of the signal, then or before', async () => {
    const stop = new AbortController();
    const waiting = untilAborted(new Promise(() => {}), stop.signal);
    stop.abort(new Error('enough'));
    await assert.rejects(waiting, /enough/);
    await assert.rejects(untilAborted(new Promise(() => {}), stop.signal), /enough/);
  });

  it('leaves no error unheard of work that fails later', async () => {
    const work = createDeferred<void>();
    const waiting = untilAborted(work.promise, AbortSignal.abort(new Error('enough')));
    await assert.rejects(waiting, /enough/);
    work.reject(new Error('too late'));
    await new Promise(setImmediate);
  });
});
