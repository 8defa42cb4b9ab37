/**
 * Moves pods of workloads that ask for it to nodes that came back, gently: one pod at a time, the new one first, through
 * the eviction API. An addition of Longshore (docs/rebalancing.md).
 *
 *   look ─► mark the pod ─► its set makes one more ─► that one serves, and is better placed ─► evict ─► pause
 *                                                  └► else: the new one goes, the mark is taken off
 *
 * Invariants:
 * - There is one move in the whole cluster at a time; the mark on the pod is all that is known of it.
 * - A pod is evicted only while its set has as many available ones besides it as it asks for.
 * - What a completed move has changed no later move undoes (placement.ts).
 */

import { isPodActive } from '../../api/pods.ts';
import { deployments, replicaSets } from '../../api/resources/apps.ts';
import { nodes, pods, replicationControllers } from '../../api/resources/core.ts';
import { StatusError } from '../../api/status-error.ts';
import { formatTime } from '../../api/time.ts';
import type { Node, Pod } from '../../api/types/core/v1.ts';
import { compareText } from '../../base/compare.ts';
import type { Controller } from '../../client/controller.ts';
import { BoundedMap } from '../../client/event-correlator.ts';
import type { Recorder } from '../../client/event-recorder.ts';
import { ifPresent } from '../../client/if-present.ts';
import type { Cached, ObjectCache } from '../../client/object-cache.ts';
import type { Reconciler, Result } from '../../client/reconciler.ts';
import type { ControllerContext } from '../controller-context.ts';
import { msUntilAvailable } from '../pods/pod-availability.ts';
import { podIndexes } from '../pods/pod-indexes.ts';
import { isMoving, movingAnnotation, movingSince } from '../pods/pod-move.ts';
import { controllerOf, ownerIndexes } from '../workloads/ownership.ts';
import { deletionCostAnnotation } from '../workloads/pod-ranking.ts';
import { isMovable, isOpen, mayGo, placedPod, roomOf } from './node-rooms.ts';
import { Placement } from './placement.ts';
import { bestMove, planMove } from './rebalance-plan.ts';
import { type RebalancedSet, rebalancedSets, type SetCaches, type SetOwner, wishOf } from './rebalanced-sets.ts';

const everything = 'cluster';
const lookEveryMs = 10_000;
/** A node that came back has to stay for so long before pods move to it. */
const settleMs = 300_000;
/** Between two moves. */
const pauseMs = 30_000;
/** A workload whose move was given up is left alone for so long. */
const restMs = 3_600_000;
/** Deleted before every other pod of its set. */
const cheapest = String(-(2 ** 31));

/** So many sets are remembered by what a dry run told. */
const mostTold = 4096;

const movingIndex = { moving: (pod: Cached<Pod>): string[] => (isMoving(pod) ? [everything] : []) };

interface Caches extends SetCaches {
  readonly nodes: ObjectCache<Node>;
}

export function createPodRebalancerController(context: ControllerContext): Controller {
  const { informers } = context;
  const caches = {
    deployments: informers.of(deployments),
    replicaSets: informers.of(replicaSets, ownerIndexes),
    controllers: informers.of(replicationControllers),
    pods: informers.of(pods, { indexers: { ...podIndexes.indexers, ...movingIndex } }),
    nodes: informers.of(nodes),
  };
  return context
    .controller({ reconciler: new Rebalancer(context, caches), workers: 1 })
    .watch(caches.deployments, keysOfOwner)
    .watch(caches.replicaSets, keysOfOwner)
    .watch(caches.controllers, keysOfOwner)
    .watch(caches.pods, ({ previous, next }) => (isMarked(previous) || isMarked(next) ? [everything] : []))
    .watch(caches.nodes, () => []);
}

interface OwnerChange {
  readonly previous?: SetOwner | undefined;
  readonly next?: SetOwner | undefined;
}

const keysOfOwner = ({ previous, next }: OwnerChange): string[] =>
  [previous, next].some((owner) => owner !== undefined && wishOf(owner) !== undefined) ? [everything] : [];

const isMarked = (pod: Cached<Pod> | undefined): boolean => pod !== undefined && isMoving(pod);

class Rebalancer implements Reconciler {
  readonly #context: Pick<ControllerContext, 'client' | 'clock'>;
  readonly #caches: Caches;
  readonly #recorder: Recorder;
  /** By name, since when a node takes pods: monotonic. */
  readonly #openSince = new Map<string, number>();
  /** By the uid of a set, when its last move was given up: monotonic. */
  readonly #givenUpAt = new Map<string, number>();
  /** By the uid of a set, what a dry run told last. */
  readonly #told = new BoundedMap<string>(mostTold);
  #idleSince = Number.NEGATIVE_INFINITY;

  constructor({ client, clock, events }: ControllerContext, caches: Caches) {
    this.#context = { client, clock };
    this.#caches = caches;
    this.#recorder = events.from('pod-rebalancer-controller');
  }

  async reconcile(): Promise<Result> {
    const sets = [...rebalancedSets(this.#caches)];
    const moving = this.#caches.pods.byIndex('moving', everything);
    if (sets.length === 0 && moving.length === 0) return {};
    const now = this.#context.clock.monotonic();
    this.#noteNodes(now);
    for (const pod of moving) await this.#goOn(pod, sets);
    if (moving.length > 0) this.#idleSince = now;
    else if (now - this.#idleSince >= pauseMs) await this.#begin(sets, now);
    return { requeueAfterMs: lookEveryMs };
  }

  #noteNodes(now: number): void {
    const open = [...this.#caches.nodes.list()].filter(isOpen).map(({ metadata }) => metadata.name);
    const names = new Set(open);
    for (const name of this.#openSince.keys()) if (!names.has(name)) this.#openSince.delete(name);
    for (const name of names) if (!this.#openSince.has(name)) this.#openSince.set(name, now);
  }

  #placement(except?: Cached<Pod>): Placement {
    const all = [...this.#caches.pods.list()].filter((pod) => pod.spec?.nodeName && isPodActive(pod) && pod !== except);
    return new Placement([...this.#caches.nodes.list()].map(roomOf), all.map(placedPod));
  }

  async #begin(sets: readonly RebalancedSet[], now: number): Promise<void> {
    const targets = [...this.#openSince].filter(([, since]) => now - since >= settleMs).map(([name]) => name);
    if (targets.length === 0) return;
    const placement = this.#placement();
    for (const dryRun of [false, true]) {
      const chosen = sets.filter((set) => set.isDryRun === dryRun && this.#mayBegin(set, now));
      const known = new Map(chosen.flatMap((set) => set.pods.map((pod) => [pod.metadata.uid, { set, pod }] as const)));
      const candidates = [...known.values()].filter(({ pod }) => isMovable(pod)).map(({ pod }) => placedPod(pod));
      const move = bestMove(placement, {
        candidates,
        targets,
        mayGo: ({ uid }, to) => this.#mayGo(known.get(uid)?.pod, to),
      });
      const found = move && known.get(move.pod.uid);
      if (move !== undefined && found !== undefined) await this.#start(found, move.to);
    }
  }

  /** All of its pods serve, and none is on its way. */
  #mayBegin({ uid, isAtRest, pods: own, replicas, minReadySeconds }: RebalancedSet, now: number): boolean {
    const givenUpAt = this.#givenUpAt.get(uid) ?? Number.NEGATIVE_INFINITY;
    return isAtRest && now - givenUpAt >= restMs && this.#countAvailable(own, minReadySeconds) >= replicas;
  }

  #mayGo(pod: Cached<Pod> | undefined, to: string): boolean {
    const node = this.#caches.nodes.get(to);
    return pod !== undefined && node !== undefined && mayGo(pod, node);
  }

  #countAvailable(own: readonly Cached<Pod>[], minReadySeconds: number): number {
    const now = this.#context.clock.now();
    return own.filter((pod) => msUntilAvailable(pod, minReadySeconds, now) === 0).length;
  }

  async #start({ set, pod }: { readonly set: RebalancedSet; readonly pod: Cached<Pod> }, to: string): Promise<void> {
    const { name, namespace, uid, resourceVersion } = pod.metadata;
    const from = pod.spec?.nodeName;
    if (set.isDryRun) {
      const message = `Would move pod ${name} from node ${from}: node ${to} could take it`;
      if (this.#told.get(set.uid) === message) return;
      this.#told.set(set.uid, message);
      this.#tell(set, 'WouldMovePod', message);
      return;
    }
    const annotations = { [movingAnnotation]: formatTime(this.#context.clock.now()) };
    const body = { metadata: { uid, resourceVersion, annotations } };
    const marked = await ifPresent(this.#context.client.patch(pods, { namespace, name }, { type: 'merge', body }));
    if (marked === undefined) return;
    this.#tell(
      set,
      'MovingPod',
      `Moves pod ${name} from node ${from}, as node ${to} could take it: a new one comes first`,
    );
  }

  async #goOn(pod: Cached<Pod>, sets: readonly RebalancedSet[]): Promise<void> {
    if (!isPodActive(pod)) return; // it goes
    const uid = controllerOf(pod)?.uid;
    const set = sets.find((one) => one.uid === uid && one.isAtRest && !one.isDryRun);
    const others = set?.pods.filter((other) => other.metadata.uid !== pod.metadata.uid) ?? [];
    const newest = this.#newest(pod, others);
    const target = newest?.spec?.nodeName;
    const since = movingSince(pod);
    const step = planMove({
      replicas: set?.replicas,
      others: others.length,
      available: this.#countAvailable(others, set?.minReadySeconds ?? 0),
      isBetter: target ? this.#placement(newest).gainOf(placedPod(pod), target) !== undefined : undefined,
      elapsedMs: since === undefined ? Number.POSITIVE_INFINITY : this.#context.clock.now() - since,
    });
    if (step.type === 'evict' && (await this.#evict(pod)) && set !== undefined)
      this.#tell(set, 'MovedPod', `Moved pod ${pod.metadata.name} from node ${pod.spec?.nodeName} to ${target}`);
    if (step.type === 'give up') await this.#giveUp(pod, newest, { set, because: step.because });
  }

  /** The one that was made since: undefined while there is none. */
  #newest(pod: Cached<Pod>, others: readonly Cached<Pod>[]): Cached<Pod> | undefined {
    const since = pod.metadata.annotations?.[movingAnnotation] ?? '';
    return others
      .filter(({ metadata }) => compareText(metadata.creationTimestamp, since) >= 0)
      .sort((a, b) => compareText(b.metadata.creationTimestamp, a.metadata.creationTimestamp))[0];
  }

  /** False: a budget says no, for now. */
  async #evict({ metadata }: Cached<Pod>): Promise<boolean> {
    const { namespace = '', name, uid } = metadata;
    const eviction = {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { namespace, name },
      deleteOptions: { preconditions: { uid } },
    };
    try {
      const { client } = this.#context;
      await ifPresent(client.createSubresource(pods, { namespace, name }, 'eviction', eviction));
      return true;
    } catch (error) {
      if (error instanceof StatusError && error.code === 429) return false;
      throw error;
    }
  }

  /** The new pod is what the set has too many of, so it is made the first to go. */
  async #giveUp(
    pod: Cached<Pod>,
    newest: Cached<Pod> | undefined,
    { set, because }: { readonly set: RebalancedSet | undefined; readonly because: string },
  ): Promise<void> {
    if (newest !== undefined) await this.#annotate(newest, { [deletionCostAnnotation]: cheapest });
    await this.#annotate(pod, { [movingAnnotation]: null });
    const uid = controllerOf(pod)?.uid ?? '';
    this.#givenUpAt.set(uid, this.#context.clock.monotonic());
    if (set !== undefined) this.#tell(set, 'MoveGivenUp', `Pod ${pod.metadata.name} stays: ${because}`);
  }

  async #annotate(
    { metadata: { namespace, name, uid } }: Cached<Pod>,
    annotations: Readonly<Record<string, string | null>>,
  ): Promise<void> {
    const body = { metadata: { uid, annotations } };
    await ifPresent(this.#context.client.patch(pods, { namespace, name }, { type: 'merge', body }));
  }

  #tell({ owner }: RebalancedSet, reason: string, message: string): void {
    this.#recorder.record(owner, { type: 'Normal', reason, message });
  }
}
