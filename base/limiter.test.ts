import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createDeferred } from './deferred.ts';
import { Limiter } from './limiter.ts';

describe('Limiter', () => {
  it('lets who gave up waiting go at once, and the others in order', async () => {
    const limiter = new Limiter(1);
    const first = createDeferred<void>();
    const order: string[] = [];
    const note = (name: string) => async () => void order.push(name);
    const running = limiter.run(() => first.promise);
    const stop = new AbortController();
    const impatient = limiter.run(note('impatient'), stop.signal);
    const patient = [limiter.run(note('second')), limiter.run(note('third'))];
    stop.abort();
    await assert.rejects(impatient, { name: 'AbortError' });
    first.resolve();
    await Promise.all([running, ...patient]);
    assert.deepEqual(order, ['second', 'third']);
  });
});
