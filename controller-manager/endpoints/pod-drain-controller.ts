/**
 * Says on a deleted pod when no live proxy leads anybody to it any more (`api/pod-drain.ts`), or who is waited for.
 *
 *   pod deleted ─► all its slices say so (revision R) ─► every live proxy has programmed R ─► condition True
 *
 * Invariants:
 * - Whether it has left, and since which revision, is read from the slices at each look: nothing about it has to outlive
 *   this process.
 * - A pod that no Service leads to is not written: its kubelet knows that by itself.
 * - A proxy that does not answer within `patienceMs` holds up the pods of that time, and none after them.
 */

import { keyOf } from '../../api/object.ts';
import { drainBoundOf, drainedCondition, isDrained, usualDrainBoundMs } from '../../api/pod-drain.ts';
import { isPodFinished, isPodTerminating } from '../../api/pods.ts';
import { leases } from '../../api/resources/coordination.ts';
import { nodes, pods, services } from '../../api/resources/core.ts';
import { endpointSlices } from '../../api/resources/discovery.ts';
import { formatTime } from '../../api/time.ts';
import type { Pod, PodCondition } from '../../api/types/core/v1.ts';
import { type Controller, objectOfChange } from '../../client/controller.ts';
import { ifPresent } from '../../client/if-present.ts';
import type { Cached } from '../../client/object-cache.ts';
import type { Result } from '../../client/reconciler.ts';
import type { ControllerContext } from '../controller-context.ts';
import { podIndexes } from '../pods/pod-indexes.ts';
import { computeDeparture } from './pod-drain-plan.ts';
import { ProxyRevisions } from './proxy-revisions.ts';
import { sliceIndexes } from './slice-indexes.ts';

const leaseNamespace = 'kube-node-lease';
/** A wait that is shorter is not worth a write. */
const showAfterMs = 1_000;
const patienceMs = 10_000;
const workers = 16;
/** So many nodes are named. */
const namesShown = 5;

interface Wait {
  readonly since: number;
  /** From which on its slices do not lead to it; undefined: they do still. */
  revision: number | undefined;
  /** When that was seen. */
  leftAt: number | undefined;
}

export function createPodDrainController(context: ControllerContext): Controller {
  const { client, clock, informers: shared } = context;
  const informers = {
    pods: shared.of(pods, podIndexes),
    services: shared.of(services),
    slices: shared.of(endpointSlices, sliceIndexes),
    leases: shared.of(leases),
    nodes: shared.of(nodes),
  };
  const proxies = new ProxyRevisions();
  const waits = new Map<string, Wait>();
  const listening = () => ({ now: clock.monotonic(), since: informers.leases.connectedSince });

  async function reconcile(key: string): Promise<Result> {
    const pod = informers.pods.get(key);
    if (pod === undefined || !mayWait(pod)) {
      waits.delete(key);
      return {};
    }
    const departure = computeDeparture(pod, informers.services.list(pod.metadata.namespace), (service) =>
      informers.slices.byIndex('service', service),
    );
    const now = clock.monotonic();
    const known = waits.get(key);
    if (departure.type === 'none') {
      // Its kubelet may have begun to wait when there still was a Service.
      if (known !== undefined) await say(pod, drained('no Service leads to the pod'));
      waits.delete(key);
      return {};
    }
    const wait = known ?? { since: now, revision: undefined, leftAt: undefined };
    waits.set(key, wait);
    wait.revision = departure.type === 'left' ? departure.revision : undefined;
    if (departure.type === 'pending')
      return await showWait(pod, wait, `EndpointSlices of ${departure.services.join(', ')} still name the pod`);
    wait.leftAt ??= now;
    const behind = proxies.behind(departure.revision, listening());
    const isInVain = behind.length > 0 && now - wait.leftAt >= patienceMs;
    if (behind.length > 0 && !isInVain)
      return await showWait(pod, wait, `proxies of ${namesOf(behind)} may still lead to the pod`);
    if (isInVain) proxies.giveUp(behind);
    await say(
      pod,
      drained(isInVain ? `without an answer of the proxies of ${namesOf(behind)}` : 'no proxy leads to it'),
    );
    waits.delete(key);
    return {};
  }

  async function showWait(pod: Cached<Pod>, { since, leftAt }: Wait, message: string): Promise<Result> {
    const now = clock.monotonic();
    const untilShownMs = since + showAfterMs - now;
    if (untilShownMs > 0) return { requeueAfterMs: untilShownMs };
    await say(pod, { status: 'False', reason: 'WaitingForProxies', message });
    // The message is brought up to date once a second at most; what ends the wait is heard of.
    const untilGivenUpMs = leftAt === undefined ? showAfterMs : leftAt + patienceMs - now;
    return { requeueAfterMs: Math.max(0, Math.min(showAfterMs, untilGivenUpMs)) };
  }

  async function say(pod: Cached<Pod>, verdict: Pick<PodCondition, 'status' | 'reason' | 'message'>): Promise<void> {
    const present = pod.status?.conditions?.find(({ type }) => type === drainedCondition);
    if (present?.status === verdict.status && present?.message === verdict.message) return;
    const { namespace, name, uid } = pod.metadata;
    const condition = { type: drainedCondition, ...verdict, lastTransitionTime: formatTime(clock.now()) };
    const body = { metadata: { uid }, status: { conditions: [condition] } };
    await ifPresent(client.patch(pods, { namespace, name }, { type: 'strategic', body }, { subresource: 'status' }));
  }

  /** Of those who waited for a proxy, the ones that need not any more. */
  function passed(): string[] {
    if (waits.size === 0) return [];
    const lowest = proxies.lowest(listening());
    return [...waits].flatMap(([key, { revision }]) => (revision !== undefined && revision <= lowest ? [key] : []));
  }

  return context
    .controller({ reconciler: { reconcile }, workers })
    .watch(informers.pods, (change) => {
      const pod = objectOfChange(change);
      return change.type === 'deleted' || mayWait(pod) ? [keyOf(pod)] : [];
    })
    .watch(informers.slices, ({ next }) =>
      (next?.endpoints ?? []).flatMap(({ conditions, targetRef }) => {
        const key = `${next?.metadata.namespace}/${targetRef?.name}`;
        return conditions?.terminating && waits.has(key) ? [key] : [];
      }),
    )
    .watch(informers.services, (change) => {
      const { namespace } = objectOfChange(change).metadata;
      return [...waits.keys()].filter((key) => key.startsWith(`${namespace}/`));
    })
    .watch(informers.leases, (change) => {
      const { metadata } = objectOfChange(change);
      if (metadata.namespace !== leaseNamespace) return [];
      if (change.type === 'deleted') proxies.forget(metadata.name);
      else if (!proxies.note(change.next, clock.monotonic())) return [];
      return passed();
    })
    .watch(informers.nodes, (change) => {
      if (change.type !== 'deleted') return [];
      proxies.forget(change.previous.metadata.name);
      return passed();
    });
}

/** It is on a node whose kubelet may wait for it. */
function mayWait(pod: Cached<Pod>): boolean {
  if (!isPodTerminating(pod) || isPodFinished(pod) || isDrained(pod) || !pod.spec?.nodeName) return false;
  const { annotations, deletionGracePeriodSeconds = 0 } = pod.metadata;
  // What its node says is not known here; what the pod says is.
  return deletionGracePeriodSeconds > 0 && drainBoundOf(annotations, usualDrainBoundMs) > 0;
}

const drained = (why: string): Pick<PodCondition, 'status' | 'reason' | 'message'> => ({
  status: 'True',
  reason: 'Drained',
  message: why,
});

function namesOf(nodeNames: readonly string[]): string {
  const others = nodeNames.length - namesShown;
  const shown = nodeNames.slice(0, namesShown).join(', ');
  return others > 0 ? `${shown} and ${others} others` : shown;
}
