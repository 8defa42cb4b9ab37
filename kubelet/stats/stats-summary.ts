/** What the node and its pods use as one object: upstream's `Summary` of `/stats/summary`. Pure. */

import { formatTime } from '../../api/time.ts';
import type { ContainerStats, InterfaceStats } from '../runtime/container-stats.ts';
import { containerDisk, type DiskFigures, nodeDisk, podDisk } from './disk-summary.ts';
import { type NodeMeasurement, type PodMeasurement, sumOfPod } from './usage-meter.ts';

export interface SummaryInput {
  readonly nodeName: string;
  readonly measurement: NodeMeasurement;
  /** An earlier one: without it there is no rate. */
  readonly previous: NodeMeasurement | undefined;
  /** Undefined: only CPU and memory are asked for. */
  readonly disk: DiskFigures | undefined;
}

export function statsSummary({ nodeName, measurement, previous, disk }: SummaryInput): object {
  const { at, machine, pods } = measurement;
  const before = new Map((previous?.pods ?? []).map((one) => [one.pod.uid, one]));
  const memory = { ...memoryOf(at, (amount) => machine[amount]), availableBytes: machine.availableBytes };
  return {
    node: {
      nodeName,
      startTime: formatTime(machine.startedAt),
      cpu: cpuOf(
        { at, total: machine.cpuNanoseconds },
        previous && { at: previous.at, total: previous.machine.cpuNanoseconds },
      ),
      memory,
      ...(disk && nodeDisk(at, disk)),
    },
    pods: pods.map((pod) =>
      podSummary({
        pod,
        before: before.get(pod.pod.uid),
        at,
        previousAt: previous?.at,
        disk,
      }),
    ),
  };
}

interface PodInput {
  readonly pod: PodMeasurement;
  readonly before: PodMeasurement | undefined;
  readonly at: number;
  readonly previousAt: number | undefined;
  /** Undefined: its network is not asked for either. */
  readonly disk: DiskFigures | undefined;
}

function podSummary({ pod, before, at, previousAt, disk }: PodInput): object {
  const { namespace, name, uid } = pod.pod;
  const time = pod.sandbox?.at ?? at;
  const interfaces = disk && pod.sandbox?.interfaces;
  const used = disk?.ofPod(uid);
  return {
    podRef: { name, namespace, uid },
    startTime: formatTime(pod.startedAt),
    containers: pod.containers.map(({ name: container, startedAt, stats }) => ({
      name: container,
      startTime: formatTime(startedAt),
      cpu: cpuOf(totalOf(stats), earlier(before, stats.id)),
      memory: memoryOf(stats.at, (amount) => stats[amount]),
      ...(disk && used && containerDisk(container, used, disk)),
    })),
    cpu: cpuOf(
      { at: time, total: sumOfPod(pod, 'cpuNanoseconds') },
      before && { at: before.sandbox?.at ?? previousAt ?? at, total: sumOfPod(before, 'cpuNanoseconds') },
    ),
    memory: memoryOf(time, (amount) => sumOfPod(pod, amount)),
    ...(interfaces?.length && { network: networkOf(time, interfaces) }),
    ...(disk && used && podDisk(used, disk)),
  };
}

interface Total {
  readonly at: number;
  readonly total: number;
}

const totalOf = ({ at, cpuNanoseconds }: ContainerStats): Total => ({ at, total: cpuNanoseconds });

/** Of the same container: one that was started anew has another id. */
function earlier(before: PodMeasurement | undefined, id: string): Total | undefined {
  const found = before?.containers.find(({ stats }) => stats.id === id);
  return found && totalOf(found.stats);
}

function cpuOf({ at, total }: Total, before: Total | undefined): object {
  const ms = before === undefined ? 0 : at - before.at;
  const used = before === undefined ? -1 : total - before.total;
  return {
    time: formatTime(at),
    // A counter that fell began anew: there is no rate over that.
    ...(ms > 0 && used >= 0 && { usageNanoCores: Math.round((used / ms) * 1000) }),
    usageCoreNanoSeconds: Math.round(total),
  };
}

type MemoryAmount = 'memoryUsageBytes' | 'workingSetBytes' | 'rssBytes' | 'pageFaults' | 'majorPageFaults';

const memoryOf = (at: number, amount: (name: MemoryAmount) => number): object => ({
  time: formatTime(at),
  usageBytes: amount('memoryUsageBytes'),
  workingSetBytes: amount('workingSetBytes'),
  rssBytes: amount('rssBytes'),
  pageFaults: amount('pageFaults'),
  majorPageFaults: amount('majorPageFaults'),
});

/** The first interface is the one that stands for all. */
function networkOf(at: number, interfaces: readonly InterfaceStats[]): object {
  const told = interfaces.map(({ name, rxBytes, rxErrors, txBytes, txErrors }) => {
    return { name, rxBytes, rxErrors, txBytes, txErrors };
  });
  return { time: formatTime(at), ...told[0], interfaces: told };
}
