/**
 * The writes of the binder, each with the version that it was decided on: who loses a race gets a Conflict and looks
 * again. What was written is known at once, also while the cache is behind.
 */

import { equalJson } from '../../api/json-record.ts';
import { persistentVolumeClaims, persistentVolumes } from '../../api/resources/core.ts';
import type { PersistentVolume, PersistentVolumeClaim, PersistentVolumeClaimStatus } from '../../api/types/core/v1.ts';
import { bindCompleted, boundByController, marked } from '../../api/volumes/annotations.ts';
import { isSetAsideFor } from '../../api/volumes/volume-matching.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import { changedCopy } from '../../client/changed-copy.ts';
import type { Client } from '../../client/client.ts';
import type { Cached } from '../../client/object-cache.ts';
import type { LatestWritten } from './latest-written.ts';

type Claim = Cached<PersistentVolumeClaim>;
type Volume = Cached<PersistentVolume>;

export interface BinderWritesOptions {
  readonly client: Pick<Client, 'update'>;
  readonly claims: LatestWritten<PersistentVolumeClaim>;
  readonly volumes: LatestWritten<PersistentVolume>;
}

export interface VolumePhase {
  readonly phase: string;
  readonly message?: string;
}

export class BinderWrites {
  readonly #options: BinderWritesOptions;

  constructor(options: BinderWritesOptions) {
    this.#options = options;
  }

  /** Goes on with a binding from wherever it stands. Writes nothing that is so already. */
  async bind(claim: Claim, volume: Volume): Promise<void> {
    const taken = await this.#setClaimRef(volume, claim);
    await this.setVolumePhase(taken, { phase: 'Bound' });
    const bound = await this.#setVolumeName(claim, taken);
    await this.setClaimStatus(bound, boundStatus(bound, taken));
  }

  /** Free again; set aside for its claim still when a user did that. */
  async unbind(volume: Volume): Promise<void> {
    const { [boundByController]: ours, ...annotations } = volume.metadata.annotations ?? {};
    const { claimRef, ...spec } = volume.spec ?? {};
    const { uid: _, ...kept } = claimRef ?? {};
    const next =
      ours === undefined
        ? changedCopy<PersistentVolume>(volume, { spec: { ...spec, claimRef: kept } })
        : changedCopy<PersistentVolume>(volume, { metadata: { ...volume.metadata, annotations }, spec });
    await this.setVolumePhase(await this.#updateVolume(volume, next), { phase: 'Available' });
  }

  /** A volume in that phase stays as it is: what else its status says may be somebody else's. */
  async setVolumePhase(volume: Volume, { phase, message }: VolumePhase): Promise<void> {
    const { status } = volume;
    if (status?.phase === phase) return;
    const { reason: _reason, message: _message, ...kept } = status ?? {};
    const next = { ...kept, phase, ...(message && { message }) };
    await this.#updateVolume(volume, changedCopy<PersistentVolume>(volume, { status: next }), 'status');
  }

  /** Whether the phase was another one before. */
  async setClaimStatus(claim: Claim, status: DeepReadonly<PersistentVolumeClaimStatus>): Promise<boolean> {
    if (equalJson(claim.status ?? {}, status)) return false;
    await this.updateClaim(claim, changedCopy<PersistentVolumeClaim>(claim, { status }), 'status');
    return claim.status?.phase !== status.phase;
  }

  async annotateClaim(claim: Claim, wanted: Readonly<Record<string, string>>): Promise<Claim> {
    const annotations = { ...claim.metadata.annotations, ...wanted };
    if (equalJson(annotations, claim.metadata.annotations ?? {})) return claim;
    return await this.updateClaim(
      claim,
      changedCopy<PersistentVolumeClaim>(claim, { metadata: { ...claim.metadata, annotations } }),
    );
  }

  async updateClaim(previous: Claim, next: PersistentVolumeClaim, subresource?: 'status'): Promise<Claim> {
    const written = await this.#options.client.update(persistentVolumeClaims, next, { subresource });
    this.#options.claims.note(previous, written);
    return written;
  }

  async #updateVolume(previous: Volume, next: PersistentVolume, subresource?: 'status'): Promise<Volume> {
    const written = await this.#options.client.update(persistentVolumes, next, { subresource });
    this.#options.volumes.note(previous, written);
    return written;
  }

  async #setClaimRef(volume: Volume, claim: Claim): Promise<Volume> {
    const ref = volume.spec?.claimRef;
    const { namespace, name, uid, resourceVersion } = claim.metadata;
    if (ref !== undefined && isSetAsideFor(volume, claim) && ref.uid === uid) return volume;
    const claimRef = {
      ...ref,
      ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', name, uid, resourceVersion },
      ...(namespace !== undefined && { namespace }),
    };
    const metadata = isSetAsideFor(volume, claim) ? volume.metadata : markedMetadata(volume, boundByController);
    return await this.#updateVolume(
      volume,
      changedCopy<PersistentVolume>(volume, { metadata, spec: { ...volume.spec, claimRef } }),
    );
  }

  async #setVolumeName(claim: Claim, { metadata: { name } }: Volume): Promise<Claim> {
    const isNamed = claim.spec?.volumeName === name;
    const annotations = {
      ...claim.metadata.annotations,
      [bindCompleted]: marked,
      ...(!isNamed && { [boundByController]: marked }),
    };
    if (isNamed && claim.metadata.annotations?.[bindCompleted] !== undefined) return claim;
    const metadata = { ...claim.metadata, annotations };
    return await this.updateClaim(
      claim,
      changedCopy<PersistentVolumeClaim>(claim, { metadata, spec: { ...claim.spec, volumeName: name } }),
    );
  }
}

const markedMetadata = ({ metadata }: Volume, annotation: string): Volume['metadata'] => ({
  ...metadata,
  annotations: { ...metadata.annotations, [annotation]: marked },
});

/** What it can be mounted as, and how much there is, when it becomes bound: later sizes are told by who resizes. */
function boundStatus({ status }: Claim, { spec }: Volume): DeepReadonly<PersistentVolumeClaimStatus> {
  const becomes = status?.phase !== 'Bound';
  const attributes = becomes ? spec?.volumeAttributesClassName : undefined;
  return {
    ...status,
    phase: 'Bound',
    ...(spec?.accessModes !== undefined && { accessModes: spec.accessModes }),
    ...(becomes && spec?.capacity !== undefined && { capacity: spec.capacity }),
    ...(attributes !== undefined && { currentVolumeAttributesClassName: attributes }),
  };
}

/** Of a claim without a volume. */
export function unboundStatus({ status }: Claim, phase: string): DeepReadonly<PersistentVolumeClaimStatus> {
  const { accessModes: _modes, capacity: _capacity, ...rest } = status ?? {};
  return { ...rest, phase };
}
