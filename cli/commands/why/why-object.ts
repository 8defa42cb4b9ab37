/**
 * Why an object of any kind is not as it should be: a deletion that does not finish, conditions that complain, warnings,
 * and the pods that belong to it, one of each trouble.
 */

import { isRecord } from '../../../api/json-record.ts';
import type { KubernetesObject, Stored } from '../../../api/object.ts';
import { type Cause, explainPod } from '../../../api/pod-explanation.ts';
import { isPodFinished } from '../../../api/pods.ts';
import type { ServedResource } from '../../../api/resource.ts';
import { replicaSets } from '../../../api/resources/apps.ts';
import { jobs } from '../../../api/resources/batch.ts';
import { pods } from '../../../api/resources/core.ts';
import type { Pod } from '../../../api/types/core/v1.ts';
import type { Client } from '../../../client/client.ts';
import { podSelector } from '../../pods-of.ts';
import { listAll, titleOf } from '../../requests.ts';
import { whyDeleting } from './deletion.ts';
import type { Finding } from './finding.ts';
import { kindCauses } from './kind-causes.ts';
import { warningsOf } from './warnings.ts';
import { type WhyOptions, whyPod } from './why-pod.ts';

/** Each with the trouble that its pods have in common: so many are shown. */
const shownTroubles = 3;

export async function whyObject(
  client: Client,
  kind: ServedResource,
  object: Stored,
  options: WhyOptions,
): Promise<Finding> {
  if (isPod(object)) return await whyPod(client, object, options);
  const owned = await ownedBy(client, object);
  const deletion = await whyDeleting(client, object);
  const causes = [...deletion, ...(await kindCauses(client, object)), ...explainConditions(object)];
  const warnings = [
    ...(await warningsOf(client, kind, object)),
    ...(await Promise.all(owned.between.map((one) => warningsOf(client, one.kind, one.object)))).flat(),
  ];
  const parts = await troublesOf(client, owned.pods, options);
  const isFine = causes.length === 0 && parts.length === 0 && !isShort(object);
  return {
    title: titleOf(kind, object.metadata.name),
    namespace: object.metadata.namespace,
    state: stateOf(object, isFine),
    causes,
    events: isFine ? [] : warnings,
    parts,
  };
}

const isPod = (object: Stored): object is Stored<Pod> => object.apiVersion === 'v1' && object.kind === 'Pod';

interface Owned {
  readonly pods: readonly Stored<Pod>[];
  /** What stands between it and its pods: the ReplicaSets of a Deployment, the Jobs of a CronJob. */
  readonly between: readonly { readonly kind: typeof replicaSets | typeof jobs; readonly object: Stored }[];
}

const parents: ReadonlySet<string> = new Set([
  ...['Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet', 'ReplicationController', 'Job', 'CronJob'],
]);

async function ownedBy(client: Client, object: Stored): Promise<Owned> {
  const { kind, metadata } = object;
  const { namespace, uid } = metadata;
  if (namespace === undefined) return { pods: [], between: [] };
  const labelSelector = kind === 'Service' ? podSelector(object) : undefined;
  if (labelSelector !== undefined)
    return { pods: await listAll(client, pods, { namespace, labelSelector }), between: [] };
  if (!parents.has(kind ?? '')) return { pods: [], between: [] };
  const owns = (uids: ReadonlySet<string>) => (object: Stored) =>
    (object.metadata.ownerReferences ?? []).some(({ controller, uid: owner }) => controller && uids.has(owner));
  const own = owns(new Set([uid]));
  const between =
    kind === 'Deployment'
      ? (await listAll(client, replicaSets, { namespace }))
          .filter(own)
          .map((one) => ({ kind: replicaSets, object: one }))
      : kind === 'CronJob'
        ? (await listAll(client, jobs, { namespace })).filter(own).map((one) => ({ kind: jobs, object: one }))
        : [];
  const uids = new Set([uid, ...between.map((one) => one.object.metadata.uid)]);
  return { between, pods: (await listAll(client, pods, { namespace })).filter(owns(uids)) };
}

/** One pod for each different trouble, the most frequent first. */
async function troublesOf(client: Client, all: readonly Stored<Pod>[], options: WhyOptions) {
  const alike = new Map<string, Stored<Pod>[]>();
  for (const pod of all) {
    const trouble = troubleOf(pod);
    if (trouble !== undefined) alike.set(trouble, [...(alike.get(trouble) ?? []), pod]);
  }
  const groups = [...alike.values()].sort((a, b) => b.length - a.length).slice(0, shownTroubles);
  return await Promise.all(
    groups.flatMap((group) =>
      group.slice(0, 1).map(async (pod) => ({ alike: group.length, finding: await whyPod(client, pod, options) })),
    ),
  );
}

/** Equal for pods with the same trouble; those that ended well have none, and a failed one is history once others run. */
function troubleOf(pod: Stored<Pod>): string | undefined {
  const { causes } = explainPod(pod);
  if (causes.length === 0 || (isPodFinished(pod) && pod.status?.phase === 'Succeeded')) return undefined;
  return causes
    .map(({ type, container, message }) => `${type} ${container ?? message.replaceAll(pod.metadata.name, '')}`)
    .join();
}

/** What is bad when True; of other conditions False is. */
const complaints: ReadonlySet<string> = new Set([
  ...['ReplicaFailure', 'Failed', 'FailureTarget', 'Suspended', 'MemoryPressure', 'DiskPressure', 'PIDPressure'],
  ...['NetworkUnavailable', 'NonStructuralSchema', 'Terminating', 'NamesConflict', 'ScalingLimited'],
]);

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: unknown;
  readonly message?: unknown;
}

/** The conditions of any kind that has them. */
export function explainConditions(object: KubernetesObject): readonly Pick<Cause, 'message' | 'type'>[] {
  const status: unknown = Reflect.get(object, 'status');
  const conditions: unknown = isRecord(status) ? status.conditions : undefined;
  if (!Array.isArray(conditions)) return [];
  return conditions
    .filter(isCondition)
    .filter(({ type, status: is }) => is === (complaints.has(type) ? 'True' : 'False') || is === 'Unknown')
    .filter(({ type, reason }) => !isHarmless(type, reason))
    .map(({ type, status: is, reason, message }) => {
      const why = [reason, message].filter((text) => typeof text === 'string' && text !== '').join(': ');
      return { type: 'pod', message: `${type} is ${is}${why === '' ? '.' : `: ${why}`}` };
    });
}

const isCondition = (value: unknown): value is Condition =>
  isRecord(value) && typeof value.type === 'string' && typeof value.status === 'string';

/** Said of objects that are well, or said in other words: an autoscaler that has nothing to do, what is left in a namespace. */
const isHarmless = (type: string, reason: unknown): boolean =>
  type.startsWith('Namespace') || type === 'DisruptionAllowed' || quietReasons.has(String(reason));

const quietReasons: ReadonlySet<string> = new Set(['DeploymentPaused', 'TooFewReplicas', 'ScalingDisabled']);

function countsOf(object: KubernetesObject): { wanted: number; available: number } | undefined {
  const [spec, status]: unknown[] = [Reflect.get(object, 'spec'), Reflect.get(object, 'status')];
  if (!isRecord(status)) return undefined;
  const number = (value: unknown): number => (typeof value === 'number' ? value : 0);
  if ('desiredNumberScheduled' in status)
    return { wanted: number(status.desiredNumberScheduled), available: number(status.numberAvailable) };
  if (!isRecord(spec) || typeof spec.replicas !== 'number') return undefined;
  return { wanted: spec.replicas, available: number(status.availableReplicas) };
}

function isShort(object: KubernetesObject): boolean {
  const counts = countsOf(object);
  return counts !== undefined && counts.available < counts.wanted;
}

function stateOf(object: Stored, isFine: boolean): string {
  const status: unknown = Reflect.get(object, 'status');
  const phase = isRecord(status) && typeof status.phase === 'string' ? status.phase : undefined;
  const counts = countsOf(object);
  const words = [
    phase,
    counts && `${counts.available} of ${counts.wanted} pods are available`,
    object.metadata.deletionTimestamp && 'being deleted',
    isFine && 'nothing is wrong with it',
  ].filter((word) => typeof word === 'string');
  return words.length === 0 ? 'it is there' : words.join('; ');
}
