import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { silentLogger } from '../base/logger.ts';
import { FakeClock } from '../base/testing/fake-clock.ts';
import { EventRecorder, type EventRecorderOptions } from './event-recorder.ts';

const subjectOf = (name: string) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name, uid: name } });

/** A server of which each write takes `tookMs`. */
function record(tookMs: number) {
  const clock = new FakeClock();
  const written: string[] = [];
  const client: EventRecorderOptions['client'] = {
    patch: () => Promise.reject(new Error('nothing repeats here')),
    async create(_, object) {
      await clock.advance(tookMs);
      written.push(object.metadata?.name?.split('.')[0] ?? '');
      return Object.assign(object);
    },
  };
  const recorder = new EventRecorder({ client, logger: silentLogger, clock });
  const stopping = new AbortController();
  const running = recorder.run(stopping.signal);
  for (const name of ['a', 'b'])
    recorder.from('tester').record(subjectOf(name), { type: 'Normal', reason: 'Done', message: 'It is done' });
  return {
    clock,
    written,
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

const turns = async () => {
  for (let i = 0; i < 5; i++) await new Promise(setImmediate);
};

describe('event recorder', () => {
  it('writes one after the other to a server at leisure', async () => {
    const { written, stop } = record(5);
    await turns();
    assert.deepEqual(written, ['a', 'b']);
    await stop();
  });

  it('waits between two writes while the server is busy', async () => {
    const { clock, written, stop } = record(100);
    await turns();
    assert.deepEqual(written, ['a']);
    await clock.advance(399);
    await turns();
    assert.deepEqual(written, ['a']);
    await clock.advance(1);
    await turns();
    assert.deepEqual(written, ['a', 'b']);
    await stop();
  });

  it('writes what is left when it ends, without waiting', async () => {
    const { written, stop } = record(100);
    await turns();
    await stop();
    assert.deepEqual(written, ['a', 'b']);
  });
});
