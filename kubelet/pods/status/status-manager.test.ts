import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Pod, PodStatus } from '../../../api/types/core/v1.ts';
import { createDeferred } from '../../../base/deferred.ts';
import { silentLogger } from '../../../base/logger.ts';
import { FakeClock } from '../../../base/testing/fake-clock.ts';
import type { Client } from '../../../client/client.ts';
import type { PodObject } from '../../model/pod.ts';
import type { KubeletPodStatus } from './pod-status.ts';
import { StatusManager } from './status-manager.ts';

const pod: PodObject = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'default', name: 'p', uid: 'u', resourceVersion: '1', creationTimestamp: '' },
};

const status = (podIP: string, ready: boolean): KubeletPodStatus => ({
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
    this.#held.shift()?.();
    await new Promise(setImmediate);
  }

  async get(): Promise<never> {
    return pod as never;
  }

  async delete(): Promise<void> {}
}

describe('StatusManager', () => {
  it('writes the newest status only, but never skips that a pod stopped being ready', async () => {
    const client = new HeldClient();
    const statuses = new StatusManager({ client, logger: silentLogger, clock: new FakeClock() });
    const { signal } = new AbortController();
    const set = (...of: Parameters<typeof status>) => statuses.set(pod, status(...of), { quiet: false }, signal);
    set('a', true);
    await client.answer();
    set('b', true);
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
});
