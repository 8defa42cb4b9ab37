/**
 * Makes and deletes the pods of one owner, and tells the owner's users.
 *
 * Invariants:
 * - A pod's name is chosen here, not by the server. When the answer to a creation is lost, the same name is tried
 *   again: the pod is there once, however often it was asked for.
 * - Creations come in batches of 1, 2, 4 …, and end with the first batch that has a failure: what is refused once, for
 *   instance by a quota, is not asked for a hundred times.
 */

import { isTerminatingNamespaceError } from '../../api/namespace-state.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { pods } from '../../api/resources/core.ts';
import { isAlreadyExists, isNotFound, isRetryable } from '../../api/status-error.ts';
import type { Pod, PodTemplateSpec } from '../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import { errorText } from '../../base/error-text.ts';
import { randomSuffix } from '../../base/random-suffix.ts';
import type { Client } from '../../client/client.ts';
import type { Recorder } from '../../client/event-recorder.ts';
import type { Expectations } from '../../client/expectations.ts';
import type { Cached } from '../../client/object-cache.ts';
import { controllerOf } from './ownership.ts';
import { podFromTemplate } from './pod-from-template.ts';

const longestNameBase = 58;
const mostAtOnce = 500;

type Owner = Cached<KubernetesObject>;

/** One pod that is wanted. */
export interface PodOrder {
  readonly template: DeepReadonly<PodTemplateSpec>;
  /** Its name is this and five random characters; the owner's name and a dash by default. */
  readonly generateName?: string;
  /** What the pod is for (a node, an index), where the pods of an owner are not all alike. */
  readonly slot?: string;
}

interface NamedOrder extends PodOrder {
  readonly name: string;
  readonly generateName: string;
}

interface Failure {
  readonly error: unknown;
}

export interface PodMakerOptions {
  readonly client: Client;
  readonly recorder: Recorder;
  readonly expectations: Expectations;
}

export class PodMaker {
  readonly #client: Client;
  readonly #recorder: Recorder;
  readonly #expectations: Expectations;
  /** Owner uid → names of pods that may have been made, and the slot that each was for. */
  readonly #uncertain = new Map<string, Map<string, string>>();

  constructor({ client, recorder, expectations }: PodMakerOptions) {
    this.#client = client;
    this.#recorder = recorder;
    this.#expectations = expectations;
  }

  /** Makes what is ordered, as `tryCreate` does; throws the first failure. */
  async create(owner: Owner, orders: readonly PodOrder[], exists: (podName: string) => boolean): Promise<void> {
    const { failure } = await this.tryCreate(owner, orders, exists);
    if (failure !== undefined) throw failure.error;
  }

  /**
   * Makes what is ordered, of very many the first ones only; tells how many there are now, and the first failure, once
   * all that were begun are settled. `exists` tells whether the cache has a pod of this name.
   */
  async tryCreate(
    owner: Owner,
    orders: readonly PodOrder[],
    exists: (podName: string) => boolean,
  ): Promise<{ readonly made: number; readonly failure?: Failure }> {
    const named = this.#named(owner, orders.slice(0, mostAtOnce), exists);
    this.#expectations.expectCreations(owner.metadata.uid, named.length);
    let begun = 0;
    for (let batchSize = 1; begun < named.length; batchSize *= 2) {
      const batch = named.slice(begun, begun + batchSize);
      begun += batch.length;
      const results = await Promise.allSettled(batch.map((order) => this.#createOne(owner, order)));
      const failed = results.filter((result) => result.status === 'rejected');
      if (failed[0] === undefined) continue;
      for (let left = begun; left < named.length; left += 1) this.#expectations.observedCreation(owner.metadata.uid);
      return { made: begun - failed.length, failure: { error: failed[0].reason } };
    }
    return { made: named.length };
  }

  /** Deletes them, as `tryDelete` does; throws the first failure. */
  async delete(owner: Owner, victims: readonly Cached<Pod>[]): Promise<void> {
    const { failure } = await this.tryDelete(owner, victims);
    if (failure !== undefined) throw failure.error;
  }

  /** Which of them are gone or going now, and the first failure, once all are settled. */
  async tryDelete(
    owner: Owner,
    victims: readonly Cached<Pod>[],
  ): Promise<{ readonly deleted: readonly Cached<Pod>[]; readonly failure?: Failure }> {
    const chosen = victims.slice(0, mostAtOnce);
    this.#expectations.expectDeletions(
      owner.metadata.uid,
      chosen.map(({ metadata }) => metadata.uid),
    );
    const results = await Promise.allSettled(chosen.map((pod) => this.#deleteOne(owner, pod)));
    const failed = results.find((result) => result.status === 'rejected');
    const deleted = chosen.filter((_, i) => results[i]?.status === 'fulfilled');
    return failed === undefined ? { deleted } : { deleted, failure: { error: failed.reason } };
  }

  /** The owner is gone. */
  forget(ownerUid: string): void {
    this.#uncertain.delete(ownerUid);
    this.#expectations.forget(ownerUid);
  }

  /** With names: first those that may have been made already, for the same slot. */
  #named(owner: Owner, orders: readonly PodOrder[], exists: (podName: string) => boolean): NamedOrder[] {
    const uncertain = this.#uncertain.get(owner.metadata.uid) ?? new Map<string, string>();
    for (const name of uncertain.keys()) if (exists(name)) uncertain.delete(name);
    const free = new Map(uncertain);
    return orders.map((order) => {
      const generateName = order.generateName ?? `${owner.metadata.name}-`;
      const [earlier] = [...free].find(([, slot]) => slot === (order.slot ?? '')) ?? [];
      if (earlier !== undefined) free.delete(earlier);
      const name = earlier ?? `${generateName.slice(0, longestNameBase)}${randomSuffix()}`;
      return { ...order, name, generateName };
    });
  }

  async #createOne(owner: Owner, order: NamedOrder): Promise<void> {
    const { name } = order;
    try {
      await this.#createOnce(owner, order);
      this.#settle(owner, name);
      this.#recorder.record(owner, { type: 'Normal', reason: 'SuccessfulCreate', message: `Created pod: ${name}` });
    } catch (error) {
      this.#expectations.observedCreation(owner.metadata.uid);
      if (isRetryable(error)) this.#mayExist(owner, order);
      else this.#settle(owner, name);
      if (isTerminatingNamespaceError(error)) return;
      const message = `Error creating: ${errorText(error)}`;
      this.#recorder.record(owner, { type: 'Warning', reason: 'FailedCreate', message });
      throw error;
    }
  }

  async #createOnce(owner: Owner, { template, name, generateName }: NamedOrder): Promise<void> {
    try {
      await this.#client.create<Pod>(pods, podFromTemplate(owner, template, { name, generateName }));
    } catch (error) {
      if (!isAlreadyExists(error) || !(await this.#isOurs(owner, name))) throw error;
    }
  }

  async #isOurs(owner: Owner, name: string): Promise<boolean> {
    // Controllers may list pods, and not all of them may get one.
    const selection = { namespace: owner.metadata.namespace, fieldSelector: `metadata.name=${name}` };
    const [pod] = (await this.#client.list<Pod>(pods, selection)).items;
    return pod !== undefined && controllerOf(pod)?.uid === owner.metadata.uid;
  }

  async #deleteOne(owner: Owner, pod: Cached<Pod>): Promise<void> {
    const { namespace, name, uid } = pod.metadata;
    try {
      await this.#client.delete(pods, { namespace, name }, { uid });
      this.#recorder.record(owner, { type: 'Normal', reason: 'SuccessfulDelete', message: `Deleted pod: ${name}` });
    } catch (error) {
      this.#expectations.observedDeletion(owner.metadata.uid, uid);
      if (isNotFound(error)) return;
      const message = `Error deleting: ${errorText(error)}`;
      this.#recorder.record(owner, { type: 'Warning', reason: 'FailedDelete', message });
      throw error;
    }
  }

  #mayExist(owner: Owner, { name, slot = '' }: NamedOrder): void {
    const names = this.#uncertain.get(owner.metadata.uid) ?? new Map<string, string>();
    this.#uncertain.set(owner.metadata.uid, names.set(name, slot));
  }

  #settle(owner: Owner, name: string): void {
    this.#uncertain.get(owner.metadata.uid)?.delete(name);
  }
}
