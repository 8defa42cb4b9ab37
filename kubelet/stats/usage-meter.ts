/**
 * Measures what the node and its pods use, when it is asked and at no other time. Those who ask while it measures get
 * the same answer.
 */

import type { Clock } from '../../base/clock.ts';
import { type ObservedPod, sandboxOf } from '../model/pod.ts';
import type { ContainerStats, StatsDetail } from '../runtime/container-stats.ts';
import type { ContainerState, NodeRuntime, PodIdentity, SandboxState } from '../runtime/runtime.ts';
import type { MachineUsage } from './machine-usage.ts';

export interface UsageMeterOptions {
  readonly runtime: Pick<NodeRuntime, 'stats'>;
  readonly observed: { uids(): Iterable<string>; get(podUid: string): ObservedPod };
  readonly clock: Clock;
  /** Undefined: the node has no machine, and what its pods use is all. */
  readonly machine: (() => Promise<MachineUsage>) | undefined;
}

export interface ContainerMeasurement {
  readonly name: string;
  /** What the runtime calls it, and the image as the user wrote it. */
  readonly runtimeName: string;
  readonly imageName: string;
  /** Wall time in milliseconds. */
  readonly startedAt: number;
  readonly stats: ContainerStats;
}

export interface PodMeasurement {
  readonly pod: PodIdentity;
  readonly startedAt: number;
  /** Its infra container: it counts for the pod, and is none of its containers. */
  readonly sandbox: ContainerStats | undefined;
  readonly sandboxNames: Pick<ContainerMeasurement, 'runtimeName' | 'imageName'>;
  readonly containers: readonly ContainerMeasurement[];
}

export interface NodeMeasurement {
  /** Wall time in milliseconds. */
  readonly at: number;
  readonly machine: MachineUsage;
  readonly pods: readonly PodMeasurement[];
}

export class UsageMeter {
  readonly #options: UsageMeterOptions;
  readonly #running = new Map<StatsDetail, Promise<NodeMeasurement>>();

  constructor(options: UsageMeterOptions) {
    this.#options = options;
  }

  /** `all`: with the kernel's figures. Throws when the runtime does not answer. */
  measure(detail: StatsDetail = 'usage'): Promise<NodeMeasurement> {
    const running = this.#running.get('all') ?? this.#running.get(detail);
    if (running !== undefined) return running;
    const begun = this.#measure(detail).finally(() => this.#running.delete(detail));
    this.#running.set(detail, begun);
    return begun;
  }

  async #measure(detail: StatsDetail): Promise<NodeMeasurement> {
    const { runtime, observed, clock, machine } = this.#options;
    const running = [...observed.uids()].flatMap((uid) => runningPart(observed.get(uid)));
    const ids = running.flatMap(({ sandbox, containers }) => [sandbox.id, ...containers.map(({ id }) => id)]);
    const stats = new Map((await runtime.stats(ids, detail)).map((one) => [one.id, one]));
    const pods = running.map(({ sandbox, containers }) => ({
      pod: sandbox.pod,
      startedAt: sandbox.createdAt,
      sandbox: stats.get(sandbox.id),
      sandboxNames: namesOf(sandbox),
      containers: containers.flatMap((container) => measured(container, stats.get(container.id))),
    }));
    return { at: clock.now(), machine: machine ? await machine() : sumOfPods(pods, clock.now()), pods };
  }
}

function runningPart(pod: ObservedPod) {
  const sandbox = sandboxOf(pod);
  if (!sandbox?.running) return [];
  return [{ sandbox, containers: pod.containers.filter(({ status }) => status.type === 'running') }];
}

function measured(state: ContainerState, stats: ContainerStats | undefined): ContainerMeasurement[] {
  const { name, status } = state;
  return stats && status.type === 'running' ? [{ name, ...namesOf(state), startedAt: status.startedAt, stats }] : [];
}

const namesOf = ({ id, runtimeName = id, imageName = '' }: SandboxState | ContainerState) => ({
  runtimeName,
  imageName,
});

export type UsageAmount = Exclude<keyof ContainerStats, 'id' | 'at' | 'interfaces' | 'figures'>;

/** Of a pod's infra container and containers. */
export const sumOfPod = ({ sandbox, containers }: PodMeasurement, amount: UsageAmount): number =>
  containers.reduce((sum, { stats }) => sum + stats[amount], sandbox?.[amount] ?? 0);

function sumOfPods(pods: readonly PodMeasurement[], startedAt: number): MachineUsage {
  const sum = (amount: UsageAmount) => pods.reduce((total, pod) => total + sumOfPod(pod, amount), 0);
  return {
    cpuNanoseconds: sum('cpuNanoseconds'),
    memoryUsageBytes: sum('memoryUsageBytes'),
    workingSetBytes: sum('workingSetBytes'),
    availableBytes: 0,
    rssBytes: sum('rssBytes'),
    cacheBytes: 0,
    pageFaults: sum('pageFaults'),
    majorPageFaults: sum('majorPageFaults'),
    startedAt,
  };
}
