/** The volumes that pods' claims are bound to, read from the API when they are mounted. */

import type { Stored } from '../../api/object.ts';
import { claimNameOf } from '../../api/pod-references.ts';
import { nodes, persistentVolumeClaims, persistentVolumes } from '../../api/resources/core.ts';
import type { Node, PersistentVolume, PersistentVolumeClaim, Volume } from '../../api/types/core/v1.ts';
import type { Quantity } from '../../api/types/runtime.ts';
import { isReachedFrom } from '../../api/volumes/volume-topology.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import { errorText } from '../../base/error-text.ts';
import type { Client } from '../../client/client.ts';
import type { PodObject } from '../model/pod.ts';

/** A claim and what it is bound to. */
export interface BoundClaim {
  readonly claim: Stored<PersistentVolumeClaim>;
  readonly volume: Stored<PersistentVolume>;
}

export interface ClaimedVolumes {
  /** Throws an Error in upstream's words when the claim is not there, is not bound, or cannot be had on this node. */
  boundOf(pod: PodObject, volume: DeepReadonly<Volume>): Promise<BoundClaim>;
  /** What the claim has is so large now: a resize is over. */
  noteSize(claim: Stored<PersistentVolumeClaim>, size: Quantity): Promise<void>;
}

/** Of a claim that is being made larger. */
const resizeConditions: ReadonlySet<string> = new Set(['Resizing', 'FileSystemResizePending', 'NodeResizeError']);

export class ApiClaimedVolumes implements ClaimedVolumes {
  readonly #client: Pick<Client, 'get' | 'update'>;
  readonly #nodeName: string;

  constructor(client: Pick<Client, 'get' | 'update'>, nodeName: string) {
    this.#client = client;
    this.#nodeName = nodeName;
  }

  async boundOf(pod: PodObject, volume: DeepReadonly<Volume>): Promise<BoundClaim> {
    const name = claimNameOf(pod, volume) ?? '';
    const { namespace } = pod.metadata;
    try {
      const claim = await this.#client.get<PersistentVolumeClaim>(persistentVolumeClaims, { namespace, name });
      if (volume.ephemeral !== undefined) checkOwner(claim, pod);
      return { claim, volume: await this.#volumeOfClaim(claim) };
    } catch (error) {
      throw new Error(`error processing PVC ${namespace}/${name}: ${errorText(error)}`, { cause: error });
    }
  }

  async noteSize(claim: Stored<PersistentVolumeClaim>, size: Quantity): Promise<void> {
    const { allocatedResourceStatuses = {}, conditions = [], ...rest } = claim.status ?? {};
    const { storage: _, ...statuses } = allocatedResourceStatuses;
    const status = {
      ...rest,
      capacity: { ...rest.capacity, storage: size },
      conditions: conditions.filter(({ type }) => !resizeConditions.has(type)),
      ...(Object.keys(statuses).length > 0 && { allocatedResourceStatuses: statuses }),
    };
    await this.#client.update<PersistentVolumeClaim>(
      persistentVolumeClaims,
      { ...claim, status },
      { subresource: 'status' },
    );
  }

  async #volumeOfClaim(claim: Stored<PersistentVolumeClaim>): Promise<Stored<PersistentVolume>> {
    const name = claim.spec?.volumeName;
    if (!name || claim.status?.phase !== 'Bound') throw new Error('PVC is not bound');
    const volume = await this.#client.get<PersistentVolume>(persistentVolumes, { name });
    if (volume.spec?.claimRef?.uid !== claim.metadata.uid)
      throw new Error(`PV "${name}" is bound to another claim than this one`);
    if (volume.spec.nodeAffinity !== undefined) await this.#checkReach(volume);
    return volume;
  }

  async #checkReach(volume: Stored<PersistentVolume>): Promise<void> {
    const { metadata } = await this.#client.get<Node>(nodes, { name: this.#nodeName });
    if (isReachedFrom(volume, { name: metadata.name, labels: metadata.labels ?? {} })) return;
    throw new Error(`volume node affinity of PV "${volume.metadata.name}" does not match node "${this.#nodeName}"`);
  }
}

function checkOwner(claim: Stored<PersistentVolumeClaim>, pod: PodObject): void {
  const { ownerReferences = [], namespace, name } = claim.metadata;
  if (ownerReferences.some(({ uid, controller }) => controller === true && uid === pod.metadata.uid)) return;
  throw new Error(
    `PVC ${namespace}/${name} was not created for pod ${pod.metadata.namespace}/${pod.metadata.name} (pod is not owner)`,
  );
}
