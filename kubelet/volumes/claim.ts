/** Volumes of claims: what the claim is bound to, whatever type that is of. */

import { lstat, realpath } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import type { Stored } from '../../api/object.ts';
import { parseQuantity } from '../../api/quantity.ts';
import type { PersistentVolume } from '../../api/types/core/v1.ts';
import { provisionedBy } from '../../api/volumes/annotations.ts';
import { localProvisioner } from '../../api/volumes/local-volumes.ts';
import { ifFilePresent } from '../../base/if-file-present.ts';
import type { PodObject } from '../model/pod.ts';
import type { BoundClaim, ClaimedVolumes } from '../references/claimed-volumes.ts';
import { type CsiVolume, claimedCsiVolume } from './csi/csi-plan.ts';
import type { CsiVolumes } from './csi/csi-volumes.ts';
import { applyFsGroup } from './fs-group.ts';
import { ensureHostPath } from './host-path.ts';
import type { LocalVolumes } from './local-volumes.ts';
import type { NfsPlugin } from './nfs.ts';
import type { MountedVolume, ReadonlyVolume, VolumePlugin } from './volume-plugin.ts';
import { inStep } from './volume-step-error.ts';

export interface ClaimPluginOptions {
  readonly claims: ClaimedVolumes;
  readonly localVolumes: Pick<LocalVolumes, 'pathOf'>;
  readonly csi: Pick<CsiVolumes, 'setUp' | 'refresh' | 'expand'>;
  readonly nfs: Pick<NfsPlugin, 'mount'>;
}

export class ClaimPlugin implements VolumePlugin {
  readonly #options: ClaimPluginOptions;
  /** Pods and their volumes that a driver may want to be told of again. */
  readonly #driven = new Set<string>();

  constructor(options: ClaimPluginOptions) {
    this.#options = options;
  }

  supports({ persistentVolumeClaim, ephemeral }: ReadonlyVolume): boolean {
    return Boolean(persistentVolumeClaim ?? ephemeral);
  }

  async setUp(pod: PodObject, volume: ReadonlyVolume): Promise<MountedVolume> {
    const { claims, csi, nfs } = this.#options;
    const bound = await claims.boundOf(pod, volume);
    const { spec } = bound.volume;
    if (spec?.volumeMode === 'Block') throw new Error('volumes of mode Block are not supported by this node');
    const readOnly = volume.persistentVolumeClaim?.readOnly === true;
    const driven = claimedCsiVolume(volume, bound.volume);
    if (driven !== undefined) {
      const mounted = await csi.setUp(pod, driven);
      this.#driven.add(`${pod.metadata.uid}/${volume.name}`);
      await this.#expand(pod, driven, bound);
      return mounted;
    }
    if (spec?.nfs !== undefined) {
      const { nfs: source, mountOptions: options = [] } = spec;
      return await nfs.mount(pod, volume, { source, options, readOnly: readOnly || source.readOnly === true });
    }
    return { hostPath: await this.#findFolder(pod, bound.volume, readOnly), readOnly };
  }

  async refresh(pod: PodObject, volume: ReadonlyVolume): Promise<void> {
    if (!this.#driven.has(`${pod.metadata.uid}/${volume.name}`)) return;
    const bound = await this.#options.claims.boundOf(pod, volume);
    const driven = claimedCsiVolume(volume, bound.volume);
    if (driven === undefined) return;
    await this.#options.csi.refresh(pod, driven);
    await this.#expand(pod, driven, bound);
  }

  /** What drivers have mounted, `CsiPlugin` undoes. */
  async tearDown(podUid: string): Promise<void> {
    for (const key of this.#driven) if (key.startsWith(`${podUid}/`)) this.#driven.delete(key);
  }

  async #findFolder(pod: PodObject, claimed: Stored<PersistentVolume>, readOnly: boolean): Promise<string> {
    const isOwn = claimed.metadata.annotations?.[provisionedBy] === localProvisioner;
    // Where it is, this kubelet knows; what another node has once said of itself is no path of this one.
    const folder = isOwn ? this.#options.localVolumes.pathOf(claimed.metadata.name) : await ensureSource(claimed);
    if (isOwn) await checkFolder(folder);
    const { fsGroup: gid, fsGroupChangePolicy: policy } = pod.spec?.securityContext ?? {};
    const isForPods = isOwn || claimed.spec?.local !== undefined;
    if (isForPods && gid !== undefined && !readOnly) await applyFsGroup(folder, { gid, policy, readOnly: false });
    return folder;
  }

  /** The volume has grown, and what is on it has not. */
  async #expand(pod: PodObject, driven: CsiVolume, { claim, volume }: BoundClaim): Promise<void> {
    const wanted = volume.spec?.capacity?.storage;
    const present = claim.status?.capacity?.storage;
    if (wanted === undefined || present === undefined || driven.readOnly) return;
    if (parseQuantity(String(wanted)) <= parseQuantity(String(present))) return;
    await inStep('NodeExpandVolume', driven.name, async () => {
      await this.#options.csi.expand(pod, driven, parseQuantity(String(wanted)));
      await this.#options.claims.noteSize(claim, wanted);
    });
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

/** The one member that is neither about binding nor about size: `nfs`. */
function typeOf(spec: PersistentVolume['spec']): string {
  const general =
    /^(accessModes|capacity|claimRef|mountOptions|nodeAffinity|persistentVolumeReclaimPolicy|storageClassName|volumeAttributesClassName|volumeMode)$/;
  return Object.keys(spec ?? {}).find((key) => !general.test(key)) ?? 'unknown';
}
