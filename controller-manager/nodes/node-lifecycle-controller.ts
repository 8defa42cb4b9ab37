/**
 * Notices nodes that fall silent, says so, and keeps pods away from nodes that are not well.
 *
 *   Lease renewed ──► well
 *   silent for the grace time ──► conditions Unknown, pods not ready, taint unreachable ──(taint-eviction)──► pods leave
 *
 * Invariants:
 * - Silence is measured on our own clock, only while we can hear, and is confirmed by one read before it is believed.
 * - Nodes are given up at a bounded pace, and none when no node at all is ready (node-lifecycle-plan.ts).
 */

import { isNodeReady, nodeCondition, nodeReadiness } from '../../api/nodes.ts';
import { isPodFinished, isPodReady } from '../../api/pods.ts';
import { leases } from '../../api/resources/coordination.ts';
import { nodes, pods } from '../../api/resources/core.ts';
import type { Lease } from '../../api/types/coordination/v1.ts';
import type { Node, Pod } from '../../api/types/core/v1.ts';
import { changedCopy } from '../../client/changed-copy.ts';
import { type Controller, keyOfChange, objectOfChange } from '../../client/controller.ts';
import type { Recorder } from '../../client/event-recorder.ts';
import { ifPresent } from '../../client/if-present.ts';
import type { Cached, Informer, ObjectChange } from '../../client/object-cache.ts';
import type { Reconciler, Result } from '../../client/reconciler.ts';
import type { ControllerContext } from '../controller-context.ts';
import { podIndexes } from '../pods/pod-indexes.ts';
import { ClockSkews, computeSkewCondition } from './clock-skew.ts';
import { Heartbeats } from './heartbeats.ts';
import { computeSilentConditions, computeTaints, noExecuteKey } from './node-conditions.ts';
import {
  computeNotReadyConditions,
  computeOldLabels,
  countZones,
  EvictionPace,
  judgeEviction,
} from './node-lifecycle-plan.ts';

const leaseNamespace = 'kube-node-lease';
/** While we cannot hear, or a node waits for its turn to be given up. */
const lookAgainMs = 10_000;
const podsAtOnce = 16;

export interface NodeLifecycleSettings {
  /** A node is Unknown when its Lease was not renewed for so long. */
  readonly nodeGraceMs: number;
}

interface Parts extends Pick<ControllerContext, 'client' | 'clock' | 'events'> {
  readonly settings: NodeLifecycleSettings;
  readonly informers: {
    readonly nodes: Informer<Node>;
    readonly leases: Informer<Lease>;
    readonly pods: Informer<Pod>;
  };
}

export function createNodeLifecycleController(context: ControllerContext, settings: NodeLifecycleSettings): Controller {
  const { client, clock, events } = context;
  const informers = {
    nodes: context.informers.of(nodes),
    leases: context.informers.of(leases),
    pods: context.informers.of(pods, podIndexes),
  };
  const lifecycle = new NodeLifecycle({ client, clock, events, settings, informers });
  return context
    .controller({ reconciler: lifecycle })
    .watch(informers.nodes, (change) => {
      lifecycle.noteNode(change.type, objectOfChange(change));
      return isSteady(change) ? keyOfChange(change) : [...keyOfChange(change), ...lifecycle.lostNodes()];
    })
    .watch(informers.leases, (change) => {
      const { metadata, spec } = objectOfChange(change);
      if (metadata.namespace === leaseNamespace && change.type !== 'deleted') {
        lifecycle.heartbeats.note(metadata.name, String(spec?.renewTime), clock.monotonic());
        // What was there when we began to listen may be old.
        if (change.type === 'updated' && lifecycle.skews.note(metadata.name, spec?.renewTime, clock.now()))
          return [metadata.name];
      }
      return [];
    })
    .watch(informers.pods, ({ next }) =>
      next?.spec?.nodeName !== undefined && isPodReady(next) && lifecycle.isSilent(next.spec.nodeName)
        ? [next.spec.nodeName]
        : [],
    );
}

class NodeLifecycle implements Reconciler {
  readonly heartbeats = new Heartbeats();
  readonly skews = new ClockSkews();
  readonly #parts: Parts;
  readonly #recorder: Recorder;
  readonly #pace = new EvictionPace();
  #synced = false;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#recorder = parts.events.from('node-controller');
    void parts.informers.nodes.synced().then(() => {
      this.#synced = true;
    });
  }

  noteNode(type: 'added' | 'updated' | 'deleted', node: Cached<Node>): void {
    const { name } = node.metadata;
    if (type === 'deleted') {
      this.heartbeats.forget(name);
      this.skews.forget(name);
    }
    if (type !== 'deleted') this.#noteStatus(node);
    if (type === 'added' && this.#synced) {
      this.#tell(node, 'RegisteredNode', `Node ${name} event: Registered Node ${name} in Controller`);
    } else if (type === 'deleted') {
      this.heartbeats.forget(`${name}/status`);
      this.#tell(node, 'RemovingNode', `Node ${name} event: Removing Node ${name} from Controller`);
    }
  }

  /** A kubelet is also heard by the status that it writes. Unknown is what we write: whatever follows it is news. */
  #noteStatus(node: Cached<Node>): void {
    const source = `${node.metadata.name}/status`;
    const { status, lastHeartbeatTime } = nodeCondition(node, 'Ready') ?? {};
    if (status === 'Unknown') this.heartbeats.forget(source);
    else this.heartbeats.note(source, `${status} ${lastHeartbeatTime}`, this.#now());
  }

  /** Nodes that wait to be given up, or no longer: what another node says decides it. */
  lostNodes(): string[] {
    const lost = [...this.#parts.informers.nodes.list()].filter((node) => noExecuteKey(node) !== undefined);
    return lost.map(({ metadata }) => metadata.name);
  }

  /** The controller has said that the node is silent. */
  isSilent(name: string): boolean {
    const node = this.#parts.informers.nodes.get(name);
    return node !== undefined && nodeCondition(node, 'Ready')?.status === 'Unknown';
  }

  async reconcile(name: string): Promise<Result> {
    const node = this.#parts.informers.nodes.get(name);
    if (node === undefined || node.metadata.deletionTimestamp !== undefined) return {};
    // The change of its labels, or of its conditions, brings the node here again.
    if (await this.#writeOldLabels(node)) return {};
    await this.#tellSkew(node);
    const leftMs = await this.#msUntilSilent(name);
    if (leftMs === 0 && nodeCondition(node, 'Ready')?.status !== 'Unknown') {
      await this.#declareSilent(node);
      return {};
    }
    if (nodeCondition(node, 'Ready')?.status === 'Unknown') await this.#markPodsNotReady(name);
    const mayEvict = this.#mayEvict(node);
    await this.#writeTaints(node, mayEvict);
    const waiting = noExecuteKey(node) !== undefined && !mayEvict;
    return { requeueAfterMs: waiting || leftMs === 0 ? lookAgainMs : leftMs };
  }

  /** A clock that is wrong is told, and changes nothing else. */
  async #tellSkew(node: Cached<Node>): Promise<void> {
    const { client, clock } = this.#parts;
    const { name } = node.metadata;
    const skew = this.skews.skewMsOf(name);
    const condition = skew && computeSkewCondition(node, skew, clock.now());
    if (condition === undefined) return;
    const body = { status: { conditions: [condition] } };
    await ifPresent(client.patch<Node>(nodes, { name }, { type: 'strategic', body }, { subresource: 'status' }));
  }

  /** 0: it is silent, and the API server has confirmed it. */
  async #msUntilSilent(name: string): Promise<number> {
    const { informers, settings, client } = this.#parts;
    const listeningSince = informers.leases.connectedSince;
    if (listeningSince === undefined) return lookAgainMs;
    const leftMs = () => {
      const now = this.#now();
      const byLease = this.heartbeats.silentForMs(name, listeningSince, now);
      const byStatus = this.heartbeats.silentForMs(`${name}/status`, listeningSince, now);
      const hasLease = informers.leases.get(`${leaseNamespace}/${name}`) !== undefined;
      return Math.max(0, settings.nodeGraceMs - (hasLease ? Math.min(byLease, byStatus) : byStatus));
    };
    if (leftMs() > 0) return leftMs();
    const lease = await ifPresent(client.get(leases, { namespace: leaseNamespace, name }));
    if (lease !== undefined) this.heartbeats.note(name, String(lease.spec?.renewTime), this.#now());
    return leftMs();
  }

  async #declareSilent(node: Cached<Node>): Promise<void> {
    const { client, clock } = this.#parts;
    const { name } = node.metadata;
    const wasReady = isNodeReady(node);
    const conditions = computeSilentConditions(node, clock.now());
    const next = changedCopy<Node>(node, { status: { ...node.status, conditions } });
    await client.update<Node>(nodes, next, { subresource: 'status' });
    if (wasReady) this.#tell(node, 'NodeNotReady', `Node ${name} status is now: NodeNotReady`);
  }

  /** What runs on a silent node may or may not run: nobody should be sent there. */
  async #markPodsNotReady(nodeName: string): Promise<void> {
    const ready = this.#parts.informers.pods
      .byIndex('node', nodeName)
      .filter((pod) => isPodReady(pod) && !isPodFinished(pod));
    while (ready.length > 0) await Promise.all(ready.splice(0, podsAtOnce).map((pod) => this.#markPodNotReady(pod)));
  }

  async #markPodNotReady(pod: Cached<Pod>): Promise<void> {
    const { client, clock } = this.#parts;
    const { namespace, name, resourceVersion } = pod.metadata;
    const conditions = computeNotReadyConditions(pod, clock.now());
    if (conditions === undefined) return;
    const body = { metadata: { resourceVersion }, status: { conditions } };
    const patch = client.patch(pods, { namespace, name }, { type: 'merge', body }, { subresource: 'status' });
    if ((await ifPresent(patch)) === undefined) return;
    this.#recorder.record(pod, { type: 'Warning', reason: 'NodeNotReady', message: 'Node is not ready' });
  }

  /** Whether the taint that drives pods away may be on this node: it stays where it is, and comes at a bounded pace. */
  #mayEvict(node: Cached<Node>): boolean {
    const verdict = judgeEviction(node, countZones(this.#parts.informers.nodes.list()));
    if (verdict.type !== 'paced') return verdict.type === 'allowed';
    return this.#pace.tryTake(verdict.zone, verdict.intervalMs, this.#now());
  }

  /** Whether there was anything to write. */
  async #writeOldLabels(node: Cached<Node>): Promise<boolean> {
    const labels = computeOldLabels(node);
    if (labels === undefined) return false;
    const { name, uid } = node.metadata;
    const body = { metadata: { uid, labels } };
    await ifPresent(this.#parts.client.patch(nodes, { name }, { type: 'merge', body }));
    return true;
  }

  async #writeTaints(node: Cached<Node>, mayEvict: boolean): Promise<void> {
    const { client, clock } = this.#parts;
    const taints = computeTaints(node, { mayEvict, now: clock.now() });
    if (taints === node.spec?.taints || (taints.length === 0 && node.spec?.taints === undefined)) return;
    const { name, resourceVersion } = node.metadata;
    const body = { metadata: { resourceVersion }, spec: { taints: taints.length > 0 ? taints : null } };
    await client.patch(nodes, { name }, { type: 'merge', body });
  }

  #tell(node: Cached<Node>, reason: string, message: string): void {
    this.#recorder.record(node, { type: 'Normal', reason, message });
  }

  #now(): number {
    return this.#parts.clock.monotonic();
  }
}

/** The node is as ready as it was. */
const isSteady = ({ previous, next }: ObjectChange<Node>): boolean =>
  previous !== undefined && next !== undefined && nodeReadiness(previous) === nodeReadiness(next);
