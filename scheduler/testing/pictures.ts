/** Nodes, pods and what plugins say of them, for tables: a test names only what it is about. */

import { hostnameLabel } from '../../api/labels.ts';
import { nodes, pods } from '../../api/resources/core.ts';
import type { Node, NodeSpec, Pod, PodSpec, PodStatus } from '../../api/types/core/v1.ts';
import type { ObjectMeta } from '../../api/types/meta/v1.ts';
import type { Cached } from '../../client/object-cache.ts';
import { cacheOf, storedObject } from '../../client/testing/stored-object.ts';
import type { ClusterListers } from '../cluster-listers.ts';
import { type FilterPlugin, isRefusal, type Refusal, type ScorePlugin } from '../framework.ts';
import { createPodInfo, type PodInfo } from '../pod-info.ts';
import { Snapshot } from '../snapshot.ts';

export interface NodePicture extends NodeSpec {
  readonly labels?: Record<string, string>;
  /** Default: 4 CPUs, 8Gi and 110 pods; what is given comes on top. */
  readonly allocatable?: Record<string, string>;
  /** Name → bytes. */
  readonly images?: Record<string, number>;
}

/** With its name as the label kubernetes.io/hostname. */
export function nodeOf(name: string, picture: NodePicture = {}): Cached<Node> {
  const { labels, allocatable, images = {}, ...spec } = picture;
  return storedObject(nodes, {
    metadata: { name, labels: { [hostnameLabel]: name, ...labels } },
    spec,
    status: {
      allocatable: { cpu: '4', memory: '8Gi', pods: '110', ...allocatable },
      images: Object.entries(images).map(([image, sizeBytes]) => ({ names: [image], sizeBytes })),
    },
  });
}

export interface PodPicture extends Partial<PodSpec> {
  readonly metadata?: ObjectMeta;
  readonly labels?: Record<string, string>;
  /** Of its only container; more are given by `containers`. */
  readonly requests?: Record<string, string>;
  readonly status?: PodStatus;
}

/** One container of the image `app:1`, in the namespace `default`. */
export function podObject(name: string, picture: PodPicture = {}): Cached<Pod> {
  const { metadata, labels, requests, status, ...spec } = picture;
  const containers = [{ name: 'main', image: 'app:1', ...(requests && { resources: { requests } }) }];
  return storedObject(pods, {
    metadata: { ...(labels && { labels }), ...metadata, name },
    spec: { containers, ...spec },
    ...(status && { status }),
  });
}

export const podOf = (name: string, picture: PodPicture = {}): PodInfo => createPodInfo(podObject(name, picture));

/** `placed`: node name → its pods. */
export function snapshotOf(
  all: readonly Cached<Node>[],
  placed: Readonly<Record<string, readonly PodInfo[]>> = {},
): Snapshot {
  const snapshot = new Snapshot();
  for (const node of all) snapshot.setNode(node);
  for (const [nodeName, pods] of Object.entries(placed)) for (const pod of pods) snapshot.setPod(pod, nodeName);
  return snapshot;
}

export function listersOf(listers: Partial<ClusterListers> = {}): ClusterListers {
  const none = {
    services: cacheOf<never>([]),
    replicationControllers: cacheOf<never>([]),
    replicaSets: cacheOf<never>([]),
    statefulSets: cacheOf<never>([]),
    namespaces: cacheOf<never>([]),
  };
  return { ...none, ...listers };
}

/** Node name → `fits`, or the reasons; ` !` at their end says that removing pods would not help. */
export function refusalsBy(plugin: FilterPlugin, pod: PodInfo, snapshot: Snapshot): Record<string, string> {
  const prepared = plugin.prepareFilter(pod, snapshot);
  const answers: Record<string, string> = {};
  for (const node of snapshot.nodes()) {
    const answer = isRefusal(prepared) ? prepared : prepared?.refuse(node);
    const passedOver = !isRefusal(prepared) && prepared?.candidates?.has(node.name) === false;
    answers[node.name] = passedOver ? 'passed over' : textOf(answer);
  }
  return answers;
}

const textOf = (refusal: Refusal | undefined): string =>
  refusal === undefined ? 'fits' : `${refusal.reasons.join(', ')}${refusal.resolvable ? '' : ' !'}`;

/** Node name → score from 0 to 100, before its weight; undefined: the plugin does not score this pod. */
export function scoresBy(plugin: ScorePlugin, pod: PodInfo, snapshot: Snapshot): Record<string, number> | undefined {
  const feasible = [...snapshot.nodes()];
  const prepared = plugin.prepareScore(pod, snapshot, feasible);
  if (prepared === undefined) return undefined;
  const scores = Float64Array.from(feasible, (node) => prepared.score(node));
  prepared.normalize?.(scores, feasible);
  return Object.fromEntries(feasible.map(({ name }, i) => [name, scores[i] ?? Number.NaN]));
}
