/**
 * Measures what the node and its pods use, when it is asked and at no other time. Those who ask while it measures get
 * the same answer.
 */

import type { Clock } from '../../base/clock.ts';
import { type ObservedPod, sandboxOf } from '../model/pod.ts';
import type { ContainerState, ContainerStats, NodeRuntime, PodIdentity } from '../runtime/runtime.ts';
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
  /** Wall time in milliseconds. */
  readonly startedAt: number;
  readonly stats: ContainerStats;
}

export interface PodMeasurement {
  readonly pod: PodIdentity;
  readonly startedAt: number;
  /** Its infra container: it counts for the pod, and is none of its containers. */
  readonly sandbox: ContainerStats | undefined;
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
  #running: Promise<NodeMeasurement> | undefined;

  constructor(options: UsageMeterOptions) {
    this.#options = options;
  }

  /** Throws when the runtime does not answer. */
  measure(): Promise<NodeMeasurement> {
    this.#running ??= this.#measure().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #measure(): Promise<NodeMeasurement> {
    const { runtime, observed, clock, machine } = this.#options;
    const running = [...observed.uids()].flatMap((uid) => runningPart(observed.get(uid)));
    const ids = running.flatMap(({ sandbox, containers }) => [sandbox.id, ...containers.map(({ id }) => id)]);
    const stats = new Map((await runtime.stats(ids)).map((one) => [one.id, one]));
    const pods = running.map(({ sandbox, containers }) => ({
      pod: sandbox.pod,
      startedAt: sandbox.createdAt,
      sandbox: stats.get(sandbox.id),
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

function measured({ name, status }: ContainerState, stats: ContainerStats | undefined): ContainerMeasurement[] {
  return stats && status.type === 'running' ? [{ name, startedAt: status.startedAt, stats }] : [];
}

type Amount = Exclude<keyof ContainerStats, 'id' | 'at' | 'interfaces'>;

/** Of a pod's infra container and containers. */
export const sumOfPod = ({ sandbox, containers }: PodMeasurement, amount: Amount): number =>
  containers.reduce((sum, { stats }) => sum + stats[amount], sandbox?.[amount] ?? 0);

function sumOfPods(pods: readonly PodMeasurement[], startedAt: number): MachineUsage {
  const sum = (amount: Amount) => pods.reduce((total, pod) => total + sumOfPod(pod, amount), 0);
  return {
    cpuNanoseconds: sum('cpuNanoseconds'),
    memoryUsageBytes: sum('memoryUsageBytes'),
    workingSetBytes: sum('workingSetBytes'),
    availableBytes: 0,
    rssBytes: sum('rssBytes'),
    pageFaults: sum('pageFaults'),
    majorPageFaults: sum('majorPageFaults'),
    startedAt,
  };
}
