import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Stored } from '../../api/object.ts';
import { configMaps, events } from '../../api/resources/core.ts';
import { serviceUnavailable } from '../../api/status-error.ts';
import type { ConfigMap } from '../../api/types/core/v1.ts';
import { silentLogger } from '../../base/logger.ts';
import { EventRecorder, type EventRecorderOptions } from '../../client/event-recorder.ts';
import { eventually } from '../support/eventually.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

describe('event recorder', () => {
  let server: TestApiServer;
  before(async () => {
    server = await startTestApiServer();
  });
  after(() => server.stop());

  async function subject(name: string): Promise<Stored<ConfigMap>> {
    return await server.client.create<ConfigMap>(configMaps, { metadata: { namespace: 'default', name } });
  }
  async function eventsOf(name: string) {
    const { items } = await server.client.list(events, { namespace: 'default' });
    return items.filter(({ involvedObject }) => involvedObject.name === name);
  }
  function run(client: EventRecorderOptions['client']): { recorder: EventRecorder; stop: () => Promise<void> } {
    const recorder = new EventRecorder({ client, logger: silentLogger });
    const stopping = new AbortController();
    const running = recorder.run(stopping.signal);
    return {
      recorder,
      async stop() {
        stopping.abort();
        await running;
      },
    };
  }

  it('writes an event, and counts it when it happens again', async () => {
    const object = await subject('counted');
    const { recorder, stop } = run(server.client);
    const events = recorder.from('tester', 'host-1');
    for (let i = 0; i < 3; i += 1) events.record(object, { type: 'Normal', reason: 'Done', message: 'It is done' });
    const [event] = await eventually('three are counted', async () => {
      const all = await eventsOf('counted');
      return all[0]?.count === 3 && all;
    });
    assert.equal(event?.involvedObject.uid, object.metadata.uid);
    assert.deepEqual([event?.type, event?.reason, event?.source?.component], ['Normal', 'Done', 'tester']);
    await stop();
  });

  it('writes an action in the newer form, and a series when it happens again', async () => {
    const object = await subject('acted');
    const { recorder, stop } = run(server.client);
    const events = recorder.from('tester');
    const message = 'ü'.repeat(2_000);
    for (let i = 0; i < 3; i += 1)
      events.record(object, { type: 'Warning', reason: 'Failed', action: 'Trying', message });
    const [event] = await eventually('three are counted', async () => {
      const all = await eventsOf('acted');
      return all[0]?.series?.count === 3 && all;
    });
    assert.deepEqual([event?.action, event?.reportingComponent], ['Trying', 'tester']);
    assert.match(event?.reportingInstance ?? '', /^tester-./);
    assert.match(event?.eventTime ?? '', /^\d{4}-.*\.\d{6}Z$/);
    assert.match(event?.message ?? '', /^ü+ \.\.\.$/);
    assert.deepEqual([event?.count ?? 0, event?.lastTimestamp ?? null], [0, null]);
    await stop();
  });

  it('combines many similar events into one', async () => {
    const object = await subject('many');
    const { recorder, stop } = run(server.client);
    const events = recorder.from('tester');
    for (let i = 0; i < 20; i += 1) events.record(object, { type: 'Normal', reason: 'Made', message: `Made pod-${i}` });
    await eventually('the last is told', async () => (await eventsOf('many')).some(({ count }) => count === 11));
    const all = await eventsOf('many');
    assert.equal(all.length, 10);
    assert.ok(all.some(({ message }) => message === '(combined from similar events): Made pod-19'));
    await stop();
  });

  it('is not disturbed by a server that is away, and writes once when an answer was lost', async () => {
    const object = await subject('away');
    let calls = 0;
    const client: EventRecorderOptions['client'] = {
      patch: (...args) => server.client.patch(...args),
      async create(kind, event) {
        calls += 1;
        const created = await server.client.create(kind, event);
        if (calls === 1) throw serviceUnavailable('the answer is lost');
        return created;
      },
    };
    const { recorder, stop } = run(client);
    recorder.from('tester').record(object, { type: 'Warning', reason: 'Lost', message: 'once' });
    await eventually('it is tried again', () => calls === 2);
    await stop();
    assert.equal((await eventsOf('away')).length, 1);
  });

  it('keeps a bounded number while it cannot write, and never blocks', async () => {
    const object = await subject('flood');
    let calls = 0;
    const client: EventRecorderOptions['client'] = {
      patch: () => Promise.reject(serviceUnavailable('away')),
      create() {
        calls += 1;
        return Promise.reject(serviceUnavailable('away'));
      },
    };
    const { recorder, stop } = run(client);
    const events = recorder.from('tester');
    for (let i = 0; i < 3000; i += 1) {
      const metadata = { ...object.metadata, uid: `uid-${i}` };
      events.record({ ...object, metadata }, { type: 'Normal', reason: 'R', message: 'm' });
    }
    await stop();
    assert.ok(calls <= 1002, `${calls} tries`);
  });
});
