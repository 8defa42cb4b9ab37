/** Answers hosts that join whether connections from the masters come through to them: to the kubelet, and to pods. */

import {
  bridgeAddressOf,
  isInNetwork,
  type ReachabilityAnswer,
  reachabilityAnnotation,
} from '../../api/reachability.ts';
import { nodes } from '../../api/resources/core.ts';
import type { Node } from '../../api/types/core/v1.ts';
import { localAddressWhere, whyNotReached } from '../../base/reach.ts';
import { type Controller, keyOfChange } from '../../client/controller.ts';
import { ifPresent } from '../../client/if-present.ts';
import type { Cached } from '../../client/object-cache.ts';
import type { ControllerContext } from '../controller-context.ts';
import { QuestionAllowance } from './question-allowance.ts';
import { planReachability, type ReachabilityPlan } from './reachability-plan.ts';

export interface ReachabilitySettings {
  readonly clusterCidr: string;
}

const timeoutMs = 1_500;
/** The route to a new node's pods is made when its pod network is known, by another component. */
const routePatienceMs = 3_000;
const againMs = 100;
/** For whoever tries to join again and again. Who would look for open ports on our word gets six answers a minute. */
const allowance = { atOnce: 20, everyMs: 10_000 };

export function createReachabilityController(
  { client, informers, clock, controller }: ControllerContext,
  { clusterCidr }: ReachabilitySettings,
): Controller {
  const nodeInformer = informers.of<Node>(nodes);
  const questions = new QuestionAllowance(allowance);
  const ground = { clusterCidr, isOwnAddress };

  async function reconcile(name: string, signal: AbortSignal) {
    const node = nodeInformer.get(name);
    const plan = node && planReachability(node, ground);
    if (plan === undefined) return {};
    const waitMs = questions.take(name, clock.monotonic());
    if (waitMs > 0) return { requeueAfterMs: waitMs };
    const answer = 'why' in plan ? { asked: plan.question, kubelet: plan.why } : await dial(plan, signal);
    if (signal.aborted) return {};
    const body = { metadata: { annotations: { [reachabilityAnnotation]: JSON.stringify(answer) } } };
    await ifPresent(client.patch(nodes, { name }, { type: 'merge', body }));
    return {};
  }

  async function dial(
    { question, host, port, bridge }: ReachabilityPlan,
    signal: AbortSignal,
  ): Promise<ReachabilityAnswer> {
    const [kubelet, pods] = await Promise.all([
      whyNotReached({ host, port, timeoutMs }),
      dialPatiently({ host: bridge, port, timeoutMs, localAddress: ownBridge() }, signal),
    ]);
    return { asked: question, kubelet, pods };
  }

  /** As a pod of this host would come; a master that is no node comes from its own address. */
  function ownBridge(): string | undefined {
    const isHere = ({ status }: Cached<Node>) =>
      status?.addresses?.some(({ address }) => isOwnAddress(address)) ?? false;
    const here = [...nodeInformer.list()].find((node) => isHere(node) && isInNetwork(firstOf(node), clusterCidr));
    return here && bridgeAddressOf(here.spec?.podCIDR);
  }

  async function dialPatiently(reach: Parameters<typeof whyNotReached>[0], signal: AbortSignal) {
    const startedAt = clock.monotonic();
    for (;;) {
      const why = await whyNotReached(reach);
      if (why === undefined || signal.aborted || clock.monotonic() - startedAt > routePatienceMs) return why;
      await clock.sleep(againMs, signal);
    }
  }

  return controller({ reconciler: { reconcile }, workers: 4 }).watch(nodeInformer, (change) =>
    change.type === 'deleted' ? [] : keyOfChange(change),
  );
}

const isOwnAddress = (address: string): boolean => localAddressWhere((one) => one === address) !== undefined;

const firstOf = ({ spec }: Cached<Node>): string => bridgeAddressOf(spec?.podCIDR) ?? '';
