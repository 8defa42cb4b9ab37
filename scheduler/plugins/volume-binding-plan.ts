/** Which volumes a pod gets on a node: those that its claims have, free ones that fit, or new ones. Pure. */

import { own } from '../../api/json-record.ts';
import { matchesLabelSelector } from '../../api/label-selector.ts';
import { compareQuantities } from '../../api/quantity.ts';
import type { PersistentVolume } from '../../api/types/core/v1.ts';
import type { StorageClass } from '../../api/types/storage/v1.ts';
import { selectedNode } from '../../api/volumes/annotations.ts';
import { localProvisioner, localVolumesAnnotation } from '../../api/volumes/local-volumes.ts';
import { classOf, noProvisioner, waitsForConsumer } from '../../api/volumes/storage-classes.ts';
import { findVolume, requestOf } from '../../api/volumes/volume-matching.ts';
import { isReachedFrom, mayBeMadeOn } from '../../api/volumes/volume-topology.ts';
import type { Cached } from '../../client/object-cache.ts';
import type { NodeInfo } from '../node-info.ts';
import type { VolumeListers } from '../volume-listers.ts';
import { type Claim, isFullyBound } from './volume-claims.ts';

export type VolumeView = Cached<PersistentVolume>;

export interface SortedClaims {
  readonly bound: readonly Claim[];
  /** Bound when the pod has a node; the smallest first. */
  readonly waiting: readonly Claim[];
  /** To be bound by the binder before the pod can be placed. */
  readonly immediate: readonly Claim[];
}

export function sortClaims(claims: readonly Claim[], classes: VolumeListers['classes']): SortedClaims {
  const waits = (claim: Claim): boolean => {
    const storageClass = classes.get(classOf(claim));
    return !claim.spec?.volumeName && storageClass !== undefined && waitsForConsumer(storageClass);
  };
  const open = claims.filter((claim) => !isFullyBound(claim));
  return {
    bound: claims.filter(isFullyBound),
    waiting: open.filter(waits).sort((a, b) => compareQuantities(requestOf(a), requestOf(b))),
    immediate: open.filter((claim) => !waits(claim)),
  };
}

export interface PodVolumes {
  /** Free volumes for claims. */
  readonly matches: readonly { readonly claim: Claim; readonly volume: VolumeView }[];
  /** Claims for which a volume is to be made on the node. */
  readonly provisions: readonly Claim[];
}

/** As the caches have them, with what was decided since and is not written yet. */
export interface VolumeWorld extends Pick<VolumeListers, 'classes' | 'csiDrivers' | 'csiCapacities'> {
  volume(name: string): VolumeView | undefined;
  volumesOfClass(name: string): Iterable<VolumeView>;
}

const nodeConflict = "node(s) didn't match PersistentVolume's node affinity";
const bindConflict = "node(s) didn't find available persistent volumes to bind";
const notEnoughSpace = 'node(s) did not have enough free storage';
const volumeMissing = 'node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)';

/** Reasons, in upstream's words, when the node will not do. */
export function planPodVolumes(claims: SortedClaims, node: NodeInfo, world: VolumeWorld): PodVolumes | string[] {
  const reasons: string[] = [];
  for (const { spec } of claims.bound) {
    const volume = world.volume(spec?.volumeName ?? '');
    if (volume === undefined) return [volumeMissing];
    if (!isReachedFrom(volume, node) && !reasons.includes(nodeConflict)) reasons.push(nodeConflict);
  }
  const { matches, rest } = matchClaims(claims.waiting, node, world);
  const why = whyNotMade(rest, node, world);
  if (why !== undefined) reasons.push(why);
  return reasons.length > 0 ? reasons : { matches, provisions: rest };
}

function matchClaims(claims: readonly Claim[], node: NodeInfo, world: VolumeWorld) {
  const matches: { claim: Claim; volume: VolumeView }[] = [];
  const rest: Claim[] = [];
  const chosen = new Set<string>();
  for (const claim of claims) {
    const free = function* (): Generator<VolumeView> {
      for (const volume of world.volumesOfClass(classOf(claim))) if (!chosen.has(volume.metadata.name)) yield volume;
    };
    const volume =
      nodeOf(claim) === undefined
        ? findVolume(claim, free(), { reaches: (one) => isReachedFrom(one, node) })
        : undefined;
    if (volume === undefined) rest.push(claim);
    else {
      chosen.add(volume.metadata.name);
      matches.push({ claim, volume });
    }
  }
  return { matches, rest };
}

/** Where a volume is being made for the claim already. */
const nodeOf = ({ metadata }: Claim): string | undefined => own(metadata.annotations ?? {}, selectedNode) || undefined;

function whyNotMade(claims: readonly Claim[], node: NodeInfo, world: VolumeWorld): string | undefined {
  for (const claim of claims) {
    const storageClass = world.classes.get(classOf(claim));
    const chosen = nodeOf(claim);
    if (chosen !== undefined && chosen !== node.name) return bindConflict;
    if (storageClass === undefined || !isMadeOn(storageClass, node)) return bindConflict;
    if (!hasSpace(claim, storageClass, { node, world })) return notEnoughSpace;
  }
  return undefined;
}

function isMadeOn(storageClass: Cached<StorageClass>, node: NodeInfo): boolean {
  const { provisioner } = storageClass;
  if (provisioner === '' || provisioner === noProvisioner || !mayBeMadeOn(storageClass, node)) return false;
  return (
    provisioner !== localProvisioner || own(node.node.metadata.annotations ?? {}, localVolumesAnnotation) !== undefined
  );
}

/** Only drivers that say how much they have are asked. */
function hasSpace(
  claim: Claim,
  { provisioner, metadata }: Cached<StorageClass>,
  { node, world }: { readonly node: NodeInfo; readonly world: VolumeWorld },
): boolean {
  if (world.csiDrivers.get(provisioner)?.spec.storageCapacity !== true) return true;
  return world.csiCapacities
    .byIndex('class', metadata.name)
    .some(
      ({ capacity, maximumVolumeSize, nodeTopology }) =>
        nodeTopology !== undefined &&
        matchesLabelSelector(nodeTopology, node.labels) &&
        compareQuantities(maximumVolumeSize ?? capacity ?? '0', requestOf(claim)) >= 0,
    );
}
