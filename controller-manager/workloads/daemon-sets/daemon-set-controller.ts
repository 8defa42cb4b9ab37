/**
 * Keeps one pod of each DaemonSet on every node that it is for, and brings them to the set's newest template.
 *
 *   history ─► claim pods ─► each node (daemon-plan.ts) ─► when all have theirs: updates ─► old revisions go ─► status
 *
 * Invariants:
 * - It acts only when the cache has seen all that it made and deleted before (expectations).
 * - A set whose pods the API server refuses as they are says so in its status, and waits until it changes.
 */

import { isDeepStrictEqual } from 'node:util';
import { equalJson } from '../../../api/json-record.ts';
import { matchesLabelSelector } from '../../../api/label-selector.ts';
import { keyOf } from '../../../api/object.ts';
import { controllerRevisions, daemonSets } from '../../../api/resources/apps.ts';
import { nodes, pods } from '../../../api/resources/core.ts';
import { isInvalid } from '../../../api/status-error.ts';
import type { ControllerRevision, DaemonSet } from '../../../api/types/apps/v1.ts';
import type { Node, Pod } from '../../../api/types/core/v1.ts';
import { errorText } from '../../../base/error-text.ts';
import { changedCopy } from '../../../client/changed-copy.ts';
import { type Controller, keyOfChange } from '../../../client/controller.ts';
import type { Recorder } from '../../../client/event-recorder.ts';
import { Expectations } from '../../../client/expectations.ts';
import { ifPresent } from '../../../client/if-present.ts';
import type { Cached, Informer, ObjectChange } from '../../../client/object-cache.ts';
import { type Reconciler, type Result, TerminalError } from '../../../client/reconciler.ts';
import type { ControllerContext } from '../../controller-context.ts';
import { msUntilNextAvailable } from '../../pods/pod-availability.ts';
import { podIndexes } from '../../pods/pod-indexes.ts';
import { keysOfPodChange } from '../owned-pod-changes.ts';
import { claimOwned, controllerOf } from '../ownership.ts';
import { PodMaker } from '../pod-maker.ts';
import { type History, RevisionHistory } from '../revisions/revision-history.ts';
import { revisionIndexes } from '../revisions/revision-indexes.ts';
import { planTruncation } from '../revisions/revision-plan.ts';
import { type DaemonWorld, type FinishedPod, type NodeView, planNodes, planUpdates, viewNodes } from './daemon-plan.ts';
import {
  daemonIndex,
  generationAnnotation,
  generationLabel,
  placementRule,
  revisionLabel,
  templateFor,
} from './daemon-pod.ts';
import { computeDaemonStatus } from './daemon-status.ts';
import { FailedPodBackoff } from './failed-pod-backoff.ts';

type CachedSet = Cached<DaemonSet>;

interface Informers {
  readonly sets: Informer<DaemonSet>;
  readonly pods: Informer<Pod>;
  readonly nodes: Informer<Node>;
  readonly revisions: Informer<ControllerRevision>;
}

export function createDaemonSetController(context: ControllerContext): Controller {
  const { informers: shared } = context;
  const informers: Informers = {
    sets: shared.of(daemonSets),
    pods: shared.of(pods, { indexers: { ...podIndexes.indexers, ...daemonIndex.indexers } }),
    nodes: shared.of(nodes),
    revisions: shared.of(controllerRevisions, revisionIndexes),
  };
  const reconciler = new DaemonSetReconciler(context, informers);
  return context
    .controller({ reconciler })
    .watch(informers.sets, (change) => {
      if (change.type === 'deleted') reconciler.forget(change.previous.metadata.uid);
      return keyOfChange(change);
    })
    .watch(informers.pods, (change) => reconciler.keysOfPod(change))
    .watch(informers.nodes, (change) => reconciler.keysOfNode(change))
    .watch(informers.revisions, (change) => reconciler.keysOfRevision(change));
}

/** What came of one look at a set. */
interface Outcome {
  readonly acted: boolean;
  /** Milliseconds until a failed pod may be replaced. */
  readonly waitMs?: number | undefined;
  readonly error?: unknown;
}

class DaemonSetReconciler implements Reconciler {
  readonly #context: Pick<ControllerContext, 'client' | 'clock'>;
  readonly #informers: Informers;
  readonly #recorder: Recorder;
  readonly #expectations: Expectations;
  readonly #history: RevisionHistory<DaemonSet>;
  readonly #maker: PodMaker;
  readonly #backoff: FailedPodBackoff;

  constructor({ client, clock, events }: ControllerContext, informers: Informers) {
    this.#context = { client, clock };
    this.#informers = informers;
    this.#recorder = events.from('daemonset-controller');
    this.#expectations = new Expectations(clock);
    this.#backoff = new FailedPodBackoff(clock);
    const { revisions } = informers;
    this.#history = new RevisionHistory({ client, ownerKind: daemonSets, revisions, hashLabel: revisionLabel });
    this.#maker = new PodMaker({ client, recorder: this.#recorder, expectations: this.#expectations });
  }

  forget(uid: string): void {
    this.#maker.forget(uid);
  }

  keysOfPod(change: ObjectChange<Pod>): string[] {
    return keysOfPodChange(change, {
      ownerKind: daemonSets.kind,
      expectations: this.#expectations,
      keysOfAdopters: ({ metadata }) =>
        [...this.#informers.sets.list(metadata.namespace)]
          .filter(({ spec }) => matchesLabelSelector(spec?.selector, metadata.labels ?? {}))
          .map(keyOf),
    });
  }

  keysOfRevision({ previous, next }: ObjectChange<ControllerRevision>): string[] {
    const owners = [previous, next].map((revision) => revision && controllerOf(revision));
    const keys = owners.flatMap((owner) =>
      owner?.kind === daemonSets.kind ? [`${(next ?? previous)?.metadata.namespace}/${owner.name}`] : [],
    );
    return [...new Set(keys)];
  }

  /** Sets that lack a pod on the node, or have one that may not stay. A node that is gone takes its pods with it. */
  keysOfNode({ previous, next: node }: ObjectChange<Node>): string[] {
    if (node === undefined || (previous !== undefined && isAlike(previous, node))) return [];
    const sets = [...this.#informers.sets.list()];
    return sets.filter((set) => this.#concerns(set, node)).map(keyOf);
  }

  #concerns(set: CachedSet, node: Cached<Node>): boolean {
    const { shouldRun, mayStay } = placementRule(set)(node);
    const there = this.#informers.pods.byIndex('daemon', `${set.metadata.uid}/${node.metadata.name}`);
    return there.length > 0 ? !mayStay : shouldRun;
  }

  async reconcile(key: string): Promise<Result> {
    const set = this.#informers.sets.get(key);
    if (set === undefined || set.metadata.deletionTimestamp !== undefined) return {};
    const isSettled = this.#expectations.fulfilled(set.metadata.uid);
    const history = await this.#history.sync(set);
    const world: DaemonWorld = {
      set,
      nodes: [...this.#informers.nodes.list()],
      pods: await this.#claimPods(set),
      isUpdated: templateTest(set, history),
      now: this.#context.clock.now(),
    };
    const views = viewNodes(world);
    const outcome = isSettled ? await this.#act(world, views, history) : { acted: false };
    await this.#writeStatus(world, views, history, outcome);
    if (outcome.error !== undefined) throw asTerminal(outcome.error);
    const waits = [outcome.waitMs, msUntilNextAvailable(world.pods, set.spec?.minReadySeconds ?? 0, world.now)];
    const known = waits.filter((wait) => wait !== undefined);
    return known.length > 0 ? { requeueAfterMs: Math.min(...known) } : {};
  }

  async #claimPods(set: CachedSet): Promise<Cached<Pod>[]> {
    return await claimOwned<DaemonSet, Pod>({
      client: this.#context.client,
      ownerKind: daemonSets,
      owner: set,
      kind: pods,
      cache: this.#informers.pods,
      matches: (labels) => matchesLabelSelector(set.spec?.selector, labels),
    });
  }

  async #act(world: DaemonWorld, views: readonly NodeView[], history: History): Promise<Outcome> {
    const plan = planNodes(views, world);
    const { victims, waitMs } = this.#replaceFinished(world.set, plan);
    const deletions = [...plan.delete, ...victims];
    try {
      await this.#write(world.set, { create: plan.create, delete: deletions }, history);
      // What was just made or deleted is seen first; the changes of those pods bring the set here again.
      if (plan.create.length === 0 && deletions.length === 0) {
        await this.#write(world.set, planUpdates(views, world), history);
      }
      await this.#truncate(world, history);
      return { acted: true, waitMs };
    } catch (error) {
      return { acted: true, waitMs, error };
    }
  }

  async #write(
    set: CachedSet,
    plan: { readonly create: readonly string[]; readonly delete: readonly Cached<Pod>[] },
    { update }: History,
  ): Promise<void> {
    const hash = update.metadata.labels?.[revisionLabel] ?? '';
    const orders = plan.create.map((node) => ({ template: templateFor(set, node, hash), slot: node }));
    const exists = (name: string) => this.#informers.pods.get(`${set.metadata.namespace}/${name}`) !== undefined;
    const results = await Promise.allSettled([
      ...(orders.length > 0 ? [this.#maker.create(set, orders, exists)] : []),
      ...(plan.delete.length > 0 ? [this.#maker.delete(set, plan.delete)] : []),
    ]);
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  /** Which finished pods go now; those that failed wait for their turn. */
  #replaceFinished(
    set: CachedSet,
    { failed, succeeded }: { readonly failed: readonly FinishedPod[]; readonly succeeded: readonly FinishedPod[] },
  ): { readonly victims: readonly Cached<Pod>[]; readonly waitMs: number | undefined } {
    const victims: Cached<Pod>[] = [];
    const waits: number[] = [];
    for (const { node, pod } of failed) {
      const waitMs = this.#backoff.take(`${set.metadata.uid}/${set.status?.observedGeneration}/${node}`);
      if (waitMs > 0) waits.push(waitMs);
      else {
        victims.push(pod);
        const message = `Found failed daemon pod ${keyOf(pod)} on node ${node}, will try to kill it`;
        this.#recorder.record(set, { type: 'Warning', reason: 'FailedDaemonPod', message });
      }
    }
    for (const { node, pod } of succeeded) {
      victims.push(pod);
      const message = `Found succeeded daemon pod ${keyOf(pod)} on node ${node}, will try to delete it`;
      this.#recorder.record(set, { type: 'Normal', reason: 'SucceededDaemonPod', message });
    }
    return { victims, waitMs: waits.length > 0 ? Math.min(...waits) : undefined };
  }

  async #truncate({ set, pods: own }: DaemonWorld, { revisions, update }: History): Promise<void> {
    const hashes = new Set(own.map(({ metadata }) => metadata.labels?.[revisionLabel]));
    const old = revisions.filter((revision) => revision !== update && !equalJson(revision.data, update.data));
    const isLive = ({ metadata }: Cached<ControllerRevision>) => hashes.has(metadata.labels?.[revisionLabel]);
    const limit = set.spec?.revisionHistoryLimit ?? 10;
    await this.#history.delete(planTruncation(old, { limit, isLive, liveCounts: true }));
  }

  async #writeStatus(
    world: DaemonWorld,
    views: readonly NodeView[],
    { collisionCount }: History,
    { acted, error }: Outcome,
  ): Promise<void> {
    const { set } = world;
    const refusal = isInvalid(error) ? errorText(error) : undefined;
    const status = computeDaemonStatus({ world, views, collisionCount, acted, refusal });
    if (isDeepStrictEqual(status, set.status)) return;
    const next = changedCopy<DaemonSet>(set, { status });
    await ifPresent(this.#context.client.update(daemonSets, next, { subresource: 'status' }));
  }
}

/** Its labels and taints say the same: nothing else of a node decides who runs on it. */
const isAlike = (a: Cached<Node>, b: Cached<Node>): boolean =>
  a.metadata.uid === b.metadata.uid &&
  equalJson(a.metadata.labels ?? {}, b.metadata.labels ?? {}) &&
  equalJson(a.spec?.taints ?? [], b.spec?.taints ?? []);

/** By the hash of one of the revisions that hold the template of now, or by the count of templates that old pods have. */
function templateTest({ metadata }: CachedSet, { revisions, update }: History): (pod: Cached<Pod>) => boolean {
  const equal = revisions.filter((revision) => equalJson(revision.data, update.data));
  const hashes = new Set(equal.map((revision) => revision.metadata.labels?.[revisionLabel] ?? ''));
  const generation = metadata.annotations?.[generationAnnotation];
  return (pod) => {
    const { labels = {} } = pod.metadata;
    const isCounted = generation !== undefined && labels[generationLabel] === generation;
    return isCounted || hashes.has(labels[revisionLabel] ?? '-');
  };
}

/** What the API server calls invalid stays so until the set changes. */
const asTerminal = (error: unknown): unknown =>
  isInvalid(error) ? new TerminalError(errorText(error), { cause: error }) : error;
