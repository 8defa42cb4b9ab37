/**
 * The post-filter plugin that makes room: chooses a node on which pods of lower priority may go (`preemption.ts`), asks
 * them to, and notes the pod for that node.
 */

import type { Fields } from '../../api/configuration-fields.ts';
import { parseKey } from '../../api/object.ts';
import { pods } from '../../api/resources/core.ts';
import { formatTime } from '../../api/time.ts';
import type { PodDisruptionBudget } from '../../api/types/policy/v1.ts';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { Writer } from '../../client/client.ts';
import type { Recorder } from '../../client/event-recorder.ts';
import { ifPresent } from '../../client/if-present.ts';
import type { ObjectCache } from '../../client/object-cache.ts';
import type { PostFilterPlugin, PostFilterResult, Refused } from '../framework.ts';
import type { NodeInfo } from '../node-info.ts';
import type { Nominations } from '../nominations.ts';
import type { PodConditionUpdater } from '../pod-condition-updater.ts';
import { type PodInfo, schedulerNameOf } from '../pod-info.ts';
import type { Snapshot } from '../snapshot.ts';
import { type CandidateLimits, CandidateMemory, computePreemption, defaultCandidates } from './preemption.ts';

export interface DefaultPreemptionOptions {
  readonly client: Pick<Writer, 'patch' | 'delete'>;
  readonly snapshot: Snapshot;
  readonly nominations: Nominations;
  readonly budgets: ObjectCache<PodDisruptionBudget>;
  readonly conditions: PodConditionUpdater;
  /** Who events come from, by the name of the scheduler. */
  recorderOf(schedulerName: string): Recorder;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly candidates?: CandidateLimits;
}

export function readDefaultPreemptionArgs(args: Fields): CandidateLimits {
  args.allow('apiVersion', 'kind', 'minCandidateNodesPercentage', 'minCandidateNodesAbsolute');
  const [share, count] = ['minCandidateNodesPercentage', 'minCandidateNodesAbsolute'] as const;
  const percentage = args.integer(share, { from: 0, to: 100, detail: 'not in valid range [0, 100]' });
  const absolute = args.integer(count, { from: 0, to: 2 ** 31 - 1, detail: 'not in valid range [0, inf)' });
  if (percentage === 0 && absolute === 0)
    args.errors.invalid(args.path, { [share]: 0, [count]: 0 }, `${share} and ${count} cannot both be zero`);
  return {
    percentage: percentage ?? defaultCandidates.percentage,
    absolute: absolute ?? defaultCandidates.absolute,
  };
}

export class DefaultPreemption implements PostFilterPlugin {
  readonly name = 'DefaultPreemption';
  readonly #options: DefaultPreemptionOptions;
  readonly #memory = new CandidateMemory();

  constructor(options: DefaultPreemptionOptions) {
    this.#options = options;
  }

  postFilter(pod: PodInfo, refused: Refused): PostFilterResult {
    const { snapshot, nominations, budgets, clock, candidates } = this.#options;
    const preemption = computePreemption(pod, refused, {
      ...{ snapshot, budgets: [...budgets.list()], now: clock.now() },
      ...{ memory: this.#memory, ...(candidates && { candidates }) },
      nominatedNodeName: nominations.nodeOf(pod.key),
    });
    if (preemption.type === 'none') return preemption;
    const { node, victims } = preemption;
    return { type: 'nominated', node, makeRoom: () => this.#makeRoom(pod, node, victims) };
  }

  async #makeRoom(pod: PodInfo, node: NodeInfo, victims: readonly PodInfo[]): Promise<'made' | 'failed'> {
    const { nominations, conditions, logger } = this.#options;
    for (const lesser of nominations.lessImportantOn(node.name, pod.priority)) {
      // Its room is taken: it looks elsewhere.
      nominations.delete(lesser.key);
      conditions.withdrawNomination(lesser);
    }
    const results = await Promise.allSettled(victims.map((victim) => this.#evict(victim, pod, node)));
    const failures = results.filter((result) => result.status === 'rejected');
    for (const { reason } of failures) logger.warn('Preempting a pod failed', { pod: pod.key, error: reason });
    return failures.length === 0 ? 'made' : 'failed';
  }

  async #evict(victim: PodInfo, pod: PodInfo, node: NodeInfo): Promise<void> {
    if (victim.terminating) return;
    const { client, clock } = this.#options;
    const schedulerName = schedulerNameOf(pod.pod);
    const key = parseKey(victim.key);
    const condition = {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'PreemptionByScheduler',
      message: `${schedulerName}: preempting to accommodate a higher priority pod`,
      lastTransitionTime: formatTime(clock.now()),
    };
    const body = { metadata: { uid: victim.uid }, status: { conditions: [condition] } };
    const marked = await ifPresent(client.patch(pods, key, { type: 'strategic', body }, { subresource: 'status' }));
    if (marked !== undefined) await ifPresent(client.delete(pods, key, { uid: victim.uid }));
    const message = `Preempted by pod ${pod.uid} on node ${node.name}`;
    this.#options.recorderOf(schedulerName).record(victim.pod, { type: 'Normal', reason: 'Preempted', message });
  }
}
