/** Volumes of CSI drivers that live as long as their pod (`csi` in the pod itself). Those of claims: `claim.ts`. */

import type { PodObject } from '../../model/pod.ts';
import type { MountedVolume, ReadonlyVolume, VolumePlugin } from '../volume-plugin.ts';
import { type CsiVolume, inlineCsiVolume } from './csi-plan.ts';
import type { CsiVolumes } from './csi-volumes.ts';

export class CsiPlugin implements VolumePlugin {
  readonly #volumes: Pick<CsiVolumes, 'setUp' | 'refresh' | 'tearDown'>;

  constructor(volumes: Pick<CsiVolumes, 'setUp' | 'refresh' | 'tearDown'>) {
    this.#volumes = volumes;
  }

  supports({ csi }: ReadonlyVolume): boolean {
    return Boolean(csi);
  }

  async setUp(pod: PodObject, volume: ReadonlyVolume): Promise<MountedVolume> {
    return await this.#volumes.setUp(pod, requireInline(pod, volume));
  }

  async refresh(pod: PodObject, volume: ReadonlyVolume): Promise<void> {
    await this.#volumes.refresh(pod, requireInline(pod, volume));
  }

  /** Those of claims as well: what a driver has mounted is recorded in one place. */
  async tearDown(podUid: string): Promise<void> {
    await this.#volumes.tearDown(podUid);
  }
}

function requireInline(pod: PodObject, volume: ReadonlyVolume): CsiVolume {
  const found = inlineCsiVolume(pod, volume);
  if (found === undefined) throw new Error(`the volume ${volume.name} is not of a CSI driver`);
  return found;
}
