/**
 * What is spoken for: volumes and claims as they will be once what was decided is written. One for all profiles, so that
 * no two of them give away the same volume.
 *
 * Invariants:
 * - What is assumed counts as long as the cache shows the version that it was decided on; from then on the cache does.
 * - A pod lets go only of what it has assumed itself: another pod of the same claim may go on.
 */

import { keyOf } from '../../api/object.ts';
import { selectedNode } from '../../api/volumes/annotations.ts';
import type { NodeInfo } from '../node-info.ts';
import type { PodInfo } from '../pod-info.ts';
import type { PodVolumes, VolumeView } from './volume-binding-plan.ts';
import type { Claim } from './volume-claims.ts';

/** `base`: the version that it was decided on. */
interface Assumed<T> {
  readonly base: string;
  readonly object: T;
}

interface Reserved {
  readonly plan: PodVolumes;
  /** Names and keys of what was assumed for this pod. */
  readonly volumes: readonly string[];
  readonly claims: readonly string[];
}

export class AssumedVolumes {
  /** By uid of the pod. */
  readonly #reserved = new Map<string, Reserved>();
  readonly #volumes = new Map<string, Assumed<VolumeView>>();
  readonly #claims = new Map<string, Assumed<Claim>>();
  readonly #waiting = new Set<() => void>();

  reserve(pod: PodInfo, node: NodeInfo, plan: PodVolumes): void {
    this.#reserved.set(pod.uid, { plan, volumes: this.#assumeVolumes(plan), claims: this.#assumeClaims(plan, node) });
  }

  planOf(pod: PodInfo): PodVolumes | undefined {
    return this.#reserved.get(pod.uid)?.plan;
  }

  /** Idempotent. */
  release(pod: PodInfo): void {
    const reserved = this.#reserved.get(pod.uid);
    this.#reserved.delete(pod.uid);
    for (const volume of reserved?.volumes ?? []) this.#volumes.delete(volume);
    for (const claim of reserved?.claims ?? []) this.#claims.delete(claim);
  }

  /** All is bound: what was assumed shows in the caches, soon if not now. */
  settle(pod: PodInfo): void {
    this.#reserved.delete(pod.uid);
  }

  latestVolume(cached: VolumeView): VolumeView {
    return latest(this.#volumes, cached.metadata.name, cached);
  }

  latestClaim(cached: Claim): Claim {
    return latest(this.#claims, keyOf(cached), cached);
  }

  /** Claims or volumes changed: bindings on their way look again. */
  changed(): void {
    for (const look of this.#waiting) look();
  }

  /** Resolves with the next `changed`. */
  nextChange(): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
    });
  }

  #assumeVolumes({ matches }: PodVolumes): string[] {
    return matches.flatMap(({ claim, volume }) => {
      const { namespace, name: claimName, uid } = claim.metadata;
      if (volume.spec?.claimRef?.uid === uid) return [];
      const claimRef = {
        ...volume.spec?.claimRef,
        ...(namespace !== undefined && { namespace }),
        ...{ name: claimName, uid },
      };
      const object = { ...volume, spec: { ...volume.spec, claimRef } };
      this.#volumes.set(volume.metadata.name, { base: volume.metadata.resourceVersion, object });
      return [volume.metadata.name];
    });
  }

  #assumeClaims({ provisions }: PodVolumes, node: NodeInfo): string[] {
    return provisions.flatMap((claim) => {
      if (claim.metadata.annotations?.[selectedNode] === node.name) return [];
      const key = keyOf(claim);
      this.#claims.set(key, { base: claim.metadata.resourceVersion, object: withSelectedNode(claim, node.name) });
      return [key];
    });
  }
}

function latest<T extends VolumeView | Claim>(assumed: Map<string, Assumed<T>>, key: string, cached: T): T {
  const known = assumed.get(key);
  if (known === undefined) return cached;
  if (known.base === cached.metadata.resourceVersion) return known.object;
  assumed.delete(key);
  return cached;
}

export function withSelectedNode(claim: Claim, nodeName: string): Claim {
  const annotations = { ...claim.metadata.annotations, [selectedNode]: nodeName };
  return { ...claim, metadata: { ...claim.metadata, annotations } };
}
