/** The revisions that a workload has had: ReplicaSets of a Deployment, ControllerRevisions of the others. */

import { parseInt64 } from '../../../api/int64.ts';
import { isRecord } from '../../../api/json-record.ts';
import type { KubernetesObject, Stored } from '../../../api/object.ts';
import { controllerRevisions, replicaSets } from '../../../api/resources/apps.ts';
import type { PodTemplateSpec } from '../../../api/types/core/v1.ts';
import type { Client } from '../../../client/client.ts';
import { listAll, withType } from '../../requests.ts';
import type { Workload } from '../../workload-kinds.ts';

export interface Revision {
  readonly number: bigint;
  readonly cause: string | undefined;
  readonly template: PodTemplateSpec | undefined;
  /** The ReplicaSet or ControllerRevision. */
  readonly object: Stored;
  /** What makes the workload be as it was then. */
  readonly patch: { readonly type: 'json' | 'strategic'; readonly body: unknown };
}

const causeAnnotation = 'kubernetes.io/change-cause';
const revisionAnnotation = 'deployment.kubernetes.io/revision';
const hashLabel = 'pod-template-hash';
/** Of a ReplicaSet's annotations those that are not the Deployment's. */
const ownAnnotations = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  revisionAnnotation,
  'deployment.kubernetes.io/revision-history',
  'deployment.kubernetes.io/desired-replicas',
  'deployment.kubernetes.io/max-replicas',
  'deprecated.deployment.rollback.to',
]);

/** The lowest number first. */
export async function listRevisions(client: Client, workload: Stored<Workload>): Promise<Revision[]> {
  const revisions =
    workload.kind === 'Deployment' ? await revisionsOfDeployment(client, workload) : await recorded(client, workload);
  return revisions.sort((a, b) => (a.number === b.number ? 0 : a.number < b.number ? -1 : 1));
}

const isControlledBy =
  (owner: Stored) =>
  ({ metadata }: Stored): boolean =>
    metadata.ownerReferences?.some(({ controller, uid }) => controller === true && uid === owner.metadata.uid) ?? false;

async function revisionsOfDeployment(client: Client, deployment: Stored<Workload>): Promise<Revision[]> {
  const sets = await listAll(client, replicaSets, { namespace: deployment.metadata.namespace });
  return sets.filter(isControlledBy(deployment)).flatMap((set) => {
    const number = parseInt64(set.metadata.annotations?.[revisionAnnotation] ?? '');
    if (number === undefined || number === 0n) return [];
    const template = withoutHash(set.spec?.template);
    const annotations = annotationsOf(deployment, set);
    const body = [
      { op: 'test', path: '/metadata/uid', value: deployment.metadata.uid },
      { op: 'replace', path: '/spec/template', value: template },
      { op: deployment.metadata.annotations ? 'replace' : 'add', path: '/metadata/annotations', value: annotations },
    ];
    const cause = set.metadata.annotations?.[causeAnnotation];
    return [
      {
        number,
        cause,
        template: set.spec?.template,
        object: withType(replicaSets, set),
        patch: { type: 'json', body } as const,
      },
    ];
  });
}

export function withoutHash(template: PodTemplateSpec | undefined): PodTemplateSpec {
  const { [hashLabel]: _, ...labels } = template?.metadata?.labels ?? {};
  return { ...template, metadata: { ...template?.metadata, labels } };
}

/** The Deployment's own stay; the others become what they were. */
function annotationsOf(deployment: Stored, set: Stored): Record<string, string> {
  const chosen = (object: Stored, own: boolean) =>
    Object.entries(object.metadata.annotations ?? {}).filter(
      ([name]) => (ownAnnotations.has(name) || name.startsWith('longshore.dev/')) === own,
    );
  return Object.fromEntries([...chosen(deployment, true), ...chosen(set, false)]);
}

async function recorded(client: Client, workload: Stored<Workload>): Promise<Revision[]> {
  const all = await listAll(client, controllerRevisions, { namespace: workload.metadata.namespace });
  return all.filter(isControlledBy(workload)).map((object) => ({
    number: BigInt(object.revision),
    cause: object.metadata.annotations?.[causeAnnotation],
    template: templateIn(object),
    object: withType(controllerRevisions, object),
    patch: { type: 'strategic', body: Reflect.get(object, 'data') } as const,
  }));
}

function templateIn(object: KubernetesObject): PodTemplateSpec | undefined {
  const data: unknown = Reflect.get(object, 'data');
  const spec = isRecord(data) && isRecord(data.spec) ? data.spec.template : undefined;
  if (!isRecord(spec)) return undefined;
  const { $patch: _, ...template } = spec;
  return template;
}
