/**
 * Attaches the volumes of CSI drivers to the nodes whose pods need them, and detaches them when no pod does any more. It
 * only makes and deletes VolumeAttachments; a driver's attacher does what they ask for.
 *
 * Keys are `volume/<name>`, for which nodes a volume is attached, and `node/<name>`, for what a node's status tells of
 * them. Invariants:
 * - A volume that one node alone may have gets no second attachment before the first object is gone.
 * - A node's status stops telling of a volume before the attachment is deleted, so that its kubelet mounts it no more.
 * - Whether something is mounted still is asked of the API server, not of the cache.
 */

import { equalJson } from '../../api/json-record.ts';
import { nodes, persistentVolumeClaims, persistentVolumes, pods } from '../../api/resources/core.ts';
import { csiDrivers, volumeAttachments } from '../../api/resources/storage.ts';
import { isAlreadyExists } from '../../api/status-error.ts';
import type { Node, PersistentVolume, PersistentVolumeClaim, Pod } from '../../api/types/core/v1.ts';
import type { CSIDriver, VolumeAttachment } from '../../api/types/storage/v1.ts';
import { compareText } from '../../base/compare.ts';
import { type Controller, objectOfChange } from '../../client/controller.ts';
import { BoundedMap } from '../../client/event-correlator.ts';
import type { Recorder } from '../../client/event-recorder.ts';
import { ifPresent } from '../../client/if-present.ts';
import type { Cached, Informer, ObjectChange } from '../../client/object-cache.ts';
import type { Reconciler, Result } from '../../client/reconciler.ts';
import type { ControllerContext } from '../controller-context.ts';
import { podIndexes } from '../pods/pod-indexes.ts';
import {
  type AttachableVolume,
  attachableVolume,
  attachmentName,
  type DetachVerdict,
  isAttached,
  isManaged,
  judgeAttached,
  multiAttachMessage,
  needsVolumes,
  planAttach,
} from './attachment-plan.ts';
import { claimsHeldBy } from './storage-protection-plan.ts';

type Attachment = Cached<VolumeAttachment>;

const volumeOf = ({ spec }: Attachment): string => spec.source.persistentVolumeName ?? '';
const attachmentIndexes = {
  attachedVolume: (attachment: Attachment): string[] => [volumeOf(attachment)],
  attachedNode: ({ spec }: Attachment): string[] => [spec.nodeName],
};
/** Bound pods by the keys of their claims. */
const holdingIndexes = { ...podIndexes.indexers, heldClaim: claimsHeldBy };
const driverIndexes = {
  driver: ({ spec }: Cached<PersistentVolume>): string[] => (spec?.csi ? [spec.csi.driver] : []),
};
/** So many tellings are remembered, to tell each once. */
const mostTold = 4096;

interface Informers {
  readonly pods: Informer<Pod>;
  readonly nodes: Informer<Node>;
  readonly claims: Informer<PersistentVolumeClaim>;
  readonly volumes: Informer<PersistentVolume>;
  readonly drivers: Informer<CSIDriver>;
  readonly attachments: Informer<VolumeAttachment>;
}

export function createAttachDetachController(context: ControllerContext): Controller {
  const { informers: shared } = context;
  const informers: Informers = {
    pods: shared.of(pods, { indexers: holdingIndexes }),
    nodes: shared.of(nodes),
    claims: shared.of(persistentVolumeClaims),
    volumes: shared.of(persistentVolumes, { indexers: driverIndexes }),
    drivers: shared.of(csiDrivers),
    attachments: shared.of(volumeAttachments, { indexers: attachmentIndexes }),
  };
  const reconciler = new AttachmentReconciler(context, informers);
  return context
    .controller({ reconciler })
    .watch(informers.pods, (change) => reconciler.keysOfPod(change))
    .watch(informers.claims, ({ previous, next }) =>
      volumeKeys([previous, next].map((claim) => claim?.spec?.volumeName)),
    )
    .watch(informers.volumes, (change) => volumeKeys([objectOfChange(change).metadata.name]))
    .watch(informers.drivers, (change) => reconciler.keysOfDriver(objectOfChange(change).metadata.name))
    .watch(informers.attachments, (change) => reconciler.keysOfAttachment(change))
    .watch(informers.nodes, (change) => reconciler.keysOfNode(change));
}

const volumeKeys = (names: readonly (string | undefined)[]): string[] =>
  [...new Set(names)].flatMap((name) => (name ? [`volume/${name}`] : []));

class AttachmentReconciler implements Reconciler {
  readonly #context: Pick<ControllerContext, 'client' | 'clock'>;
  readonly #informers: Informers;
  readonly #recorder: Recorder;
  /** By the uid of an attachment, since when nothing needs it: monotonic. */
  readonly #unusedSince = new Map<string, number>();
  readonly #told = new BoundedMap<string>(mostTold);

  constructor({ client, clock, events }: ControllerContext, informers: Informers) {
    this.#context = { client, clock };
    this.#informers = informers;
    this.#recorder = events.from('attachdetach-controller');
  }

  keysOfPod({ previous, next }: ObjectChange<Pod>): string[] {
    const claims = [previous, next].flatMap((pod) => (pod === undefined ? [] : claimsHeldBy(pod)));
    return volumeKeys(claims.map((key) => this.#informers.claims.get(key)?.spec?.volumeName));
  }

  keysOfDriver(driver: string): string[] {
    return volumeKeys(this.#informers.volumes.byIndex('driver', driver).map(({ metadata }) => metadata.name));
  }

  keysOfAttachment({ previous, next }: ObjectChange<VolumeAttachment>): string[] {
    if (next === undefined) this.#unusedSince.delete(previous.metadata.uid);
    const attachment = next ?? previous;
    if (previous !== undefined && next !== undefined && isAttached(next) && !isAttached(previous)) {
      this.#tellAttached(next);
    }
    return [...volumeKeys([volumeOf(attachment)]), `node/${attachment.spec.nodeName}`];
  }

  /** Nearly all changes of a node are heartbeats. */
  keysOfNode({ previous, next }: ObjectChange<Node>): string[] {
    if (previous !== undefined && next !== undefined && isAlike(previous, next)) return [];
    const { name } = (next ?? previous).metadata;
    const held = this.#informers.pods.byIndex('node', name).flatMap((pod) => this.#volumesOf(pod));
    const attached = this.#informers.attachments.byIndex('attachedNode', name).map(volumeOf);
    return [...volumeKeys([...held, ...attached]), `node/${name}`];
  }

  async reconcile(key: string): Promise<Result> {
    const [kind, name = ''] = key.split('/');
    return kind === 'node' ? await this.#reportNode(name) : await this.#reconcileVolume(name);
  }

  async #reconcileVolume(name: string): Promise<Result> {
    const volume = this.#attachable(name);
    if (volume === undefined) return {};
    const users = this.#usersOf(name);
    const attachments = this.#informers.attachments.byIndex('attachedVolume', name);
    const attached = attachments.map(({ spec }) => spec.nodeName);
    const plan = planAttach(volume, users, attached);
    for (const nodeName of plan.refused) this.#tellRefused(volume, users, nodeName);
    for (const attachment of attachments) this.#tellFailed(volume, users, attachment);
    await Promise.all(plan.attach.map((nodeName) => this.#attach(volume, nodeName)));
    const waits = await Promise.all(attachments.map((attachment) => this.#detach(volume, attachment, users)));
    const known = waits.filter((wait) => wait !== undefined);
    return known.length > 0 ? { requeueAfterMs: Math.min(...known) } : {};
  }

  async #attach(volume: AttachableVolume, nodeName: string): Promise<void> {
    const { name: persistentVolumeName, driver: attacher } = volume;
    try {
      await this.#context.client.create(volumeAttachments, {
        metadata: { name: attachmentName(volume, nodeName) },
        spec: { attacher, nodeName, source: { persistentVolumeName } },
      });
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
  }

  /** Milliseconds after which to look again. */
  async #detach(
    volume: AttachableVolume,
    attachment: Attachment,
    users: readonly Cached<Pod>[],
  ): Promise<number | undefined> {
    const { name, uid, deletionTimestamp } = attachment.metadata;
    const { nodeName } = attachment.spec;
    if (deletionTimestamp !== undefined || name !== attachmentName(volume, nodeName)) return undefined;
    const verdict = this.#judge(volume, attachment, users);
    if (verdict.type === 'wait') return verdict.leftMs;
    if (verdict.type === 'keep') return undefined;
    if (isReported(volume, this.#informers.nodes.get(nodeName))) {
      await this.#reportNode(nodeName);
      return undefined; // the node's change brings it here again
    }
    if (!verdict.isForced) {
      const node = await ifPresent(this.#context.client.get(nodes, { name: nodeName }));
      const isMounted = node?.status?.volumesInUse?.includes(volume.reportedName) ?? false;
      if (isMounted || isReported(volume, node)) return undefined;
    }
    await ifPresent(this.#context.client.delete(volumeAttachments, { name }, { uid }));
    return undefined;
  }

  #judge(volume: AttachableVolume, { metadata, spec }: Attachment, users: readonly Cached<Pod>[]): DetachVerdict {
    const isUsed = users.some((pod) => pod.spec?.nodeName === spec.nodeName);
    const now = this.#context.clock.monotonic();
    const since = this.#unusedSince.get(metadata.uid) ?? now;
    if (isUsed) this.#unusedSince.delete(metadata.uid);
    else this.#unusedSince.set(metadata.uid, since);
    return judgeAttached(volume, { isUsed, node: this.#informers.nodes.get(spec.nodeName), unusedForMs: now - since });
  }

  /** Brings `status.volumesAttached` up to date: what is attached, and is not about to be detached. */
  async #reportNode(name: string): Promise<Result> {
    const node = this.#informers.nodes.get(name);
    if (node === undefined || !isManaged(node)) return {};
    const names = this.#informers.attachments.byIndex('attachedNode', name).flatMap((attachment) => {
      const volume = isAttached(attachment) ? this.#attachable(volumeOf(attachment)) : undefined;
      if (volume === undefined) return [];
      return this.#judge(volume, attachment, this.#usersOf(volume.name)).type === 'detach' ? [] : [volume.reportedName];
    });
    const volumesAttached = [...new Set(names)].sort(compareText).map((one) => ({ name: one, devicePath: '' }));
    if (equalJson(volumesAttached, node.status?.volumesAttached ?? [])) return {};
    const body = { metadata: { uid: node.metadata.uid }, status: { volumesAttached } };
    await ifPresent(this.#context.client.patch(nodes, { name }, { type: 'merge', body }, { subresource: 'status' }));
    return {};
  }

  #attachable(name: string): AttachableVolume | undefined {
    const volume = this.#informers.volumes.get(name);
    const driver = volume?.spec?.csi?.driver;
    return volume && driver ? attachableVolume(volume, this.#informers.drivers.get(driver)) : undefined;
  }

  /** The pods that need the volume on their nodes. */
  #usersOf(volumeName: string): Cached<Pod>[] {
    const { namespace, name, uid } = this.#informers.volumes.get(volumeName)?.spec?.claimRef ?? {};
    const claim = this.#informers.claims.get(`${namespace}/${name}`);
    if (claim === undefined || claim.metadata.uid !== uid || claim.spec?.volumeName !== volumeName) return [];
    return this.#informers.pods.byIndex('heldClaim', `${namespace}/${name}`).filter((pod) => {
      const node = this.#informers.nodes.get(pod.spec?.nodeName ?? '');
      return node !== undefined && isManaged(node) && needsVolumes(pod, node);
    });
  }

  #volumesOf(pod: Cached<Pod>): string[] {
    return claimsHeldBy(pod).flatMap((key) => this.#informers.claims.get(key)?.spec?.volumeName ?? []);
  }

  #tellRefused({ name }: AttachableVolume, users: readonly Cached<Pod>[], nodeName: string): void {
    const others = users.filter(({ spec }) => spec?.nodeName !== nodeName);
    for (const pod of users) {
      if (pod.spec?.nodeName === nodeName) this.#tellFailure(pod, multiAttachMessage(name, pod, others));
    }
  }

  #tellFailed({ name }: AttachableVolume, users: readonly Cached<Pod>[], { spec, status }: Attachment): void {
    const { message } = status?.attached === true ? {} : (status?.attachError ?? {});
    if (message === undefined) return;
    for (const pod of users) {
      if (pod.spec?.nodeName !== spec.nodeName) continue;
      this.#tellFailure(pod, `AttachVolume.Attach failed for volume "${name}" : ${message}`);
    }
  }

  /** Each once, however often the volume is looked at. */
  #tellFailure(pod: Cached<Pod>, message: string): void {
    if (this.#told.get(pod.metadata.uid) === message) return;
    this.#told.set(pod.metadata.uid, message);
    this.#recorder.record(pod, { type: 'Warning', reason: 'FailedAttachVolume', message });
  }

  #tellAttached(attachment: Attachment): void {
    const message = `AttachVolume.Attach succeeded for volume "${volumeOf(attachment)}" `;
    for (const pod of this.#usersOf(volumeOf(attachment))) {
      if (pod.spec?.nodeName !== attachment.spec.nodeName) continue;
      this.#recorder.record(pod, { type: 'Normal', reason: 'SuccessfulAttachVolume', message });
    }
  }
}

const isReported = ({ reportedName }: AttachableVolume, node: Cached<Node> | undefined): boolean =>
  (node?.status?.volumesAttached ?? []).some(({ name }) => name === reportedName);

/** In what decides about volumes. */
const isAlike = (a: Cached<Node>, b: Cached<Node>): boolean =>
  a.metadata.uid === b.metadata.uid &&
  isManaged(a) === isManaged(b) &&
  equalJson(a.spec?.taints ?? [], b.spec?.taints ?? []) &&
  equalJson(a.status?.volumesInUse ?? [], b.status?.volumesInUse ?? []) &&
  equalJson(a.status?.volumesAttached ?? [], b.status?.volumesAttached ?? []) &&
  equalJson(readyOf(a), readyOf(b));

const readyOf = ({ status }: Cached<Node>) => status?.conditions?.find(({ type }) => type === 'Ready')?.status;
