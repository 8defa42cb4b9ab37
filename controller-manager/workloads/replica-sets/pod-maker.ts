/**
 * Makes and deletes the pods of one owner, and tells the owner's users.
 *
 * Invariants:
 * - A pod's name is chosen here, not by the server. When the answer to a creation is lost, the same name is tried
 *   again: the pod is there once, however often it was asked for.
 * - Creations come in batches of 1, 2, 4 …, and end with the first batch that has a failure: what is refused once, for
 *   instance by a quota, is not asked for a hundred times.
 */

import type { KubernetesObject } from '../../../api/object.ts';
import { pods } from '../../../api/resources/core.ts';
import { isAlreadyExists, isNotFound, isRetryable, StatusError } from '../../../api/status-error.ts';
import type { Pod, PodTemplateSpec } from '../../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import { errorText } from '../../../base/error-text.ts';
import { randomSuffix } from '../../../base/random-suffix.ts';
import type { Client } from '../../../client/client.ts';
import type { Recorder } from '../../../client/event-recorder.ts';
import type { Expectations } from '../../../client/expectations.ts';
import { ifPresent } from '../../../client/if-present.ts';
import type { Cached } from '../../../client/object-cache.ts';
import { controllerOf, controllerReference } from '../ownership.ts';

/** Letters and digits that make no words and are not mistaken for each other. */
const longestNameBase = 58;
const mostAtOnce = 500;

type Owner = Cached<KubernetesObject>;
type Template = DeepReadonly<PodTemplateSpec>;

export interface PodMakerOptions {
  readonly client: Client;
  readonly recorder: Recorder;
  readonly expectations: Expectations;
}

export class PodMaker {
  readonly #client: Client;
  readonly #recorder: Recorder;
  readonly #expectations: Expectations;
  /** Owner uid → names of pods that may have been made. */
  readonly #uncertain = new Map<string, Set<string>>();

  constructor({ client, recorder, expectations }: PodMakerOptions) {
    this.#client = client;
    this.#recorder = recorder;
    this.#expectations = expectations;
  }

  /** Makes `count` pods; throws the first failure once all that were begun are settled. */
  async create(owner: Owner, template: Template, count: number, exists: (podName: string) => boolean): Promise<void> {
    const total = Math.min(count, mostAtOnce);
    const names = this.#names(owner, total, exists);
    this.#expectations.expectCreations(owner.metadata.uid, total);
    let begun = 0;
    for (let batchSize = 1; begun < total; batchSize *= 2) {
      const batch = names.slice(begun, begun + batchSize);
      begun += batch.length;
      const results = await Promise.allSettled(batch.map((name) => this.#createOne(owner, template, name)));
      const failed = results.find((result) => result.status === 'rejected');
      if (failed === undefined) continue;
      for (let left = begun; left < total; left += 1) this.#expectations.observedCreation(owner.metadata.uid);
      throw failed.reason;
    }
  }

  async delete(owner: Owner, victims: readonly Cached<Pod>[]): Promise<void> {
    const chosen = victims.slice(0, mostAtOnce);
    this.#expectations.expectDeletions(
      owner.metadata.uid,
      chosen.map(({ metadata }) => metadata.uid),
    );
    const results = await Promise.allSettled(chosen.map((pod) => this.#deleteOne(owner, pod)));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  /** The owner is gone. */
  forget(ownerUid: string): void {
    this.#uncertain.delete(ownerUid);
    this.#expectations.forget(ownerUid);
  }

  /** Names for new pods: first those that may have been made already. */
  #names(owner: Owner, count: number, exists: (podName: string) => boolean): string[] {
    const uncertain = this.#uncertain.get(owner.metadata.uid) ?? new Set();
    for (const name of uncertain) if (exists(name)) uncertain.delete(name);
    const names = [...uncertain].slice(0, count);
    while (names.length < count) names.push(randomName(owner));
    return names;
  }

  async #createOne(owner: Owner, template: Template, name: string): Promise<void> {
    try {
      await this.#createOnce(owner, template, name);
      this.#settle(owner, name);
      this.#recorder.record(owner, { type: 'Normal', reason: 'SuccessfulCreate', message: `Created pod: ${name}` });
    } catch (error) {
      this.#expectations.observedCreation(owner.metadata.uid);
      if (isRetryable(error)) this.#mayExist(owner, name);
      else this.#settle(owner, name);
      if (isNamespaceTerminating(error)) return;
      const message = `Error creating: ${errorText(error)}`;
      this.#recorder.record(owner, { type: 'Warning', reason: 'FailedCreate', message });
      throw error;
    }
  }

  async #createOnce(owner: Owner, template: Template, name: string): Promise<void> {
    try {
      await this.#client.create<Pod>(pods, podOf(owner, template, name));
    } catch (error) {
      if (!isAlreadyExists(error) || !(await this.#isOurs(owner, name))) throw error;
    }
  }

  async #isOurs(owner: Owner, name: string): Promise<boolean> {
    const pod = await ifPresent(this.#client.get(pods, { namespace: owner.metadata.namespace, name }));
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

  #mayExist(owner: Owner, name: string): void {
    const names = this.#uncertain.get(owner.metadata.uid) ?? new Set();
    this.#uncertain.set(owner.metadata.uid, names.add(name));
  }

  #settle(owner: Owner, name: string): void {
    this.#uncertain.get(owner.metadata.uid)?.delete(name);
  }
}

function podOf(owner: Owner, template: Template, name: string): Pod {
  const { labels, annotations, finalizers } = template.metadata ?? {};
  return {
    metadata: {
      ...(owner.metadata.namespace !== undefined && { namespace: owner.metadata.namespace }),
      name,
      generateName: `${owner.metadata.name}-`,
      ...(labels && { labels: { ...labels } }),
      ...(annotations && { annotations: { ...annotations } }),
      ...(finalizers && { finalizers: [...finalizers] }),
      ownerReferences: [controllerReference(owner)],
    },
    // Read-only in the cache; the client only sends it.
    ...(template.spec && { spec: template.spec as NonNullable<Pod['spec']> }),
  };
}

function randomName(owner: Owner): string {
  return `${`${owner.metadata.name}-`.slice(0, longestNameBase)}${randomSuffix()}`;
}

const isNamespaceTerminating = (error: unknown): boolean =>
  error instanceof StatusError &&
  (error.status.details?.causes ?? []).some(({ reason }) => reason === 'NamespaceTerminating');
