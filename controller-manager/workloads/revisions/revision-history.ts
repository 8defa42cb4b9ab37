/**
 * Keeps the ControllerRevisions of an owner: adopts those that match, makes the one that its template of now needs, and
 * deletes the oldest beyond the limit.
 *
 * Invariant: a revision's name follows from what it holds, so that one template makes one revision however often, and
 * by however many processes, it is tried; another revision of that name counts as a collision, which changes the hash.
 */

import { equalJson, type JsonRecord } from '../../../api/json-record.ts';
import { matchesLabelSelector } from '../../../api/label-selector.ts';
import type { Resource } from '../../../api/resource.ts';
import { controllerRevisions } from '../../../api/resources/apps.ts';
import { isAlreadyExists } from '../../../api/status-error.ts';
import type { ControllerRevision, DaemonSet, StatefulSet } from '../../../api/types/apps/v1.ts';
import type { PodTemplateSpec } from '../../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import type { Client } from '../../../client/client.ts';
import { ifPresent } from '../../../client/if-present.ts';
import type { Cached, ObjectCache } from '../../../client/object-cache.ts';
import { claimOwned, controllerReference } from '../ownership.ts';
import { computeRevisionHash } from './revision-hash.ts';
import { planRevision, revisionDataOf, sortRevisions } from './revision-plan.ts';

type Revision = Cached<ControllerRevision>;

type NamedRevision = ControllerRevision & { metadata: { namespace?: string; name: string } };

/** Of a name, besides the dash and the hash. */
const longestOwnerName = 223;
/** So often another revision may have the name that we want, in one go. */
const mostCollisions = 20;

/** What keeps its history in ControllerRevisions. */
type Revised = StatefulSet | DaemonSet;

export interface RevisionHistoryOptions<T extends Revised> {
  readonly client: Client;
  readonly ownerKind: Resource<T>;
  /** With the indexes `controller` and `uncontrolled` of ownership.ts. */
  readonly revisions: ObjectCache<ControllerRevision>;
  /** The label in which a revision carries its hash. */
  readonly hashLabel: string;
}

export interface History {
  /** All of the owner's, the oldest first; the last one is `update`. */
  readonly revisions: readonly Revision[];
  /** The one that holds the owner's template of now. */
  readonly update: Revision;
  readonly collisionCount: number;
}

export class RevisionHistory<T extends Revised> {
  readonly #options: RevisionHistoryOptions<T>;

  constructor(options: RevisionHistoryOptions<T>) {
    this.#options = options;
  }

  /** Brings the owner's history up to its template. Idempotent. */
  async sync(owner: Cached<T>): Promise<History> {
    const revisions = sortRevisions(await this.#claim(owner));
    const data = revisionDataOf(templateOf(owner));
    const plan = planRevision(revisions, data);
    const collisionCount = owner.status?.collisionCount ?? 0;
    switch (plan.type) {
      case 'keep':
        return { revisions, update: plan.revision, collisionCount };
      case 'renumber': {
        const update = await this.#renumber(plan.revision, plan.number);
        return { revisions: [...revisions.filter((one) => one !== plan.revision), update], update, collisionCount };
      }
      case 'create': {
        const made = await this.#create(owner, data, plan.number);
        const others = revisions.filter(({ metadata }) => metadata.uid !== made.update.metadata.uid);
        return { revisions: [...others, made.update], ...made };
      }
    }
  }

  async delete(revisions: readonly Revision[]): Promise<void> {
    for (const { metadata } of revisions) {
      const { namespace, name, uid } = metadata;
      await ifPresent(this.#options.client.delete(controllerRevisions, { namespace, name }, { uid }));
    }
  }

  async #claim(owner: Cached<T>): Promise<Revision[]> {
    const { client, ownerKind, revisions } = this.#options;
    return await claimOwned<T, ControllerRevision>({
      ...{ client, ownerKind, owner, kind: controllerRevisions, cache: revisions },
      matches: (labels) => matchesLabelSelector(owner.spec?.selector, labels),
    });
  }

  async #renumber({ metadata }: Revision, revision: number): Promise<Revision> {
    const { namespace, name, resourceVersion } = metadata;
    const body = { metadata: { resourceVersion }, revision };
    return await this.#options.client.patch(controllerRevisions, { namespace, name }, { type: 'merge', body });
  }

  async #create(
    owner: Cached<T>,
    data: JsonRecord,
    revision: number,
  ): Promise<Pick<History, 'update' | 'collisionCount'>> {
    const { client } = this.#options;
    let collisionCount = owner.status?.collisionCount ?? 0;
    for (let tried = 0; tried < mostCollisions; tried += 1) {
      const wanted = this.#revisionOf(owner, { data, revision, collisionCount });
      try {
        return { update: await client.create<ControllerRevision>(controllerRevisions, wanted), collisionCount };
      } catch (error) {
        if (!isAlreadyExists(error)) throw error;
      }
      const { namespace, name } = wanted.metadata;
      const there = await ifPresent(client.get(controllerRevisions, { namespace, name }));
      if (there !== undefined && equalJson(there.data, data)) return { update: there, collisionCount };
      if (there !== undefined) collisionCount += 1;
    }
    throw new Error(`No name is free for a revision of ${owner.metadata.name}`);
  }

  #revisionOf(
    owner: Cached<T>,
    { data, revision, collisionCount }: { data: JsonRecord; revision: number; collisionCount: number },
  ): NamedRevision {
    const hash = computeRevisionHash(data, collisionCount);
    const { name, namespace, annotations } = owner.metadata;
    return {
      metadata: {
        ...(namespace !== undefined && { namespace }),
        name: `${name.slice(0, longestOwnerName)}-${hash}`,
        labels: { ...templateOf(owner).metadata?.labels, [this.#options.hashLabel]: hash },
        ...(annotations !== undefined && { annotations: { ...annotations } }),
        ownerReferences: [controllerReference(owner)],
      },
      data,
      revision,
    };
  }
}

const templateOf = ({ spec }: Cached<Revised>): DeepReadonly<PodTemplateSpec> => spec?.template ?? {};
