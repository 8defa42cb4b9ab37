/**
 * Does what a StatefulSet's plan says, and tells the set's users.
 *
 * Invariants:
 * - Nothing is made twice: pods and claims have fixed names. A pod that is there already and is the set's counts as made.
 * - Deletions name the pod's uid: they never hit its successor.
 */

import { persistentVolumeClaims, pods } from '../../../api/resources/core.ts';
import { isAlreadyExists, isNotFound, type StatusError } from '../../../api/status-error.ts';
import type { StatefulSet } from '../../../api/types/apps/v1.ts';
import type { PersistentVolumeClaim, Pod, PodTemplateSpec } from '../../../api/types/core/v1.ts';
import type { OwnerReference } from '../../../api/types/meta/v1.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import { errorText } from '../../../base/error-text.ts';
import { changedCopy } from '../../../client/changed-copy.ts';
import type { Client } from '../../../client/client.ts';
import type { Recorder } from '../../../client/event-recorder.ts';
import type { Expectations } from '../../../client/expectations.ts';
import { ifPresent } from '../../../client/if-present.ts';
import type { Cached, ObjectCache } from '../../../client/object-cache.ts';
import { controllerOf } from '../ownership.ts';
import { computeClaims, computePod, type NamedClaim, podName } from './identity.ts';
import type { StatefulStep } from './stateful-plan.ts';

type CachedSet = Cached<StatefulSet>;
type OwnerReferences = readonly DeepReadonly<OwnerReference>[];

export interface StatefulWriterOptions {
  readonly client: Client;
  readonly recorder: Recorder;
  readonly expectations: Expectations;
  readonly claims: ObjectCache<PersistentVolumeClaim>;
}

/** What a pod is made of. */
export interface PodRevision {
  readonly name: string;
  readonly template: DeepReadonly<PodTemplateSpec>;
}

export type PodRevisions = Readonly<Record<'current' | 'update', PodRevision>>;

export class StatefulWriter {
  readonly #options: StatefulWriterOptions;

  constructor(options: StatefulWriterOptions) {
    this.#options = options;
  }

  async apply(set: CachedSet, step: StatefulStep, revisions: PodRevisions): Promise<void> {
    switch (step.type) {
      case 'create':
        return await this.#create(set, step.ordinal, revisions[step.revision]);
      case 'delete':
        return await this.#delete(set, step.pod);
      case 'createClaims':
        return await this.#createClaims(set, step.ordinal);
      case 'label':
        return await this.#telling(set, step.pod.metadata.name, 'Update', () => this.#label(step.pod, step.labels));
      case 'own': {
        const own = () => this.#own(step.claim, step.owners);
        return step.pod === undefined ? await own() : await this.#telling(set, step.pod.metadata.name, 'Update', own);
      }
    }
  }

  async #create(set: CachedSet, ordinal: number, revision: PodRevision): Promise<void> {
    const { expectations } = this.#options;
    const name = podName(set, ordinal);
    expectations.expectCreations(set.metadata.uid, 1);
    try {
      await this.#telling(set, name, 'Create', async () => {
        await this.#createClaims(set, ordinal);
        await this.#createPod(set, ordinal, revision);
      });
    } catch (error) {
      expectations.observedCreation(set.metadata.uid);
      throw error;
    }
  }

  async #createPod(set: CachedSet, ordinal: number, { name: revision, template }: PodRevision): Promise<void> {
    const { client, expectations } = this.#options;
    const pod = computePod(set, { ordinal, template, revision });
    try {
      await client.create<Pod>(pods, pod);
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      const key = { namespace: set.metadata.namespace, name: podName(set, ordinal) };
      const there = await ifPresent(client.get(pods, key));
      if (there === undefined || controllerOf(there)?.uid !== set.metadata.uid) throw error;
      // Made before, and perhaps seen before it was expected.
      expectations.observedCreation(set.metadata.uid);
    }
  }

  async #createClaims(set: CachedSet, ordinal: number): Promise<void> {
    for (const claim of computeClaims(set, ordinal)) {
      const known = this.#options.claims.get(`${set.metadata.namespace}/${claim.metadata.name}`);
      if (known?.metadata.deletionTimestamp !== undefined) {
        throw new Error(`pvc ${claim.metadata.name} is being deleted`);
      }
      if (known === undefined) await this.#createClaim(set, claim, podName(set, ordinal));
    }
  }

  async #createClaim(set: CachedSet, claim: NamedClaim, pod: string) {
    const { client, recorder } = this.#options;
    const { name } = claim.metadata;
    try {
      await client.create<PersistentVolumeClaim>(persistentVolumeClaims, claim);
      const message = `Create Claim ${name} Pod ${pod} in StatefulSet ${set.metadata.name} success`;
      recorder.record(set, { type: 'Normal', reason: 'SuccessfulCreate', message });
    } catch (error) {
      if (isAlreadyExists(error)) return;
      const message = `Create Claim ${name} for Pod ${pod} in StatefulSet ${set.metadata.name} failed error: ${errorText(error)}`;
      recorder.record(set, { type: 'Warning', reason: 'FailedCreate', message });
      throw error;
    }
  }

  async #delete(set: CachedSet, pod: Cached<Pod>): Promise<void> {
    const { client, expectations } = this.#options;
    const { namespace, name, uid } = pod.metadata;
    expectations.expectDeletions(set.metadata.uid, [uid]);
    try {
      await this.#telling(set, name, 'Delete', () => client.delete(pods, { namespace, name }, { uid }));
    } catch (error) {
      expectations.observedDeletion(set.metadata.uid, uid);
      if (!isNotFound(error)) throw error;
    }
  }

  async #label(pod: Cached<Pod>, labels: Readonly<Record<string, string>>): Promise<void> {
    const { namespace, name, resourceVersion } = pod.metadata;
    const body = { metadata: { resourceVersion, labels } };
    await ifPresent(this.#options.client.patch(pods, { namespace, name }, { type: 'merge', body }));
  }

  /** By an update: the controller's role has no patch of claims. */
  async #own(claim: Cached<PersistentVolumeClaim>, owners: OwnerReferences): Promise<void> {
    const metadata = { ...claim.metadata, ownerReferences: owners };
    const next = changedCopy<PersistentVolumeClaim>(claim, { metadata });
    await ifPresent(this.#options.client.update(persistentVolumeClaims, next));
  }

  /** What becomes of a pod, as an event of its set. A name that is taken is told by nobody: it is tried again. */
  async #telling(set: CachedSet, pod: string, verb: 'Create' | 'Delete' | 'Update', action: () => Promise<unknown>) {
    const what = `${verb} Pod ${pod} in StatefulSet ${set.metadata.name}`;
    const { recorder } = this.#options;
    try {
      await action();
      recorder.record(set, { type: 'Normal', reason: `Successful${verb}`, message: `${what} successful` });
    } catch (error) {
      if (isAlreadyExists(error) || isNotFoundOfDeletion(error, verb)) throw error;
      recorder.record(set, {
        type: 'Warning',
        reason: `Failed${verb}`,
        message: `${what} failed error: ${errorText(error)}`,
      });
      throw error;
    }
  }
}

const isNotFoundOfDeletion = (error: unknown, verb: string): error is StatusError =>
  verb === 'Delete' && isNotFound(error);
