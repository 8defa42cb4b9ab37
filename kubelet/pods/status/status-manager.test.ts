import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { conflict, notFound, StatusError } from '../../../api/status-error.ts';
import type { Pod, PodStatus } from '../../../api/types/core/v1.ts';
import { createDeferred } from '../../../base/deferred.ts';
import { silentLogger } from '../../../base/logger.ts';
import { FakeClock } from '../../../base/testing/fake-clock.ts';
import type { Client } from '../../../client/client.ts';
import type { PodObject } from '../../model/pod.ts';
import { StatusManager } from './status-manager.ts';

const pod: PodObject = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'default', name: 'p', uid: 'u', resourceVersion: '1', creationTimestamp: '' },
};

const status = (podIP: string, ready: boolean): PodStatus => ({
  phase: 'Running',
  podIP,
  conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
});

/** Answers a patch when it is told to. */
class HeldClient implements Pick<Client, 'get' | 'patch' | 'delete'> {
  readonly written: string[] = [];
  readonly #held: (() => void)[] = [];
  #version = 1;

  async patch(_kind: unknown, _key: unknown, { body }: { readonly body: unknown }): Promise<never> {
    const { podIP, conditions } = (body as { status: PodStatus }).status;
    this.written.push(`${podIP} ${conditions?.[0]?.status}`);
    const answer = createDeferred<void>();
    this.#held.push(answer.resolve);
    await answer.promise;
    this.#version += 1;
    const written = { ...pod, metadata: { ...pod.metadata, resourceVersion: String(this.#version) } };
    return { ...written, status: (body as Pod).status } as never;
  }

  /** Answers one patch, and lets what follows from it happen. */
  async answer(): Promise<void> {
    await new Promise(setImmediate);
    this.#held.shift()?.();
    await new Promise(setImmediate);
  }

  async get(): Promise<never> {
    return pod as never;
  }

  async delete(): Promise<void> {}
}

describe('the order of writes', () => {
  it('writes the newest status only, but never skips that a pod stopped being ready', async () => {
    const client = new HeldClient();
    const statuses = new StatusManager({ client, logger: silentLogger, clock: new FakeClock() });
    const { signal } = new AbortController();
    const set = (...of: Parameters<typeof status>) => statuses.set(pod, status(...of), { coalesce: false }, signal);
    set('a', true);
    await client.answer();
    set('b', true);
    await new Promise(setImmediate);
    for (const [podIP, ready] of [
      ['c', true],
      ['d', false],
      ['e', false],
      ['f', true],
      ['g', true],
    ] as const)
      set(podIP, ready);
    for (let answers = 0; answers < 3; answers += 1) await client.answer();
    await statuses.settled('u');
    assert.deepEqual(client.written, ['a True', 'b True', 'e False', 'g True']);
  });

  it('writes of four pods at a time; of those that wait, the newest status alone', async () => {
    const client = new HeldClient();
    const statuses = new StatusManager({ client, logger: silentLogger, clock: new FakeClock() });
    const { signal } = new AbortController();
    const set = (uid: string, podIP: string) => {
      const metadata = { ...pod.metadata, name: uid, uid };
      statuses.set({ ...pod, metadata }, status(podIP, true), { coalesce: false }, signal);
    };
    for (const uid of ['a', 'b', 'c', 'd', 'e']) set(uid, uid);
    await new Promise(setImmediate);
    assert.deepEqual(client.written, ['a True', 'b True', 'c True', 'd True']);
    set('e', 'newer');
    for (let answers = 0; answers < 5; answers += 1) await client.answer();
    await statuses.settled('e');
    assert.deepEqual(client.written.slice(4), ['newer True']);
  });
});

/** Answers at once, with what it is told to: an error, or the pod as it was written. */
class ReadyClient implements Pick<Client, 'get' | 'patch' | 'delete'> {
  readonly written: string[] = [];
  readonly deleted: object[] = [];
  errors: unknown[] = [];
  /** Of the pod that has the name now. */
  uid = 'u';
  #version = 1;

  async patch(_kind: unknown, _key: unknown, { body }: { readonly body: unknown }): Promise<never> {
    const { podIP } = (body as { status: PodStatus }).status;
    this.written.push(String(podIP));
    const error = this.errors.shift();
    if (error !== undefined) throw error;
    this.#version += 1;
    const metadata = { ...pod.metadata, resourceVersion: String(this.#version) };
    return { ...pod, metadata, status: (body as Pod).status } as never;
  }

  async get(): Promise<never> {
    return { ...pod, metadata: { ...pod.metadata, uid: this.uid } } as never;
  }

  async delete(_kind: unknown, key: object, options?: object): Promise<void> {
    this.deleted.push({ ...key, ...options });
    const error = this.errors.shift();
    if (error !== undefined) throw error;
  }
}

function startReady() {
  const client = new ReadyClient();
  const clock = new FakeClock();
  const statuses = new StatusManager({ client, logger: silentLogger, clock });
  const stop = new AbortController();
  const set = (podIP: string, coalesce = false) => statuses.set(pod, status(podIP, true), { coalesce }, stop.signal);
  const turns = async () => {
    for (let count = 0; count < 5; count += 1) await new Promise(setImmediate);
  };
  return { client, clock, statuses, stop, set, turns };
}

const resource = { group: '', plural: 'pods' };
const unavailable = new StatusError(503, 'ServiceUnavailable', 'etcd is away');

describe('StatusManager', () => {
  it('writes nothing when nothing changed', async () => {
    const { client, statuses, set } = startReady();
    set('a');
    await statuses.settled('u');
    set('a');
    await statuses.settled('u');
    assert.deepEqual(client.written, ['a']);
  });

  it('lets what nobody waits for wait for what follows', async () => {
    const { client, clock, statuses, set } = startReady();
    set('a', true);
    set('b', true);
    await clock.advance(249);
    assert.deepEqual(client.written, []);
    await clock.advance(1);
    await statuses.settled('u');
    assert.deepEqual(client.written, ['b']);
    set('c', true);
    set('d');
    await statuses.settled('u');
    assert.deepEqual(client.written, ['b', 'd']);
  });

  it('tries again until it is written, with the newest one', async () => {
    const { client, clock, statuses, set, turns } = startReady();
    client.errors = [unavailable, unavailable];
    set('a');
    await turns();
    set('b');
    await clock.advance(200);
    await turns();
    await clock.advance(400);
    await statuses.settled('u');
    assert.deepEqual(client.written, ['a', 'b', 'b']);
  });

  it('gives up when its kubelet stops', async () => {
    const { client, statuses, set, stop, turns } = startReady();
    client.errors = Array(10).fill(unavailable);
    set('a');
    await turns();
    stop.abort();
    await statuses.settled('u');
    assert.deepEqual(client.written, ['a']);
  });

  it('gives up when the pod is gone, or another has its name', async () => {
    for (const [error, uid] of [
      [notFound(resource, 'p'), 'u'],
      [conflict(resource, 'p', 'another uid'), 'other'],
    ] as const) {
      const { client, statuses, set } = startReady();
      Object.assign(client, { errors: [error], uid });
      set('a');
      await statuses.settled('u');
      set('a');
      await statuses.settled('u');
      assert.deepEqual(client.written, ['a']);
    }
  });

  it('tries again after a conflict with the very pod', async () => {
    const { client, clock, statuses, set, turns } = startReady();
    client.errors = [conflict(resource, 'p', 'written meanwhile')];
    set('a');
    await turns();
    await clock.advance(200);
    await statuses.settled('u');
    assert.deepEqual(client.written, ['a', 'a']);
  });

  it('shows the status that was set last, with what others say in the pod', async () => {
    const { statuses, set } = startReady();
    assert.equal(statuses.withLatestStatus(pod), pod);
    set('a');
    const gate = { type: 'example.com/gate', status: 'True' };
    const seen = {
      ...pod,
      metadata: { ...pod.metadata, resourceVersion: '9' },
      status: { podIP: 'x', conditions: [gate] },
    };
    const { status: latest } = statuses.withLatestStatus(seen);
    assert.equal(latest?.podIP, 'a');
    assert.deepEqual(
      latest?.conditions?.map(({ type }) => type),
      ['Ready', 'example.com/gate'],
    );
    await statuses.settled('u');
    statuses.forget('u');
    assert.equal(statuses.withLatestStatus(pod), pod);
  });

  it('leaves the end that others declared alone', async () => {
    const { client, statuses, set } = startReady();
    set('a');
    await statuses.settled('u');
    const declared = { ...pod, metadata: { ...pod.metadata, resourceVersion: '9' }, status: { phase: 'Failed' } };
    statuses.seen(declared);
    await statuses.settled('u');
    assert.deepEqual(client.written, ['a']);
    assert.equal(statuses.withLatestStatus(declared).status?.phase, 'Failed');
  });

  it('writes again what others overwrote, and all of it when it is told to', async () => {
    const { client, statuses, set } = startReady();
    set('a');
    await statuses.settled('u');
    const overwritten = { ...pod, metadata: { ...pod.metadata, resourceVersion: '3' }, status: { podIP: 'x' } };
    statuses.seen(overwritten);
    await statuses.settled('u');
    assert.deepEqual(client.written, ['a', 'a']);
    statuses.seen({ ...overwritten, metadata: { ...pod.metadata, resourceVersion: '1' } });
    await statuses.settled('u');
    assert.deepEqual(client.written, ['a', 'a'], 'that was an old version');
    statuses.writeAllAgain();
    await statuses.settled('u');
    assert.deepEqual(client.written, ['a', 'a', 'a']);
  });

  it('deletes this very pod without grace; one that is gone, or another of its name, is none of its business', async () => {
    const { client, statuses } = startReady();
    client.errors = [undefined, notFound(resource, 'p'), conflict(resource, 'p', 'another uid')];
    for (let count = 0; count < 3; count += 1) await statuses.deletePod(pod);
    assert.deepEqual(client.deleted[0], { namespace: 'default', name: 'p', gracePeriodSeconds: 0, uid: 'u' });
    client.errors = [unavailable];
    await assert.rejects(statuses.deletePod(pod), { message: 'etcd is away' });
  });
});
