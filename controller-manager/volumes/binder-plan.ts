/**
 * What becomes of a claim or a volume, as upstream's binder decides. Pure. A claim is bound in four writes, in this
 * order, and every one of them may be the last for a while: the volume's claimRef, its phase, the claim's volumeName,
 * its phase. The plan starts from whatever is there.
 *
 *   claim:   Pending ──(a volume fits, is named, or was provisioned)──► Bound ──(the volume is gone)──► Lost
 *   volume:  Available ──► Bound ──(the claim is gone)──► Released ──(Delete)──► gone, or Failed
 */

import { goQuote } from '../../api/go-text.ts';
import { own } from '../../api/json-record.ts';
import type { PersistentVolume, PersistentVolumeClaim } from '../../api/types/core/v1.ts';
import type { StorageClass } from '../../api/types/storage/v1.ts';
import { bindCompleted, boundByController, provisionedBy, selectedNode } from '../../api/volumes/annotations.ts';
import { classOf, defaultClassAmong, namesClass, waitsForConsumer } from '../../api/volumes/storage-classes.ts';
import { findVolume, isModeOf, isSetAsideFor, whyUnsatisfying } from '../../api/volumes/volume-matching.ts';
import type { Cached } from '../../client/object-cache.ts';

type Claim = Cached<PersistentVolumeClaim>;
type Volume = Cached<PersistentVolume>;

export interface Telling {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

export type ClaimPlan =
  | { readonly type: 'bind'; readonly volume: Volume }
  | { readonly type: 'pending'; readonly telling?: Telling }
  | { readonly type: 'lost'; readonly telling: Telling }
  /** It names no class, and there is a default one now. */
  | { readonly type: 'class'; readonly className: string }
  /** Somebody outside is asked to make a volume. */
  | { readonly type: 'provision'; readonly provisioner: string; readonly telling: Telling }
  /** Its annotations say what cannot be; only who wrote them can mend it. */
  | { readonly type: 'broken'; readonly message: string };

export interface ClaimWorld {
  volume(name: string): Volume | undefined;
  volumesFor(claim: Claim): Iterable<Volume>;
  storageClass(name: string): Cached<StorageClass> | undefined;
  storageClasses(): Iterable<Cached<StorageClass>>;
  /** Pods without a node that use the claim. */
  waitingPods(claim: Claim): readonly string[];
}

export function planClaim(claim: Claim, world: ClaimWorld): ClaimPlan {
  const named = claim.spec?.volumeName ?? '';
  if (isMarked(claim, bindCompleted)) return planBoundClaim(claim, named === '' ? 'none' : world.volume(named));
  return named === '' ? planOpenClaim(claim, world) : planNamingClaim(claim, world.volume(named));
}

function planBoundClaim(claim: Claim, volume: Volume | 'none' | undefined): ClaimPlan {
  if (volume === 'none') return lost('Bound claim has lost reference to PersistentVolume. Data on the volume is lost!');
  if (volume === undefined) return lost('Bound claim has lost its PersistentVolume. Data on the volume is lost!');
  const ref = volume.spec?.claimRef;
  if (ref === undefined || ref.uid === claim.metadata.uid || isSetAsideFor(volume, claim))
    return { type: 'bind', volume };
  return lost('Two claims are bound to the same volume, this one is bound incorrectly', 'ClaimMisbound');
}

const lost = (message: string, reason = 'ClaimLost'): ClaimPlan => ({
  type: 'lost',
  telling: { type: 'Warning', reason, message },
});

function planNamingClaim(claim: Claim, volume: Volume | undefined): ClaimPlan {
  if (volume === undefined) return { type: 'pending' };
  if (volume.spec?.claimRef !== undefined) return planTakenVolume(claim, volume);
  const why = whyUnsatisfying(claim, volume);
  if (why === undefined) return { type: 'bind', volume };
  const message = `Cannot bind to requested volume ${goQuote(volume.metadata.name)}: ${why}`;
  return pending({ type: 'Warning', reason: 'VolumeMismatch', message });
}

function planTakenVolume(claim: Claim, volume: Volume): ClaimPlan {
  if (isSetAsideFor(volume, claim)) return { type: 'bind', volume };
  const { namespace, name } = volume.spec?.claimRef ?? {};
  if (isMarked(claim, boundByController)) {
    const [own, other] = [`${claim.metadata.namespace}/${claim.metadata.name}`, `${namespace}/${name}`].map(goQuote);
    const volumeName = goQuote(volume.metadata.name);
    return {
      type: 'broken',
      message: `invalid binding of claim ${own} to volume ${volumeName}: volume already claimed by ${other}`,
    };
  }
  const message = `volume ${goQuote(volume.metadata.name)} already bound to a different claim.`;
  return pending({ type: 'Warning', reason: 'FailedBinding', message });
}

function planOpenClaim(claim: Claim, world: ClaimWorld): ClaimPlan {
  const className = classOf(claim);
  const storageClass = className === '' ? undefined : world.storageClass(className);
  const waits = storageClass !== undefined && waitsForConsumer(storageClass);
  const volume = findVolume(claim, world.volumesFor(claim), { waits });
  if (volume !== undefined) return { type: 'bind', volume };
  const fallback = namesClass(claim) ? undefined : defaultClassAmong(world.storageClasses());
  if (fallback !== undefined) return { type: 'class', className: fallback.metadata.name };
  if (waits && !nodeSelectedFor(claim)) return pending(tellWait(world.waitingPods(claim)));
  if (className !== '') return planProvisioning(className, storageClass);
  const message = 'no persistent volumes available for this claim and no storage class is set';
  return pending({ type: 'Normal', reason: 'FailedBinding', message });
}

function planProvisioning(className: string, storageClass: Cached<StorageClass> | undefined): ClaimPlan {
  if (storageClass === undefined) return failed(`storageclass.storage.k8s.io ${goQuote(className)} not found`);
  const { provisioner } = storageClass;
  // Upstream's own: there are none here, nor will anybody outside answer to such a name.
  if (provisioner.startsWith('kubernetes.io/')) return failed(`no volume plugin matched name: ${provisioner}`);
  const message = `Waiting for a volume to be created either by the external provisioner '${provisioner}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.`;
  return { type: 'provision', provisioner, telling: { type: 'Normal', reason: 'ExternalProvisioning', message } };
}

const failed = (message: string): ClaimPlan => pending({ type: 'Warning', reason: 'ProvisioningFailed', message });
const pending = (telling: Telling): ClaimPlan => ({ type: 'pending', telling });

function tellWait(pods: readonly string[]): Telling {
  const type = 'Normal';
  if (pods.length === 0) {
    const message = 'waiting for first consumer to be created before binding';
    return { type, reason: 'WaitForFirstConsumer', message };
  }
  const message = `waiting for pod${pods.length > 1 ? 's' : ''} ${pods.join(',')} to be scheduled`;
  return { type, reason: 'WaitForPodScheduled', message };
}

export const nodeSelectedFor = ({ metadata }: Claim): string | undefined =>
  own(metadata.annotations ?? {}, selectedNode) || undefined;

export type VolumePlan =
  | { readonly type: 'phase'; readonly phase: 'Available' | 'Bound' }
  /** The claim's turn: it is to be looked at. */
  | { readonly type: 'claim' }
  | { readonly type: 'mismatch'; readonly claim: Claim }
  /** Its claim is gone, or has another volume. */
  | { readonly type: 'released' }
  /** The claim has another volume: this one is free again, or waits for its claim as before. */
  | { readonly type: 'unbind' };

/** `claim`: the one that the volume names, if that is there and is not another one of the same name. */
export function planVolume(volume: Volume, claim: Claim | undefined): VolumePlan {
  const ref = volume.spec?.claimRef;
  if (ref === undefined || !ref.uid) return { type: 'phase', phase: 'Available' };
  if (claim === undefined || claim.metadata.uid !== ref.uid) return { type: 'released' };
  const bound = claim.spec?.volumeName ?? '';
  if (bound === volume.metadata.name) return { type: 'phase', phase: 'Bound' };
  if (bound === '') return isModeOf(claim, volume) ? { type: 'claim' } : { type: 'mismatch', claim };
  const isSurplus = isMarked(volume, provisionedBy) && volume.spec?.persistentVolumeReclaimPolicy === 'Delete';
  return { type: isSurplus ? 'released' : 'unbind' };
}

export const isMarked = ({ metadata }: Claim | Volume, annotation: string): boolean =>
  own(metadata.annotations ?? {}, annotation) !== undefined;
