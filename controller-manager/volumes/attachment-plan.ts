/**
 * Which volumes of CSI drivers are attached to which nodes, as upstream decides it. Pure.
 *
 *   a pod is bound ─► VolumeAttachment ─► the driver's attacher says `attached` ─► node.status.volumesAttached
 *   the last pod is gone, nothing is mounted ─► not in volumesAttached ─► VolumeAttachment deleted
 *
 * A volume that is still mounted is detached only from a node that is out of service, or that has not been ready for
 * six minutes of not needing it: two writers of one volume destroy what is on it.
 */

import { createHash } from 'node:crypto';
import { managedAttachAnnotation, outOfServiceTaint } from '../../api/labels.ts';
import { isNodeReady } from '../../api/nodes.ts';
import { isPodFinished, isPodTerminating } from '../../api/pods.ts';
import type { Node, PersistentVolume, Pod } from '../../api/types/core/v1.ts';
import type { CSIDriver, VolumeAttachment } from '../../api/types/storage/v1.ts';
import { compareText } from '../../base/compare.ts';
import type { Cached } from '../../client/object-cache.ts';

type Volume = Cached<PersistentVolume>;
type Attachment = Cached<VolumeAttachment>;

/** On a node: volumes of pods that have ended stay. */
const keepTerminatedAnnotation = 'volumes.kubernetes.io/keep-terminated-pod-volumes';

const longestUnmountMs = 360_000;

/** The driver and the volume's name in node.status; undefined: nothing has to be attached. */
export interface AttachableVolume {
  readonly name: string;
  readonly driver: string;
  readonly handle: string;
  /** Of node.status. */
  readonly reportedName: string;
  readonly mayBeAttachedToMany: boolean;
}

/** `driver`: the CSIDriver of the volume's driver; one that is not known wants to attach. */
export function attachableVolume(volume: Volume, driver: Cached<CSIDriver> | undefined): AttachableVolume | undefined {
  const { csi, accessModes = [] } = volume.spec ?? {};
  if (csi === undefined || driver?.spec.attachRequired === false) return undefined;
  return {
    name: volume.metadata.name,
    driver: csi.driver,
    handle: csi.volumeHandle,
    reportedName: `kubernetes.io/csi/${csi.driver}^${csi.volumeHandle}`,
    mayBeAttachedToMany:
      accessModes.length === 0 || accessModes.some((mode) => mode === 'ReadWriteMany' || mode === 'ReadOnlyMany'),
  };
}

/** Upstream's name, so that whoever attaches a volume to a node makes the same object. */
export const attachmentName = ({ handle, driver }: AttachableVolume, nodeName: string): string =>
  `csi-${createHash('sha256').update(`${handle}${driver}${nodeName}`).digest('hex')}`;

export const isManaged = ({ metadata }: Cached<Node>): boolean =>
  metadata.annotations?.[managedAttachAnnotation] === 'true';

/** Whether a pod that is bound to `node` needs its volumes there. */
export function needsVolumes(pod: Cached<Pod>, node: Cached<Node> | undefined): boolean {
  if (node?.metadata.annotations?.[keepTerminatedAnnotation] === 'true') return true;
  return !isPodFinished(pod) && !(isPodTerminating(pod) && runsNothing(pod));
}

const runsNothing = ({ status }: Cached<Pod>): boolean =>
  (status?.containerStatuses ?? []).every(({ state }) => state?.running === undefined);

export type DetachVerdict =
  | { readonly type: 'keep' }
  /** It is mounted still; after so long it is detached from a node that is not ready. */
  | { readonly type: 'wait'; readonly leftMs: number }
  | { readonly type: 'detach'; readonly isForced: boolean };

export interface AttachedSituation {
  /** A pod of this node needs it. */
  readonly isUsed: boolean;
  readonly node: Cached<Node> | undefined;
  readonly unusedForMs: number;
}

export function judgeAttached(
  { reportedName }: AttachableVolume,
  { isUsed, node, unusedForMs }: AttachedSituation,
): DetachVerdict {
  if (isUsed) return { type: 'keep' };
  if (node === undefined || isOutOfService(node)) return { type: 'detach', isForced: true };
  if (!(node.status?.volumesInUse ?? []).includes(reportedName)) return { type: 'detach', isForced: false };
  if (isNodeReady(node)) return { type: 'keep' };
  const leftMs = longestUnmountMs - unusedForMs;
  return leftMs > 0 ? { type: 'wait', leftMs } : { type: 'detach', isForced: true };
}

const isOutOfService = ({ spec }: Cached<Node>): boolean =>
  (spec?.taints ?? []).some(({ key, effect }) => key === outOfServiceTaint && effect === 'NoExecute');

/** Of a volume: the nodes that it is to be attached to now, and those that have to wait for others. */
export interface AttachPlan {
  readonly attach: readonly string[];
  readonly refused: readonly string[];
}

/** `users`: bound pods that need the volume; `attached`: nodes for which there is an attachment, whatever its state. */
export function planAttach(
  { mayBeAttachedToMany }: AttachableVolume,
  users: readonly Cached<Pod>[],
  attached: readonly string[],
): AttachPlan {
  const byAge = [...users].sort(
    (a, b) =>
      compareText(a.metadata.creationTimestamp, b.metadata.creationTimestamp) ||
      compareText(a.metadata.uid, b.metadata.uid),
  );
  const missing = [...new Set(byAge.map(({ spec }) => spec?.nodeName ?? ''))].filter(
    (node) => !attached.includes(node),
  );
  if (mayBeAttachedToMany) return { attach: missing, refused: [] };
  return attached.length > 0
    ? { attach: [], refused: missing }
    : { attach: missing.slice(0, 1), refused: missing.slice(1) };
}

/** What is told a pod whose volume is attached to another node; `others`: the pods that use it there. */
export function multiAttachMessage(
  volumeName: string,
  { metadata }: Cached<Pod>,
  others: readonly Cached<Pod>[],
): string {
  const head = `Multi-Attach error for volume "${volumeName}" `;
  if (others.length === 0) {
    return `${head}Volume is already exclusively attached to one node and can't be attached to another`;
  }
  const local = others.filter((other) => other.metadata.namespace === metadata.namespace);
  const foreign = others.length - local.length;
  const elsewhere = `${foreign} pod(s) in different namespaces`;
  if (local.length === 0) return `${head}Volume is already used by ${elsewhere}`;
  const names = local.map((other) => other.metadata.name).join(', ');
  return `${head}Volume is already used by pod(s) ${names}${foreign > 0 ? ` and ${elsewhere}` : ''}`;
}

export const isAttached = ({ metadata, status }: Attachment): boolean =>
  status?.attached === true && metadata.deletionTimestamp === undefined;
