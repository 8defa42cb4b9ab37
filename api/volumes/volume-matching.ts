/**
 * Which volume a claim gets: as upstream's binder and scheduler choose, which have to agree. Pure.
 */

import type { DeepReadonly } from '../../base/deep-readonly.ts';
import { own } from '../json-record.ts';
import { matchesLabelSelector } from '../label-selector.ts';
import { compareQuantities } from '../quantity.ts';
import type { PersistentVolume, PersistentVolumeClaim } from '../types/core/v1.ts';
import { classOf } from './storage-classes.ts';

type VolumeView = DeepReadonly<PersistentVolume>;
type ClaimView = DeepReadonly<PersistentVolumeClaim>;

export interface MatchOptions {
  /** Whether the volume can be reached from the node in question. Absent: there is no node yet. */
  readonly reaches?: (volume: VolumeView) => boolean;
  /** The scheduler chooses for this claim: only a volume that is meant for it already is taken. */
  readonly waits?: boolean;
}

/** The volume is this claim's, or was set aside for a claim of its name. */
export function isSetAsideFor({ spec }: VolumeView, { metadata }: ClaimView): boolean {
  const ref = spec?.claimRef;
  if (ref === undefined || ref.name !== metadata?.name || ref.namespace !== metadata?.namespace) return false;
  return !ref.uid || ref.uid === metadata?.uid;
}

/**
 * What was set aside for the claim; else the smallest volume that is free and fits. Of volumes that offer more ways to
 * be mounted than others, the plainest come first, as long as there is no node to look at.
 */
export function findVolume<T extends VolumeView>(
  claim: ClaimView,
  volumes: Iterable<T>,
  { reaches, waits = false }: MatchOptions = {},
): T | undefined {
  let best: T | undefined;
  for (const volume of volumes) {
    if (!mayHold(claim, volume)) continue;
    const isReached = reaches?.(volume) ?? true;
    if (isSetAsideFor(volume, claim)) return isReached ? volume : undefined;
    if (reaches === undefined && waits) continue;
    if (!isReached || !isFreeFor(claim, volume)) continue;
    if (best === undefined || comparePreference(volume, best, reaches === undefined) < 0) best = volume;
  }
  return best;
}

/** What a volume must have even when it was set aside for the claim. */
function mayHold(claim: ClaimView, volume: VolumeView): boolean {
  if (volume.spec?.claimRef !== undefined && !isSetAsideFor(volume, claim)) return false;
  return (
    volume.metadata?.deletionTimestamp === undefined &&
    compareQuantities(capacityOf(volume), requestOf(claim)) >= 0 &&
    modeOf(volume) === modeOf(claim) &&
    offersModes(claim, volume) &&
    attributesOf(volume) === attributesOf(claim)
  );
}

function isFreeFor(claim: ClaimView, volume: VolumeView): boolean {
  const { selector } = claim.spec ?? {};
  if (volume.status?.phase !== 'Available' || classOf(volume) !== classOf(claim)) return false;
  return selector === undefined || matchesLabelSelector(selector, volume.metadata?.labels ?? {});
}

function comparePreference(a: VolumeView, b: VolumeView, plainestFirst: boolean): number {
  const modes = plainestFirst ? accessModesOf(a).length - accessModesOf(b).length : 0;
  return modes || compareQuantities(capacityOf(a), capacityOf(b));
}

/** Why a claim cannot have the volume that it names itself, in upstream's words. */
export function whyUnsatisfying(claim: ClaimView, volume: VolumeView): string | undefined {
  const { metadata } = volume;
  if (metadata?.deletionTimestamp !== undefined) return `the volume is marked for deletion "${metadata.name}"`;
  if (compareQuantities(capacityOf(volume), requestOf(claim)) < 0) return 'requested PV is too small';
  if (classOf(volume) !== classOf(claim)) return 'storageClassName does not match';
  if (attributesOf(volume) !== attributesOf(claim)) return 'volumeAttributesClassName does not match';
  if (modeOf(volume) !== modeOf(claim)) return 'incompatible volumeMode';
  return offersModes(claim, volume) ? undefined : 'incompatible accessMode';
}

export const isModeOf = (claim: ClaimView, volume: VolumeView): boolean => modeOf(claim) === modeOf(volume);

export const capacityOf = ({ spec }: VolumeView): string => own(spec?.capacity ?? {}, 'storage') ?? '0';
export const requestOf = ({ spec }: ClaimView): string => own(spec?.resources?.requests ?? {}, 'storage') ?? '0';

const modeOf = ({ spec }: VolumeView | ClaimView): string => spec?.volumeMode ?? 'Filesystem';
const attributesOf = ({ spec }: VolumeView | ClaimView): string => spec?.volumeAttributesClassName ?? '';
const accessModesOf = ({ spec }: VolumeView | ClaimView): readonly string[] => spec?.accessModes ?? [];
const offersModes = (claim: ClaimView, volume: VolumeView): boolean =>
  accessModesOf(claim).every((mode) => accessModesOf(volume).includes(mode));
