/**
 * Binds claims to volumes, and says what becomes of volumes whose claims are gone. One key after the other: two claims
 * never look for a volume at the same time.
 */

import { keyOf } from '../../api/object.ts';
import { persistentVolumeClaims, persistentVolumes, pods } from '../../api/resources/core.ts';
import { storageClasses } from '../../api/resources/storage.ts';
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '../../api/types/core/v1.ts';
import { oldStorageProvisioner, storageProvisioner } from '../../api/volumes/annotations.ts';
import { classOf, namesClass } from '../../api/volumes/storage-classes.ts';
import { changedCopy } from '../../client/changed-copy.ts';
import { type Controller, keyOfChange } from '../../client/controller.ts';
import { BoundedMap, type EventSubject } from '../../client/event-correlator.ts';
import type { Recorder } from '../../client/event-recorder.ts';
import { ifPresent } from '../../client/if-present.ts';
import type { Cached, ObjectChange } from '../../client/object-cache.ts';
import { TerminalError } from '../../client/reconciler.ts';
import type { ControllerContext } from '../controller-context.ts';
import { type ClaimPlan, type ClaimWorld, planClaim, planVolume, type Telling } from './binder-plan.ts';
import { BinderWrites, unboundStatus } from './binder-writes.ts';
import { LatestWritten } from './latest-written.ts';
import { planReclaim } from './reclaim-plan.ts';
import { claimKeysOf, waitingPodIndexes } from './waiting-pods.ts';

type Claim = Cached<PersistentVolumeClaim>;
type Volume = Cached<PersistentVolume>;

/** How the binder finds claims: by the volume that they name, and those without one by their class. */
const claimIndexes = {
  volumeName: ({ spec }: Claim): string[] => (spec?.volumeName ? [spec.volumeName] : []),
  openByClass: (claim: Claim): string[] => (claim.spec?.volumeName ? [] : [classOf(claim)]),
};
const volumeIndexes = {
  class: (volume: Volume): string[] => [classOf(volume)],
  claim: ({ spec }: Volume): string[] => (spec?.claimRef ? [keyOf({ metadata: { ...spec.claimRef } })] : []),
};
export function createBinderController(context: ControllerContext): Controller {
  const { client, informers, events, controller } = context;
  const claims = informers.of<PersistentVolumeClaim>(persistentVolumeClaims, { indexers: claimIndexes });
  const volumes = informers.of<PersistentVolume>(persistentVolumes, { indexers: volumeIndexes });
  const classes = informers.of(storageClasses);
  const podInformer = informers.of<Pod>(pods, waitingPodIndexes);
  const latestClaims = new LatestWritten(claims);
  const latestVolumes = new LatestWritten(volumes);
  const writes = new BinderWrites({ client, claims: latestClaims, volumes: latestVolumes });
  const tell = onceEach(events.from('persistentvolume-controller'));

  const world: ClaimWorld = {
    volume: (name) => latestVolumes.get(name),
    *volumesFor(claim) {
      // Of its class, and those that were set aside for it, whatever their class.
      for (const volume of volumes.byIndex('class', classOf(claim))) yield latestVolumes.latest(volume);
      for (const volume of volumes.byIndex('claim', keyOf(claim))) yield latestVolumes.latest(volume);
    },
    storageClass: (name) => classes.get(name),
    storageClasses: () => classes.list(),
    waitingPods: (claim) => podInformer.byIndex('waitingForClaim', keyOf(claim)).map(({ metadata }) => metadata.name),
  };

  async function reconcileClaim(claim: Claim): Promise<void> {
    await applyClaimPlan(claim, planClaim(claim, world));
  }

  async function applyClaimPlan(claim: Claim, plan: ClaimPlan): Promise<void> {
    switch (plan.type) {
      case 'bind':
        await writes.bind(claim, plan.volume);
        return;
      case 'pending':
        if (plan.telling) tell(claim, plan.telling);
        await writes.setClaimStatus(claim, unboundStatus(claim, 'Pending'));
        return;
      case 'lost':
        if (await writes.setClaimStatus(claim, unboundStatus(claim, 'Lost'))) tell(claim, plan.telling);
        return;
      case 'class':
        await writes.updateClaim(
          claim,
          changedCopy<PersistentVolumeClaim>(claim, { spec: { ...claim.spec, storageClassName: plan.className } }),
        );
        return;
      case 'provision': {
        const { provisioner, telling } = plan;
        const wanted = { [storageProvisioner]: provisioner, [oldStorageProvisioner]: provisioner };
        tell(await writes.annotateClaim(claim, wanted), telling);
        return;
      }
      case 'broken':
        tell(claim, { type: 'Warning', reason: 'FailedBinding', message: plan.message });
        throw new TerminalError(plan.message);
    }
  }

  async function reconcileVolume(volume: Volume): Promise<void> {
    const claim = await claimOf(volume);
    const plan = planVolume(volume, claim);
    switch (plan.type) {
      case 'phase':
        await writes.setVolumePhase(volume, { phase: plan.phase });
        return;
      case 'claim':
        if (claim) binder.add(keyOf(claim));
        return;
      case 'mismatch':
        tellMismatch(volume, plan.claim);
        return;
      case 'unbind':
        await writes.unbind(volume);
        return;
      case 'released':
        await release(volume);
    }
  }

  /** The cache may be behind, and a released volume does not come back: the server has the last word. */
  async function claimOf(volume: Volume): Promise<Claim | undefined> {
    const { namespace, name = '', uid } = volume.spec?.claimRef ?? {};
    if (!uid) return undefined;
    const known = latestClaims.get(`${namespace}/${name}`);
    if (known?.metadata.uid === uid) return known;
    const phase = volume.status?.phase;
    if (phase === 'Released' || phase === 'Failed') return undefined;
    return await ifPresent(client.get<PersistentVolumeClaim>(persistentVolumeClaims, { namespace, name }));
  }

  async function release(volume: Volume): Promise<void> {
    const { phase } = volume.status ?? {};
    if (phase !== 'Released' && phase !== 'Failed') await writes.setVolumePhase(volume, { phase: 'Released' });
    const current = latestVolumes.latest(volume);
    const plan = planReclaim(current);
    if (plan.type === 'leave' || current.metadata.deletionTimestamp !== undefined) return;
    const { message, reason } = plan;
    if (plan.type === 'failed') await writes.setVolumePhase(current, { phase: 'Failed', message });
    tell(current, { type: 'Warning', reason, message });
  }

  function tellMismatch(volume: Volume, claim: Claim): void {
    const [volumeName, claimName] = [volume.metadata.name, claim.metadata.name];
    const [type, reason, end] = ['Warning', 'VolumeMismatch', 'due to incompatible volumeMode.'] as const;
    const message = `Cannot bind PersistentVolume to requested PersistentVolumeClaim "${claimName}" ${end}`;
    tell(volume, { type, reason, message });
    tell(claim, {
      type,
      reason,
      message: `Cannot bind PersistentVolume "${volumeName}" to requested PersistentVolumeClaim "${claimName}" ${end}`,
    });
  }

  async function reconcile(key: string) {
    if (key.includes('/')) {
      const claim = latestClaims.get(key);
      if (claim !== undefined) await reconcileClaim(claim);
    } else {
      const volume = latestVolumes.get(key);
      if (volume !== undefined) await reconcileVolume(volume);
    }
    return {};
  }

  /** The volume, the claims that name it or that it names, and those that may want it. */
  function* keysOfVolumeChange({ previous, next }: ObjectChange<PersistentVolume>): Generator<string> {
    for (const volume of [previous, next]) {
      if (volume === undefined) continue;
      yield volume.metadata.name;
      yield* volumeIndexes.claim(volume);
      for (const claim of claims.byIndex('volumeName', volume.metadata.name)) yield keyOf(claim);
      if (mayBeTaken(volume)) for (const claim of claims.byIndex('openByClass', classOf(volume))) yield keyOf(claim);
    }
  }

  function* keysOfClaimChange(change: ObjectChange<PersistentVolumeClaim>): Generator<string> {
    yield* keyOfChange(change);
    for (const claim of [change.previous, change.next]) {
      if (claim?.spec?.volumeName) yield claim.spec.volumeName;
      if (claim) for (const { metadata } of volumes.byIndex('claim', keyOf(claim))) yield metadata.name;
    }
  }

  /** The claims that wait for this class, and those that wait for any. */
  function* claimsOfClass(name: string): Generator<string> {
    for (const claim of claims.byIndex('openByClass', name)) yield keyOf(claim);
    for (const claim of claims.byIndex('openByClass', '')) if (!namesClass(claim)) yield keyOf(claim);
  }

  const binder = controller({ reconciler: { reconcile }, workers: 1 })
    .watch(claims, keysOfClaimChange)
    .watch(volumes, keysOfVolumeChange)
    .watch(classes, ({ previous, next }) => claimsOfClass((next ?? previous).metadata.name))
    .watch(podInformer, ({ previous, next }) => {
      const waitsNow = next !== undefined && !next.spec?.nodeName;
      return waitsNow === (previous !== undefined && !previous.spec?.nodeName) ? [] : claimKeysOf(next ?? previous);
    });
  return binder;
}

const mayBeTaken = ({ spec, status }: Volume): boolean => spec?.claimRef === undefined && status?.phase === 'Available';

/** Tells each object the same only once: it is looked at again whenever anything changes that may help it. */
function onceEach(recorder: Recorder): (subject: EventSubject, telling: Telling) => void {
  const told = new BoundedMap<string>(4096);
  return (subject, telling) => {
    const text = `${telling.reason} ${telling.message}`;
    if (told.get(subject.metadata.uid) === text) return;
    told.set(subject.metadata.uid, text);
    recorder.record(subject, telling);
  };
}
