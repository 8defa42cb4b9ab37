/**
 * The class that claims without one get: folders of the nodes. A cluster gets it once, and remembers that on the
 * namespace kube-system: whoever deletes the class, or makes another one the default, is not overruled by the next start.
 */

import { defaultStorageClassAnnotation } from '../api/labels.ts';
import type { Stored } from '../api/object.ts';
import { namespaces } from '../api/resources/core.ts';
import { storageClasses } from '../api/resources/storage.ts';
import { isAlreadyExists } from '../api/status-error.ts';
import type { Namespace } from '../api/types/core/v1.ts';
import type { StorageClass } from '../api/types/storage/v1.ts';
import { localProvisioner } from '../api/volumes/local-volumes.ts';
import type { Client } from '../client/client.ts';

const noteAnnotation = 'longshore.dev/default-storage-class';
const home = { name: 'kube-system' };

const localClass: StorageClass = {
  metadata: { name: 'local', annotations: { [defaultStorageClassAnnotation]: 'true' } },
  provisioner: localProvisioner,
  volumeBindingMode: 'WaitForFirstConsumer',
  reclaimPolicy: 'Delete',
  allowVolumeExpansion: true,
};

/** Idempotent: only the first call in the life of a cluster makes it, and none where there is a default already. */
export async function ensureDefaultStorageClass(client: Client): Promise<void> {
  const { metadata } = await client.get<Namespace>(namespaces, home);
  if (metadata.annotations?.[noteAnnotation] !== undefined) return;
  const { items } = await client.list(storageClasses);
  if (!items.some(isDefault)) await createUnlessThere(client);
  const body = { metadata: { annotations: { [noteAnnotation]: 'provided' } } };
  await client.patch<Namespace>(namespaces, home, { type: 'merge', body });
}

const isDefault = ({ metadata }: Stored<StorageClass>): boolean =>
  metadata.annotations?.[defaultStorageClassAnnotation] === 'true';

/** A class of that name may be somebody's own, or of a start that ended before its note. */
async function createUnlessThere(client: Client): Promise<void> {
  try {
    await client.create<StorageClass>(storageClasses, localClass);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}
