/** What keeps a node from running short, put together. */

import { isPodFinished } from '../../api/pods.ts';
import type { Pod } from '../../api/types/core/v1.ts';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { Recorder } from '../../client/event-recorder.ts';
import type { ObjectCache } from '../../client/object-cache.ts';
import type { KeptLogs } from '../kept-logs/kept-logs.ts';
import { nodeSubject } from '../model/event-subject.ts';
import { containersOf, type PodObject } from '../model/pod.ts';
import type { Machine } from '../node/machine.ts';
import type { ObservedPods } from '../pods/observed-pods.ts';
import type { PodWorkers } from '../pods/pod-workers.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { DiskMeter } from '../stats/disk-meter.ts';
import type { DiskFigures } from '../stats/disk-summary.ts';
import { readMachineUsage } from '../stats/machine-usage.ts';
import { sumOfPod, type UsageMeter } from '../stats/usage-meter.ts';
import type { Volumes } from '../volumes/volumes.ts';
import { DeadContainerCollector } from './dead-container-collector.ts';
import { ImageCollector } from './image-collector.ts';
import { NodeObserver } from './node-observer.ts';
import { NodePressure } from './node-pressure.ts';
import { hasStorageLimits, numberOf, type PodMemoryUsage } from './pod-usage.ts';
import type { PressureOptions } from './pressure-options.ts';
import type { Observation } from './signals.ts';

export interface PressurePartsInput {
  readonly options: PressureOptions;
  /** A node without a machine of its own is short of nothing. */
  readonly isPlayed: boolean;
  readonly nodeName: string;
  readonly dataDir: string;
  readonly machine: Machine;
  readonly runtime: Runtime;
  readonly nodePods: Pick<ObjectCache<Pod>, 'list'>;
  readonly workers: PodWorkers;
  readonly observed: ObservedPods;
  readonly keptLogs: Pick<KeptLogs, 'keep'>;
  readonly volumes: Pick<Volumes, 'emptyDirFolderOf' | 'knownUids' | 'removeEmptyDirs'>;
  readonly meter: UsageMeter;
  readonly onImageRemoved: (imageId: string) => Promise<void>;
  readonly recorder: Recorder;
  readonly onChange: () => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface PressureParts {
  readonly pressure: NodePressure;
  /** What is known of disks now. Throws when they cannot be read. */
  readDisk(): Promise<DiskFigures>;
  /** Finds out what the node is short of, for whoever asks before pods are known. Never rejects. */
  start(): Promise<void>;
  /** Until `signal` aborts. Never rejects. Pods must be synced. */
  run(signal: AbortSignal): Promise<void>;
}

/** As upstream's. */
const everyMs = { images: 300_000, deadContainers: 60_000 };

export function createPressureParts(input: PressurePartsInput): PressureParts {
  const { options, nodeName, dataDir, machine, runtime, nodePods, workers, observed, meter, clock, logger } = input;
  const node = nodeSubject(nodeName);
  const common = { runtime, recorder: input.recorder, node, clock, logger };
  const disk = new DiskMeter({
    ...common,
    observed,
    pods: () => nodePods.list(),
    isLimited: hasStorageLimits,
    emptyDirFolderOf: (pod, volume) => input.volumes.emptyDirFolderOf(pod, volume),
  });
  const observer = new NodeObserver({
    ...common,
    dataDir,
    readMachineUsage,
    maxPids: machine.maxPids,
    podMemory: podMemoryOf(input),
  });
  const deadContainers = new DeadContainerCollector({
    ...common,
    observed,
    keptLogs: input.keptLogs,
    podOf: (uid) => {
      const worker = workers.get(uid);
      return worker && { pod: worker.pod, isOver: worker.isOver };
    },
    onRemoved: (uid) => workers.wake(uid),
  });
  const images = new ImageCollector({
    ...common,
    policy: options.images,
    wantedNames: () => unfinished(nodePods).flatMap(imageNamesOf),
    readDisk: async () => (await observer.fileSystems()).image,
    onRemoved: input.onImageRemoved,
  });
  const pressure = new NodePressure({
    ...common,
    ...options,
    thresholds: input.isPlayed ? [] : options.thresholds,
    observer,
    pods: () => unfinished(nodePods).filter(({ metadata }) => workers.get(metadata.uid)?.isOver === false),
    measureMemory: () => memoryByPod(meter),
    disk,
    reclaimDisk: async (parts) => {
      if (parts.volumes) await removeEndedVolumes(input);
      if (parts.rootfs || parts.logs) await deadContainers.remove({ minimumAgeMs: 0, mostPerContainer: 0, most: 0 });
      if (parts.rootfs) await images.removeUnused();
    },
    endPod: (uid, failure) => workers.get(uid)?.fail(failure) ?? false,
    podOver: async (uid, signal) => {
      await workers.get(uid)?.untilOver(signal);
      if (!signal.aborted) await input.volumes.removeEmptyDirs(uid);
    },
    onChange: input.onChange,
  });
  const repeat = async (ms: number, act: () => Promise<void>, signal: AbortSignal) => {
    while (!signal.aborted) {
      await act();
      await clock.sleep(ms, signal);
    }
  };
  return {
    pressure,
    async readDisk() {
      const [fileSystems, images] = await Promise.all([
        observer.fileSystems(),
        runtime.listImages().catch(() => undefined), // the rest is as good without
      ]);
      const imageBytes = images?.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
      return { fileSystems, imageBytes, ofPod: (uid) => disk.get(uid) };
    },
    async start() {
      await pressure.look();
    },
    async run(signal) {
      if (input.isPlayed) return;
      await Promise.all([
        disk.run(signal),
        pressure.run(signal),
        repeat(everyMs.deadContainers, () => deadContainers.collect(options.deadContainers), signal),
        repeat(everyMs.images, () => images.collect(), signal),
      ]);
    },
  };
}

/** A pod that is over never runs again: what its emptyDir volumes hold is for nobody. */
async function removeEndedVolumes({ workers, volumes }: PressurePartsInput): Promise<void> {
  const folders = await volumes.knownUids();
  const over = folders.filter((uid) => workers.get(uid)?.isOver === true);
  for (const uid of over) await volumes.removeEmptyDirs(uid);
}

const unfinished = (pods: Pick<ObjectCache<Pod>, 'list'>): PodObject[] =>
  [...pods.list()].filter((pod) => !isPodFinished(pod));

/** Of its containers and its volumes. */
const imageNamesOf = (pod: PodObject): string[] => [
  ...containersOf(pod).flatMap(({ spec }) => spec.image ?? []),
  ...(pod.spec?.volumes ?? []).flatMap(({ image }) => image?.reference ?? []),
];

/** Undefined: nothing is reserved, so that all of the machine's memory is for pods. */
function podMemoryOf({ options, machine, meter }: PressurePartsInput): (() => Promise<Observation>) | undefined {
  const reserved = numberOf(options.systemReserved.get('memory')) + numberOf(options.kubeReserved.get('memory'));
  if (reserved === 0) return undefined;
  return async () => {
    const capacity = Math.max(0, machine.memoryBytes - reserved);
    const { pods } = await meter.measure();
    return { capacity, available: capacity - pods.reduce((sum, pod) => sum + sumOfPod(pod, 'workingSetBytes'), 0) };
  };
}

async function memoryByPod(meter: UsageMeter): Promise<ReadonlyMap<string, PodMemoryUsage>> {
  const { pods } = await meter.measure('all');
  return new Map(
    pods.map((measured) => [
      measured.pod.uid,
      {
        workingSetBytes: sumOfPod(measured, 'workingSetBytes'),
        processes: measured.containers.reduce((sum, { stats }) => sum + (stats.figures?.processes ?? 0), 0),
        containers: measured.containers.map(({ name, stats }) => ({ name, workingSetBytes: stats.workingSetBytes })),
      },
    ]),
  );
}
