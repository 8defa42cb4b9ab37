/** Rows of the history from two measurements, one after the other. Pure. */

import type { ContainerStats, InterfaceStats } from '../../runtime/container-stats.ts';
import { type NodeMeasurement, type PodMeasurement, sumOfPod } from '../usage-meter.ts';
import type { SubjectRow } from './usage-history.ts';

export interface Look {
  readonly measurement: NodeMeasurement;
  /** The machine's own. */
  readonly interfaces: readonly InterfaceStats[];
  /** By the pod's uid: of all its containers. */
  readonly restarts: ReadonlyMap<string, number>;
}

/** The node first. What began between the two is counted from its start. */
export function computeRows(before: Look, now: Look): SubjectRow[] {
  const seconds = (now.measurement.at - before.measurement.at) / 1000;
  if (seconds <= 0) return [];
  const { machine } = now.measurement;
  const pods = new Map(before.measurement.pods.map((one) => [one.pod.uid, one]));
  let restarts = 0;
  const rows = now.measurement.pods.map((one) => {
    const own = now.restarts.get(one.pod.uid) ?? 0;
    restarts += own;
    return podRow({ one, before: pods.get(one.pod.uid), seconds, restarts: own });
  });
  const node: SubjectRow = {
    subject: undefined,
    row: {
      cpuCores: grown(machine.cpuNanoseconds, before.measurement.machine.cpuNanoseconds) / 1e9 / seconds,
      memoryBytes: machine.workingSetBytes,
      ...traffic(now.interfaces, before.interfaces, seconds),
      restarts,
    },
  };
  return [node, ...rows];
}

interface PodLooks {
  readonly one: PodMeasurement;
  readonly before: PodMeasurement | undefined;
  readonly seconds: number;
  readonly restarts: number;
}

function podRow({ one, before, seconds, restarts }: PodLooks): SubjectRow {
  const earlier = new Map(partsOf(before).map((stats) => [stats.id, stats]));
  const cpuNanoseconds = partsOf(one).reduce(
    (sum, stats) => sum + grown(stats.cpuNanoseconds, earlier.get(stats.id)?.cpuNanoseconds),
    0,
  );
  const sameSandbox = one.sandbox?.id === before?.sandbox?.id;
  return {
    subject: one.pod,
    row: {
      cpuCores: cpuNanoseconds / 1e9 / seconds,
      memoryBytes: sumOfPod(one, 'workingSetBytes'),
      ...traffic(one.sandbox?.interfaces ?? [], (sameSandbox ? before?.sandbox?.interfaces : undefined) ?? [], seconds),
      restarts,
    },
  };
}

const partsOf = (pod: PodMeasurement | undefined): ContainerStats[] => [
  ...(pod?.sandbox ? [pod.sandbox] : []),
  ...(pod?.containers ?? []).map(({ stats }) => stats),
];

function traffic(now: readonly InterfaceStats[], before: readonly InterfaceStats[], seconds: number) {
  const earlier = new Map(before.map((one) => [one.name, one]));
  const rate = (amount: 'rxBytes' | 'txBytes') =>
    now.reduce((sum, one) => sum + grown(one[amount], earlier.get(one.name)?.[amount]), 0) / seconds;
  return { receivedBytesPerSecond: rate('rxBytes'), sentBytesPerSecond: rate('txBytes') };
}

/** A counter that fell began anew. */
const grown = (now: number, before = 0): number => (now >= before ? now - before : now);
