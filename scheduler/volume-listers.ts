/** Claims of volumes and devices, and what drivers say of nodes, as decisions about pods that have any need them. */

import type { KubernetesObject } from '../api/object.ts';
import type { Resource } from '../api/resource.ts';
import { persistentVolumeClaims, persistentVolumes } from '../api/resources/core.ts';
import { deviceClasses, resourceClaims, resourceSlices } from '../api/resources/resource.ts';
import {
  csiDrivers,
  csiNodes,
  csiStorageCapacities,
  storageClasses,
  volumeAttachments,
} from '../api/resources/storage.ts';
import type { PersistentVolume, PersistentVolumeClaim } from '../api/types/core/v1.ts';
import type { DeviceClass, ResourceClaim, ResourceSlice } from '../api/types/resource/v1.ts';
import type {
  CSIDriver,
  CSINode,
  CSIStorageCapacity,
  StorageClass,
  VolumeAttachment,
} from '../api/types/storage/v1.ts';
import { classOf } from '../api/volumes/storage-classes.ts';
import type { Logger } from '../base/logger.ts';
import type { Reader, Watcher } from '../client/client.ts';
import { createInformer } from '../client/informer.ts';
import type { Cached, Indexer, Informer, ObjectCache } from '../client/object-cache.ts';

/** What changed, as far as it may help pods that wait. `drivers`: what they say of themselves, of nodes, and of what they attached. */
export type VolumeEvent = 'claims' | 'volumes' | 'storage classes' | 'drivers' | 'devices';

export interface VolumeListers {
  readonly claims: ObjectCache<PersistentVolumeClaim>;
  /** Indexed by `class`. */
  readonly volumes: ObjectCache<PersistentVolume>;
  readonly classes: ObjectCache<StorageClass>;
  readonly csiNodes: ObjectCache<CSINode>;
  readonly csiDrivers: ObjectCache<CSIDriver>;
  /** Indexed by `class`. */
  readonly csiCapacities: ObjectCache<CSIStorageCapacity>;
  /** Indexed by `node`. */
  readonly attachments: ObjectCache<VolumeAttachment>;
}

export interface DeviceListers {
  readonly resourceClaims: ObjectCache<ResourceClaim>;
  readonly resourceSlices: ObjectCache<ResourceSlice>;
  readonly deviceClasses: ObjectCache<DeviceClass>;
}

export const volumeIndexes = {
  class: (volume: Cached<PersistentVolume>): string[] => [classOf(volume)],
};
export const capacityIndexes = {
  class: ({ storageClassName }: Cached<CSIStorageCapacity>): string[] => [storageClassName],
};
export const attachmentIndexes = {
  node: ({ spec }: Cached<VolumeAttachment>): string[] => [spec.nodeName],
};

export class InformedVolumeListers implements VolumeListers, DeviceListers {
  readonly claims: Informer<PersistentVolumeClaim>;
  readonly volumes: Informer<PersistentVolume>;
  readonly classes: Informer<StorageClass>;
  readonly csiNodes: Informer<CSINode>;
  readonly csiDrivers: Informer<CSIDriver>;
  readonly csiCapacities: Informer<CSIStorageCapacity>;
  readonly attachments: Informer<VolumeAttachment>;
  readonly resourceClaims: Informer<ResourceClaim>;
  readonly resourceSlices: Informer<ResourceSlice>;
  readonly deviceClasses: Informer<DeviceClass>;
  readonly #informers: Pick<Informer<KubernetesObject>, 'run' | 'synced'>[] = [];
  readonly #listeners: ((event: VolumeEvent) => void)[] = [];

  constructor(client: Reader & Watcher, logger: Logger) {
    const follow = <T extends KubernetesObject>(
      kind: Resource<T>,
      event: VolumeEvent,
      indexers: Readonly<Record<string, Indexer<T>>> = {},
    ): Informer<T> => {
      const informer = createInformer(client, kind, { logger, indexers });
      informer.onChange(() => {
        for (const listener of this.#listeners) listener(event);
      });
      this.#informers.push(informer);
      return informer;
    };
    this.claims = follow(persistentVolumeClaims, 'claims');
    this.volumes = follow(persistentVolumes, 'volumes', volumeIndexes);
    this.classes = follow(storageClasses, 'storage classes');
    this.csiNodes = follow(csiNodes, 'drivers');
    this.csiDrivers = follow(csiDrivers, 'drivers');
    this.csiCapacities = follow(csiStorageCapacities, 'drivers', capacityIndexes);
    this.resourceClaims = follow(resourceClaims, 'devices');
    this.resourceSlices = follow(resourceSlices, 'devices');
    this.deviceClasses = follow(deviceClasses, 'devices');
    this.attachments = follow(volumeAttachments, 'drivers', attachmentIndexes);
  }

  /** Called after each change. */
  onChange(listener: (event: VolumeEvent) => void): void {
    this.#listeners.push(listener);
  }

  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#informers.map((informer) => informer.run(signal)));
  }

  async synced(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#informers.map((informer) => informer.synced(signal)));
  }
}
