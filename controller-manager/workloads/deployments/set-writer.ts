/** Makes, changes and deletes the ReplicaSets of Deployments, and tells the Deployments' users. */

import { isTerminatingNamespaceError } from '../../../api/namespace-state.ts';
import { replicaSets } from '../../../api/resources/apps.ts';
import { isAlreadyExists } from '../../../api/status-error.ts';
import type { Deployment, ReplicaSet } from '../../../api/types/apps/v1.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import { errorText } from '../../../base/error-text.ts';
import { changedCopy, sentAsIs } from '../../../client/changed-copy.ts';
import type { Client } from '../../../client/client.ts';
import type { Recorder } from '../../../client/event-recorder.ts';
import { ifPresent } from '../../../client/if-present.ts';
import type { Cached } from '../../../client/object-cache.ts';
import { controllerOf, controllerReference } from '../ownership.ts';
import { reasons } from './deployment-conditions.ts';
import { computeBounds } from './rollout-bounds.ts';
import { sizeOfCurrent, totalSize } from './rollout-plan.ts';
import { annotationsOfCurrent, maxRevision, sizeAnnotations, sizeOf } from './set-history.ts';
import { podTemplateHashLabel, sameTemplate, templateHash } from './template-identity.ts';

type DeploymentView = Cached<Deployment>;
type SetView = Cached<ReplicaSet>;

type NamedSet = ReplicaSet & { metadata: { name: string } };

export type Creation =
  | { readonly type: 'created'; readonly set: SetView }
  /** Made before, and the cache did not know yet. */
  | { readonly type: 'known'; readonly set: SetView }
  /** Another template, or somebody else's ReplicaSet, has the name. */
  | { readonly type: 'collision' }
  | { readonly type: 'namespace-goes' }
  | { readonly type: 'failed'; readonly message: string; readonly error: unknown };

export class SetWriter {
  readonly #client: Client;
  readonly #recorder: Recorder;

  constructor(client: Client, recorder: Recorder) {
    this.#client = client;
    this.#recorder = recorder;
  }

  /** The name follows from the template: however often it is asked for, one ReplicaSet is made of a template. */
  async create(deployment: DeploymentView, old: readonly SetView[], collisions: number | undefined): Promise<Creation> {
    const wanted = newSet(deployment, old, collisions);
    const { name } = wanted.metadata;
    try {
      const set = await this.#client.create<ReplicaSet>(replicaSets, wanted);
      if (sizeOf(set) > 0) this.#tellScaling(deployment, name, 0, sizeOf(set));
      return { type: 'created', set };
    } catch (error) {
      if (isAlreadyExists(error)) return this.#judgeExisting(deployment, name);
      if (isTerminatingNamespaceError(error)) return { type: 'namespace-goes' };
      const message = `Failed to create new replica set "${name}": ${errorText(error)}`;
      this.#recorder.record(deployment, { type: 'Warning', reason: reasons.createFailed, message });
      return { type: 'failed', message, error };
    }
  }

  /** `set` with the Deployment's annotations, the revision and the minimum of ready seconds; no write when it has them. */
  async refreshCurrent(deployment: DeploymentView, set: SetView, old: readonly SetView[]): Promise<SetView> {
    const annotations = annotationsOfCurrent(deployment, set.metadata.annotations, maxRevision(old) + 1n);
    const minReadySeconds = deployment.spec?.minReadySeconds ?? 0;
    if (annotations === set.metadata.annotations && (set.spec?.minReadySeconds ?? 0) === minReadySeconds) return set;
    return this.#update(set, { annotations, spec: { minReadySeconds } });
  }

  /** `set` in another size, with what the Deployment wants noted on it; no write when nothing of it changes. */
  async resize(deployment: DeploymentView, set: SetView, to: number): Promise<SetView> {
    const from = sizeOf(set);
    const known = set.metadata.annotations;
    const noted = sizeAnnotations(computeBounds(deployment.spec));
    if (from === to && Object.entries(noted).every(([name, value]) => known?.[name] === value)) return set;
    const next = await this.#update(set, { annotations: { ...known, ...noted }, spec: { replicas: to } });
    if (from !== to) this.#tellScaling(deployment, set.metadata.name, from, to);
    return next;
  }

  async delete(set: SetView): Promise<void> {
    const { namespace, name, uid, resourceVersion } = set.metadata;
    await ifPresent(this.#client.delete(replicaSets, { namespace, name }, { uid, resourceVersion }));
  }

  async #judgeExisting(deployment: DeploymentView, name: string): Promise<Creation> {
    const set = await this.#client.get(replicaSets, { namespace: deployment.metadata.namespace, name });
    const isOurs = controllerOf(set)?.uid === deployment.metadata.uid;
    return isOurs && sameTemplate(set.spec?.template, deployment.spec?.template)
      ? { type: 'known', set }
      : { type: 'collision' };
  }

  async #update(
    set: SetView,
    { annotations, spec }: { annotations: Readonly<Record<string, string>>; spec: Partial<ReplicaSet['spec']> },
  ): Promise<SetView> {
    const changes: DeepReadonly<Partial<ReplicaSet>> = {
      metadata: { ...set.metadata, annotations },
      ...(set.spec && { spec: { ...set.spec, ...spec } }),
    };
    return this.#client.update(replicaSets, changedCopy(set, changes));
  }

  #tellScaling(deployment: DeploymentView, name: string, from: number, to: number): void {
    const message = `Scaled ${to > from ? 'up' : 'down'} replica set ${name} from ${from} to ${to}`;
    this.#recorder.record(deployment, { type: 'Normal', reason: 'ScalingReplicaSet', message });
  }
}

function newSet(deployment: DeploymentView, old: readonly SetView[], collisions: number | undefined): NamedSet {
  const { metadata, spec } = deployment;
  const bounds = computeBounds(spec);
  const hash = templateHash(spec?.template, collisions);
  const labels = { ...spec?.template?.metadata?.labels, [podTemplateHashLabel]: hash };
  const annotations = annotationsOfCurrent(deployment, undefined, maxRevision(old) + 1n);
  const selector = { ...spec?.selector, matchLabels: { ...spec?.selector?.matchLabels, [podTemplateHashLabel]: hash } };
  return sentAsIs<NamedSet>({
    metadata: {
      name: `${metadata.name}-${hash}`,
      ...(metadata.namespace !== undefined && { namespace: metadata.namespace }),
      labels,
      annotations: { ...annotations, ...sizeAnnotations(bounds) },
      ownerReferences: [controllerReference(deployment)],
    },
    spec: {
      replicas: sizeOfCurrent(0, totalSize(old), bounds, spec?.strategy?.type ?? ''),
      minReadySeconds: spec?.minReadySeconds ?? 0,
      selector,
      template: { ...spec?.template, metadata: { ...spec?.template?.metadata, labels } },
    },
  });
}
