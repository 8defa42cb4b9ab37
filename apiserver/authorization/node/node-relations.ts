/** Keeps the graph of nodes and objects in step with what is stored. */

import type { KubernetesObject } from '../../../api/object.ts';
import type { Resource } from '../../../api/resource.ts';
import { persistentVolumes, pods } from '../../../api/resources/core.ts';
import { resourceSlices } from '../../../api/resources/resource.ts';
import { volumeAttachments } from '../../../api/resources/storage.ts';
import type { Logger } from '../../../base/logger.ts';
import { FollowedObjects, type ObjectFollower } from '../../registry/followed-objects.ts';
import type { ResourceCache } from '../../store/resource-cache.ts';
import type { Relations } from './node-authorizer.ts';
import { NodeGraph, type RelatedKind } from './node-graph.ts';

/** Longer than a cache needs that is not loaded yet; whoever waits is told to ask again. */
const catchUpMs = 5_000;

export class NodeRelations implements Relations {
  readonly #graph = new NodeGraph();
  readonly #followed: readonly Pick<FollowedObjects<KubernetesObject>, 'isLive' | 'catchUp' | 'run'>[];

  constructor(cacheOf: (resource: Resource) => ResourceCache, logger: Logger) {
    const graph = this.#graph;
    const follow = <T extends KubernetesObject>(resource: Resource<T>, follower: ObjectFollower<T>) =>
      new FollowedObjects(cacheOf(resource), follower, { logger });
    this.#followed = [
      follow(pods, {
        reset: () => graph.resetPods(),
        set: (pod) => graph.setPod(pod),
        remove: (key) => graph.removePod(key),
      }),
      follow(persistentVolumes, {
        reset: () => graph.resetVolumes(),
        set: (volume) => graph.setVolume(volume),
        remove: (key) => graph.removeVolume(key),
      }),
      follow(volumeAttachments, {
        reset: () => graph.resetOwners('volumeattachments'),
        set: ({ metadata, spec }) => graph.setOwner('volumeattachments', metadata.name, spec.nodeName),
        remove: ({ name }) => graph.setOwner('volumeattachments', name, undefined),
      }),
      follow(resourceSlices, {
        reset: () => graph.resetOwners('resourceslices'),
        set: ({ metadata, spec }) => graph.setOwner('resourceslices', metadata.name, spec.nodeName),
        remove: ({ name }) => graph.setOwner('resourceslices', name, undefined),
      }),
    ];
  }

  get isCurrent(): boolean {
    return this.#followed.every(({ isLive }) => isLive);
  }

  isRelated(node: string, kind: RelatedKind, namespace: string, name: string): boolean {
    return this.#graph.isRelated(node, kind, namespace, name);
  }

  namespacesOf(node: string): string[] {
    return this.#graph.namespacesOf(node);
  }

  async catchUp(): Promise<void> {
    await Promise.all(this.#followed.map((one) => one.catchUp(catchUpMs)));
  }

  /** Until `signal` aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#followed.map((one) => one.run(signal)));
  }
}
