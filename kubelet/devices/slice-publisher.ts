/** Keeps the ResourceSlices of this node true: also when somebody changed or deleted them, or the node was made anew. */

import { kubeletDriver } from '../../api/devices/claims.ts';
import { nodes } from '../../api/resources/core.ts';
import { resourceSlices } from '../../api/resources/resource.ts';
import { isNotFound } from '../../api/status-error.ts';
import type { ResourceSlice } from '../../api/types/resource/v1.ts';
import { changedCopy } from '../../client/changed-copy.ts';
import type { Reader, Writer } from '../../client/client.ts';
import { ifPresent } from '../../client/if-present.ts';
import type { NodeDevice } from './node-device.ts';
import { planSlices } from './slice-plan.ts';

export interface SlicePublisherOptions {
  readonly client: Pick<Reader & Writer, 'get' | 'list' | 'create' | 'update' | 'delete'>;
  readonly nodeName: string;
}

export class SlicePublisher {
  readonly #options: SlicePublisherOptions;

  constructor(options: SlicePublisherOptions) {
    this.#options = options;
  }

  /** Idempotent. False: the node is not registered yet. Rejects when something could not be written. */
  async publish(devices: readonly NodeDevice[]): Promise<boolean> {
    const { client, nodeName } = this.#options;
    const node = await ifPresent(client.get(nodes, { name: nodeName }));
    if (node === undefined) return false;
    const { items } = await client.list(resourceSlices, {
      fieldSelector: `spec.nodeName=${nodeName},spec.driver=${kubeletDriver}`,
    });
    const { create, update, remove } = planSlices({
      node: { name: nodeName, uid: node.metadata.uid },
      devices,
      present: items,
    });
    for (const { metadata } of remove) await this.#remove(metadata.name, metadata.uid);
    for (const slice of update) await client.update(resourceSlices, changedCopy<ResourceSlice>(slice, {}));
    for (const slice of create) await client.create(resourceSlices, slice);
    return true;
  }

  async #remove(name: string, uid: string): Promise<void> {
    try {
      await this.#options.client.delete(resourceSlices, { name }, { uid });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}
