/** For whom a node may ask tokens of its pods' accounts: for whom the pod itself wants them, in a volume or through a driver. */

import { claimNameOf } from '../../../api/pod-references.ts';
import { persistentVolumeClaims, persistentVolumes } from '../../../api/resources/core.ts';
import { csiDrivers } from '../../../api/resources/storage.ts';
import type { Pod, Volume } from '../../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import type { ObjectReader } from '../../registry/object-reader.ts';

type PodView = DeepReadonly<Pod>;
type VolumeView = DeepReadonly<Volume>;

/** Empty: the API server itself. */
export async function wantsAudience(objects: ObjectReader, pod: PodView, audience: string): Promise<boolean> {
  const volumes = pod.spec?.volumes ?? [];
  if (volumes.some((volume) => isProjected(volume, audience))) return true;
  for (const volume of volumes) {
    const driver = await driverOf(objects, pod, volume);
    const found = driver ? await objects.find(csiDrivers, { name: driver }) : undefined;
    if (found?.spec.tokenRequests?.some((request) => request.audience === audience)) return true;
  }
  return false;
}

const isProjected = ({ projected }: VolumeView, audience: string): boolean =>
  (projected?.sources ?? []).some(
    ({ serviceAccountToken: token }) => token !== undefined && (token.audience ?? '') === audience,
  );

async function driverOf(objects: ObjectReader, pod: PodView, volume: VolumeView): Promise<string | undefined> {
  if (volume.csi) return volume.csi.driver;
  const name = claimNameOf(pod, volume);
  if (!name) return undefined;
  const claim = await objects.find(persistentVolumeClaims, { namespace: pod.metadata?.namespace, name });
  const bound = claim?.spec?.volumeName;
  const found = bound ? await objects.find(persistentVolumes, { name: bound }) : undefined;
  return found?.spec?.csi?.driver;
}
