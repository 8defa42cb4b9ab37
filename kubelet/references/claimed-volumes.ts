/** The volumes that pods' claims are bound to, read from the API when they are mounted. */

import type { Stored } from '../../api/object.ts';
import { claimNameOf } from '../../api/pod-references.ts';
import { nodes, persistentVolumeClaims, persistentVolumes } from '../../api/resources/core.ts';
import type { Node, PersistentVolume, PersistentVolumeClaim, Volume } from '../../api/types/core/v1.ts';
import { isReachedFrom } from '../../api/volumes/volume-topology.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import { errorText } from '../../base/error-text.ts';
import type { Reader } from '../../client/client.ts';
import type { PodObject } from '../model/pod.ts';

export interface ClaimedVolumes {
  /** Throws an Error in upstream's words when the claim is not there, is not bound, or cannot be had on this node. */
  volumeOf(pod: PodObject, volume: DeepReadonly<Volume>): Promise<Stored<PersistentVolume>>;
}

export class ApiClaimedVolumes implements ClaimedVolumes {
  readonly #client: Pick<Reader, 'get'>;
  readonly #nodeName: string;

  constructor(client: Pick<Reader, 'get'>, nodeName: string) {
    this.#client = client;
    this.#nodeName = nodeName;
  }

  async volumeOf(pod: PodObject, volume: DeepReadonly<Volume>): Promise<Stored<PersistentVolume>> {
    const name = claimNameOf(pod, volume) ?? '';
    const { namespace } = pod.metadata;
    try {
      const claim = await this.#client.get<PersistentVolumeClaim>(persistentVolumeClaims, { namespace, name });
      if (volume.ephemeral !== undefined) checkOwner(claim, pod);
      return await this.#volumeOfClaim(claim);
    } catch (error) {
      throw new Error(`error processing PVC ${namespace}/${name}: ${errorText(error)}`, { cause: error });
    }
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
