/** Which mirror pods are to be made, and which to go. Pure. */

import { mirrorAnnotation } from '../../api/labels.ts';
import { isPodFinished, isPodTerminating } from '../../api/pods.ts';
import type { ObjectMeta } from '../../api/types/meta/v1.ts';
import { keyOf, type PodObject } from '../model/pod.ts';
import { hashOf, isMirrorPod } from './node-pods.ts';

export interface MirrorView {
  /** What is to be shown. */
  readonly wanted: readonly PodObject[];
  /** What the API has for this node. */
  readonly found: readonly PodObject[];
  readonly node: { readonly name: string; readonly uid: string };
  /** Whether something is still done about the static pod of this uid. */
  readonly isAtWork: (uid: string) => boolean;
  /** Whether the static pod has ended by itself. */
  readonly isOver: (pod: PodObject) => boolean;
}

export type MirrorAction =
  | { readonly type: 'create'; readonly metadata: ObjectMeta; readonly of: PodObject }
  | { readonly type: 'delete'; readonly mirror: PodObject }
  /** A pod of the API has the name of a static one. */
  | { readonly type: 'conflict'; readonly of: PodObject };

export function computeMirrorPlan(view: MirrorView): MirrorAction[] {
  const { wanted, found } = view;
  const byKey = new Map(wanted.map((pod) => [keyOf(pod), pod]));
  const deletions = found
    .filter((pod) => isMirrorPod(pod) && isWrong(pod, byKey.get(keyOf(pod)), view))
    .map((mirror) => ({ type: 'delete', mirror }) as const);
  const present = new Map(found.map((pod) => [keyOf(pod), pod]));
  const additions = wanted.flatMap((pod): MirrorAction[] => {
    const there = present.get(keyOf(pod));
    if (there === undefined) return [{ type: 'create', metadata: mirrorMetadata(pod, view.node), of: pod }];
    return isMirrorPod(there) ? [] : [{ type: 'conflict', of: pod }];
  });
  return [...deletions, ...additions];
}

function isWrong(mirror: PodObject, of: PodObject | undefined, { node, isAtWork, isOver }: MirrorView): boolean {
  const shown = mirror.metadata.annotations?.[mirrorAnnotation] ?? '';
  // Of one that ends its mirror tells until it has.
  if (of === undefined || shown !== hashOf(of)) return !isAtWork(shown);
  const isOurs = mirror.metadata.ownerReferences?.some(({ kind, uid }) => kind === 'Node' && uid === node.uid) ?? false;
  // Somebody said of a pod that it has ended which has not: a phase does not turn back.
  return isPodTerminating(mirror) || !isOurs || (isPodFinished(mirror) && !isOver(of));
}

/** As upstream's: what a node may make. */
function mirrorMetadata(pod: PodObject, node: MirrorView['node']): ObjectMeta {
  const { name, namespace = 'default', labels, annotations } = pod.metadata;
  return {
    ...{ name, namespace },
    ...(labels && { labels: { ...labels } }),
    annotations: { ...annotations, [mirrorAnnotation]: hashOf(pod) },
    ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: node.name, uid: node.uid, controller: true }],
  };
}
