/** Volumes of claims: what the claim is bound to, as far as that is a folder of this node. */

import { chmod, chown, lstat, realpath } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import type { PersistentVolume } from '../../api/types/core/v1.ts';
import { provisionedBy } from '../../api/volumes/annotations.ts';
import { localProvisioner } from '../../api/volumes/local-volumes.ts';
import { ifFilePresent } from '../../base/if-file-present.ts';
import type { PodObject } from '../model/pod.ts';
import type { ClaimedVolumes } from '../references/claimed-volumes.ts';
import { ensureHostPath } from './host-path.ts';
import type { LocalVolumes } from './local-volumes.ts';
import { accessOf } from './pod-folders.ts';
import type { MountedVolume, ReadonlyVolume, VolumePlugin } from './volume-plugin.ts';

export class ClaimPlugin implements VolumePlugin {
  readonly #claims: ClaimedVolumes;
  readonly #localVolumes: Pick<LocalVolumes, 'pathOf'>;

  constructor(claims: ClaimedVolumes, localVolumes: Pick<LocalVolumes, 'pathOf'>) {
    this.#claims = claims;
    this.#localVolumes = localVolumes;
  }

  supports({ persistentVolumeClaim, ephemeral }: ReadonlyVolume): boolean {
    return Boolean(persistentVolumeClaim ?? ephemeral);
  }

  async setUp(pod: PodObject, volume: ReadonlyVolume): Promise<MountedVolume> {
    const claimed = await this.#claims.volumeOf(pod, volume);
    if (claimed.spec?.volumeMode === 'Block') throw new Error('volumes of mode Block are not supported by this node');
    const isOwn = claimed.metadata.annotations?.[provisionedBy] === localProvisioner;
    // Where it is, this kubelet knows; what another node has once said of itself is no path of this one.
    const hostPath = isOwn ? this.#localVolumes.pathOf(claimed.metadata.name) : await ensureSource(claimed);
    if (isOwn) await checkFolder(hostPath);
    if (isOwn) await giveToGroup(hostPath, pod);
    return { hostPath, readOnly: volume.persistentVolumeClaim?.readOnly === true };
  }
}

async function ensureSource({ spec }: PersistentVolume): Promise<string> {
  if (spec?.hostPath !== undefined) {
    const { path, type = '' } = spec.hostPath;
    await ensureHostPath(path, type);
    return path;
  }
  if (spec?.local !== undefined) return await findLocal(spec.local.path);
  throw new Error(`persistent volumes of type ${typeOf(spec)} are not supported by this node`);
}

/** Nothing is made in its place when it is gone: an empty folder would look like lost data. */
async function findLocal(path: string): Promise<string> {
  if (!isAbsolute(path)) throw new Error(`the path ${path} of the local volume must be absolute`);
  const real = (await ifFilePresent(realpath(path))) ?? path;
  await checkFolder(real);
  return real;
}

async function checkFolder(path: string): Promise<void> {
  const found = await ifFilePresent(lstat(path));
  if (found === undefined) throw new Error(`path "${path}" does not exist`);
  if (!found.isDirectory()) throw new Error(`path "${path}" is not a directory`);
}

/** With an fsGroup the volume and what is made in it belong to that group. */
async function giveToGroup(folder: string, pod: PodObject): Promise<void> {
  const { mode, gid } = accessOf(pod);
  if (gid === undefined || (await lstat(folder)).gid === gid) return;
  await chown(folder, 0, gid);
  await chmod(folder, mode);
}

/** The one member that is neither about binding nor about size: `nfs`. */
function typeOf(spec: PersistentVolume['spec']): string {
  const general =
    /^(accessModes|capacity|claimRef|mountOptions|nodeAffinity|persistentVolumeReclaimPolicy|storageClassName|volumeAttributesClassName|volumeMode)$/;
  return Object.keys(spec ?? {}).find((key) => !general.test(key)) ?? 'unknown';
}
