/**
 * Keeps the pods of StatefulSets: named, in order, each with its own claims, and brought to the set's newest revision.
 *
 *   history ─► claim pods ─► plan (stateful-plan.ts) ─► do it, step by step ─► status ─► old revisions go
 *
 * Invariants:
 * - It acts only when the cache has seen all that it made and deleted before (expectations).
 * - A set whose pods the API server refuses as they are says so in its status, and waits until it changes.
 */

import { isDeepStrictEqual } from 'node:util';
import { matchesLabelSelector } from '../../../api/label-selector.ts';
import { isTerminatingNamespaceError } from '../../../api/namespace-state.ts';
import { keyOf } from '../../../api/object.ts';
import { controllerRevisions, statefulSets } from '../../../api/resources/apps.ts';
import { persistentVolumeClaims, pods } from '../../../api/resources/core.ts';
import { isInvalid } from '../../../api/status-error.ts';
import type { ControllerRevision, StatefulSet } from '../../../api/types/apps/v1.ts';
import type { PersistentVolumeClaim, Pod } from '../../../api/types/core/v1.ts';
import { errorText } from '../../../base/error-text.ts';
import { changedCopy } from '../../../client/changed-copy.ts';
import { type Controller, keyOfChange } from '../../../client/controller.ts';
import { Expectations } from '../../../client/expectations.ts';
import { ifPresent } from '../../../client/if-present.ts';
import type { Cached, Informer, ObjectChange } from '../../../client/object-cache.ts';
import { type Reconciler, type Result, TerminalError } from '../../../client/reconciler.ts';
import type { ControllerContext } from '../../controller-context.ts';
import { msUntilNextAvailable } from '../../pods/pod-availability.ts';
import { podIndexes } from '../../pods/pod-indexes.ts';
import { keysOfPodChange } from '../owned-pod-changes.ts';
import { claimOwned } from '../ownership.ts';
import { type History, RevisionHistory } from '../revisions/revision-history.ts';
import { revisionIndexes } from '../revisions/revision-indexes.ts';
import { planTruncation, templateOfRevision } from '../revisions/revision-plan.ts';
import { claimTemplates, ordinalOf, revisionLabel } from './identity.ts';
import { planStatefulSet, type StatefulStep } from './stateful-plan.ts';
import { computeStatefulStatus } from './stateful-status.ts';
import { type PodRevisions, StatefulWriter } from './stateful-writer.ts';

type CachedSet = Cached<StatefulSet>;

interface Informers {
  readonly sets: Informer<StatefulSet>;
  readonly pods: Informer<Pod>;
  readonly claims: Informer<PersistentVolumeClaim>;
  readonly revisions: Informer<ControllerRevision>;
}

export function createStatefulSetController(context: ControllerContext): Controller {
  const { informers: shared } = context;
  const informers: Informers = {
    sets: shared.of(statefulSets),
    pods: shared.of(pods, podIndexes),
    claims: shared.of(persistentVolumeClaims),
    revisions: shared.of(controllerRevisions, revisionIndexes),
  };
  const reconciler = new StatefulSetReconciler(context, informers);
  return context
    .controller({ reconciler })
    .watch(informers.sets, (change) => {
      if (change.type === 'deleted') reconciler.forget(change.previous.metadata.uid);
      return keyOfChange(change);
    })
    .watch(informers.pods, (change) => reconciler.keysOfPod(change))
    .watch(informers.claims, (change) => (change.type === 'deleted' ? reconciler.keysOfClaim(change.previous) : []))
    .watch(informers.revisions, () => []);
}

/** What came of the steps. */
interface Outcome {
  /** Pods that were deleted because they are outdated. */
  readonly replaced: readonly Cached<Pod>[];
  readonly error?: unknown;
}

class StatefulSetReconciler implements Reconciler {
  readonly #context: Pick<ControllerContext, 'client' | 'clock'>;
  readonly #informers: Informers;
  readonly #expectations: Expectations;
  readonly #history: RevisionHistory<StatefulSet>;
  readonly #writer: StatefulWriter;

  constructor({ client, clock, events }: ControllerContext, informers: Informers) {
    const recorder = events.from('statefulset-controller');
    const { revisions, claims } = informers;
    this.#context = { client, clock };
    this.#informers = informers;
    this.#expectations = new Expectations(clock);
    const hashLabel = 'controller.kubernetes.io/hash';
    this.#history = new RevisionHistory({ client, ownerKind: statefulSets, revisions, hashLabel });
    this.#writer = new StatefulWriter({ client, recorder, expectations: this.#expectations, claims });
  }

  forget(uid: string): void {
    this.#expectations.forget(uid);
  }

  keysOfPod(change: ObjectChange<Pod>): string[] {
    return keysOfPodChange(change, {
      ownerKind: statefulSets.kind,
      expectations: this.#expectations,
      keysOfAdopters: (pod) => this.#setsOf(pod.metadata.namespace).filter(adopts(pod)).map(keyOf),
    });
  }

  /** A claim that is gone may be what a pod of its name waits for. */
  keysOfClaim({ metadata }: Cached<PersistentVolumeClaim>): string[] {
    const isOf = (set: CachedSet) =>
      claimTemplates(set).some((template) =>
        metadata.name.startsWith(`${template.metadata?.name}-${set.metadata.name}-`),
      );
    return this.#setsOf(metadata.namespace).filter(isOf).map(keyOf);
  }

  async reconcile(key: string): Promise<Result> {
    const set = this.#informers.sets.get(key);
    if (set === undefined) return {};
    const isSettled = this.#expectations.fulfilled(set.metadata.uid);
    const history = await this.#history.sync(set);
    const revisions = revisionsOf(set, history);
    const own = await this.#claimPods(set);
    const outcome = isSettled ? await this.#act(set, own, revisions) : { replaced: [] };
    await this.#writeStatus(set, own, { history, revisions, outcome });
    await this.#truncate(set, own, history, revisions);
    if (outcome.error !== undefined) throw asTerminal(outcome.error);
    const waitMs = msUntilNextAvailable(own, set.spec?.minReadySeconds ?? 0, this.#context.clock.now());
    return waitMs === undefined ? {} : { requeueAfterMs: waitMs };
  }

  #setsOf(namespace: string | undefined): CachedSet[] {
    return [...this.#informers.sets.list(namespace)];
  }

  async #claimPods(set: CachedSet): Promise<Cached<Pod>[]> {
    return await claimOwned<StatefulSet, Pod>({
      client: this.#context.client,
      ownerKind: statefulSets,
      owner: set,
      kind: pods,
      cache: this.#informers.pods,
      matches: (labels) => matchesLabelSelector(set.spec?.selector, labels),
      isCandidate: (pod) => ordinalOf(set, pod) !== undefined,
    });
  }

  /** Step by step up to the first error: what comes later may depend on what came before. */
  async #act(set: CachedSet, own: readonly Cached<Pod>[], revisions: PodRevisions): Promise<Outcome> {
    const steps = planStatefulSet({
      set,
      pods: own,
      current: revisions.current.name,
      update: revisions.update.name,
      claim: (name) => this.#informers.claims.get(`${set.metadata.namespace}/${name}`),
      now: this.#context.clock.now(),
    });
    const replaced: Cached<Pod>[] = [];
    for (const batch of batchesOf(steps, set)) {
      const results = await Promise.allSettled(batch.map((step) => this.#writer.apply(set, step, revisions)));
      replaced.push(...batch.flatMap((step) => (step.type === 'delete' && step.outdated ? [step.pod] : [])));
      const failed = results.find((result) => result.status === 'rejected');
      if (failed === undefined) continue;
      return isTerminatingNamespaceError(failed.reason) ? { replaced } : { replaced, error: failed.reason };
    }
    return { replaced };
  }

  async #writeStatus(
    set: CachedSet,
    own: readonly Cached<Pod>[],
    { history, revisions, outcome }: { history: History; revisions: PodRevisions; outcome: Outcome },
  ): Promise<void> {
    const { client, clock } = this.#context;
    const status = computeStatefulStatus({
      set,
      pods: own,
      current: revisions.current.name,
      update: revisions.update.name,
      collisionCount: history.collisionCount,
      replaced: outcome.replaced,
      refusal: isInvalid(outcome.error) ? errorText(outcome.error) : undefined,
      now: clock.now(),
    });
    if (isDeepStrictEqual(status, set.status)) return;
    await ifPresent(client.update(statefulSets, changedCopy<StatefulSet>(set, { status }), { subresource: 'status' }));
  }

  async #truncate(
    set: CachedSet,
    own: readonly Cached<Pod>[],
    { revisions: known }: History,
    { current, update }: PodRevisions,
  ): Promise<void> {
    const live = new Set([current.name, update.name, ...own.map(({ metadata }) => metadata.labels?.[revisionLabel])]);
    const isLive = ({ metadata }: Cached<ControllerRevision>) => live.has(metadata.name);
    await this.#history.delete(planTruncation(known, { limit: set.spec?.revisionHistoryLimit ?? 10, isLive }));
  }
}

const adopts =
  (pod: Cached<Pod>) =>
  (set: CachedSet): boolean =>
    ordinalOf(set, pod) !== undefined && matchesLabelSelector(set.spec?.selector, pod.metadata.labels ?? {});

/** The revision that the set comes from, by its status; one that is lost, or holds no template, is the newest instead. */
function revisionsOf(set: CachedSet, { revisions, update: newest }: History): PodRevisions {
  const template = set.spec?.template ?? {};
  const update = { name: newest.metadata.name, template };
  const before = revisions.find(({ metadata }) => metadata.name === set.status?.currentRevision);
  const earlier = before === undefined || before === newest ? undefined : templateOfRevision(before);
  if (before === undefined || earlier === undefined) return { update, current: update };
  return { update, current: { name: before.metadata.name, template: earlier } };
}

/** One after the other; in Parallel what is made or deleted in batches of 1, 2, 4 …, so that a refusal is met once. */
function* batchesOf(steps: readonly StatefulStep[], { spec }: CachedSet): Iterable<readonly StatefulStep[]> {
  const isParallel = spec?.podManagementPolicy === 'Parallel';
  for (let [begin, size] = [0, 1]; begin < steps.length; [begin, size] = [begin + size, isParallel ? size * 2 : 1]) {
    yield steps.slice(begin, begin + size);
  }
}

/** What the API server calls invalid stays so until the set changes. */
const asTerminal = (error: unknown): unknown =>
  isInvalid(error) ? new TerminalError(errorText(error), { cause: error }) : error;
