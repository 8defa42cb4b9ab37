/**
 * Keeps the groups that pods are in: the kernel holds each pod to what its containers have together, and all pods to
 * what the node has for them.
 *
 * Invariants:
 * - A pod's group is there, with its limits, before anything of the pod starts in it.
 * - Where groups cannot be made, pods run without: the node says so once, and no pod fails for it. What a pod asks for
 *   as a whole is refused then by whoever admits it (`isOn`).
 * - A group goes with its pod. What a killed kubelet left goes at the next look.
 */

import { hasPodLevelAmounts } from '../../api/pod-amounts.ts';
import type { Clock } from '../../base/clock.ts';
import { errorText } from '../../base/error-text.ts';
import type { Logger } from '../../base/logger.ts';
import type { Recorder } from '../../client/event-recorder.ts';
import { nodeSubject } from '../model/event-subject.ts';
import type { PodObject } from '../model/pod.ts';
import { type CgroupSupport, isRuntimeUnavailable, type Runtime } from '../runtime/runtime.ts';
import { levelGroup, levels, podGroup, uidOfFolder } from './cgroup-names.ts';
import { readCgroupRecord, writeCgroupRecord, writerFor } from './cgroup-record.ts';
import { type CgroupSettings, computeGrown } from './cgroup-values.ts';
import type { CgroupWriter } from './cgroup-writer.ts';
import {
  bestEffortSettings,
  computeBurstableShares,
  computePodSettings,
  computeTopSettings,
  type PodLimits,
  qualityOf,
} from './pod-settings.ts';

export interface PodCgroupsOptions extends PodLimits {
  readonly runtime: Pick<Runtime, 'cgroupSupport'>;
  readonly recorder: Recorder;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly nodeName: string;
  readonly dataDir: string;
  readonly isWanted: boolean;
  /** All pods together get no more memory than the node has for them. */
  readonly enforcesAllocatable: boolean;
  readonly allocatable: Readonly<Record<string, string>>;
  /** Pods of this node that have not ended. */
  readonly pods: () => Iterable<PodObject>;
  /** Something of the pod is here, whatever the API has of it. */
  readonly isHere: (uid: string) => boolean;
  /** Default: by the driver, on this machine. */
  readonly writerFor?: (support: CgroupSupport) => CgroupWriter;
}

interface Group {
  readonly name: string;
  readonly settings: CgroupSettings;
}

const without = 'pods have no control groups of their own';
const lookEveryMs = 60_000;
/** Several pods usually come at once. */
const coalesceMs = 100;

export class PodCgroups {
  readonly #options: PodCgroupsOptions;
  readonly #groups = new Map<string, Group>();
  #support: CgroupSupport | undefined;
  #writer: CgroupWriter | undefined;
  /** Groups at another place, of a kubelet before this one. */
  #former: CgroupSupport | undefined;
  #burstableShares: number | undefined;
  #hasToldTrouble = false;
  #isLimited = false;
  #wake = new AbortController();

  constructor(options: PodCgroupsOptions) {
    this.#options = options;
  }

  /** What pods ask for as a whole is enforced. */
  get isOn(): boolean {
    return this.#support !== undefined;
  }

  /** Before any pod. Rejects when the runtime does not answer: to be tried again. */
  async start(): Promise<void> {
    if (this.#support !== undefined) return;
    const { isWanted, runtime, dataDir } = this.#options;
    const former = await readCgroupRecord(dataDir);
    const support = isWanted ? await this.#askRuntime(runtime) : undefined;
    if (former !== undefined && (former.driver !== support?.driver || former.top !== support.top))
      this.#former = former;
    if (support === undefined) return;
    this.#writer = (this.#options.writerFor ?? writerFor)(support);
    try {
      await this.#makeLevels(this.#writer, support);
      await writeCgroupRecord(dataDir, support);
      this.#support = support;
    } catch (error) {
      this.#writer = undefined;
      this.#tellTrouble(`${without}: ${errorText(error)}`);
    }
  }

  /**
   * Makes the pod's group or brings it up to date, and answers its name, before something starts in it. Undefined: the
   * pod has none. Rejects only for a pod that asks for something as a whole.
   */
  async ensure(pod: PodObject): Promise<string | undefined> {
    try {
      return await this.#apply(pod, wanted);
    } catch (error) {
      const trouble = errorText(error);
      if (pod.spec !== undefined && hasPodLevelAmounts(pod.spec))
        throw new Error(`unable to ensure pod container exists: ${trouble}`, { cause: error });
      this.#tellTrouble(`a pod runs without a control group: ${trouble}`);
      return undefined;
    }
  }

  /** What the pod has now: after its containers changed. */
  async settle(pod: PodObject): Promise<void> {
    await this.#apply(pod, wanted);
  }

  /** Before its containers change: room for what they have `now`, and for what they will have. */
  async grow(now: PodObject, next: PodObject): Promise<void> {
    await this.#apply(next, (before, wanted) => computeGrown(before ?? computePodSettings(now, this.#options), wanted));
  }

  /** Nothing of the pod is here any more. Never rejects. */
  async remove(uid: string): Promise<void> {
    const [writer, support] = [this.#writer, this.#support];
    if (writer === undefined || support === undefined) return;
    const known = this.#groups.get(uid);
    this.#groups.delete(uid);
    try {
      const names = known
        ? [known.name]
        : [podGroup(support, 'Guaranteed', uid), ...levels.map((level) => podGroup(support, level, uid))];
      await Promise.all(names.map((name) => writer.remove(name)));
    } catch (error) {
      this.#options.logger.warn('The group of a pod could not be removed', { uid, error });
    }
    this.#wake.abort();
  }

  /** Keeps the groups above pods up to date, and removes what is left, until `signal` aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#options;
    const end = () => this.#wake.abort();
    signal.addEventListener('abort', end, { once: true });
    let lookedAt = Number.NEGATIVE_INFINITY;
    while (!signal.aborted) {
      this.#wake = new AbortController();
      try {
        await this.#weighBurstable();
        if (clock.monotonic() - lookedAt >= lookEveryMs) {
          lookedAt = clock.monotonic();
          await this.#look();
        }
      } catch (error) {
        logger.warn('The groups of pods could not be brought up to date; trying again later', { error });
      }
      if (!signal.aborted) await clock.sleep(lookEveryMs, this.#wake.signal);
      if (!signal.aborted) await clock.sleep(coalesceMs, signal);
    }
    signal.removeEventListener('abort', end);
  }

  async #apply(
    pod: PodObject,
    choose: (before: CgroupSettings | undefined, wanted: CgroupSettings) => CgroupSettings,
  ): Promise<string | undefined> {
    const [writer, support] = [this.#writer, this.#support];
    if (writer === undefined || support === undefined) return undefined;
    const { uid } = pod.metadata;
    const name = podGroup(support, qualityOf(pod), uid);
    const before = this.#groups.get(uid);
    const next = computePodSettings(pod, this.#options);
    const settings = choose(before?.settings, next);
    if (before !== undefined && isSame(before.settings, settings)) return name;
    await writer.set(name, settings);
    this.#groups.set(uid, { name, settings });
    if (before === undefined) this.#wake.abort();
    return name;
  }

  async #askRuntime(runtime: Pick<Runtime, 'cgroupSupport'>): Promise<CgroupSupport | undefined> {
    try {
      const support = await runtime.cgroupSupport();
      if (support === undefined)
        this.#tellTrouble(`${without}: the container runtime does not put containers into groups of ours`);
      return support;
    } catch (error) {
      if (isRuntimeUnavailable(error)) throw error;
      this.#tellTrouble(`${without}: ${errorText(error)}`);
      return undefined;
    }
  }

  async #makeLevels(writer: CgroupWriter, support: CgroupSupport): Promise<void> {
    const { memoryBytes: _, ...weight } = this.#topSettings();
    await writer.set(support.top, weight);
    await writer.set(levelGroup(support, 'BestEffort'), bestEffortSettings);
    this.#burstableShares = computeBurstableShares(this.#options.pods());
    await writer.set(levelGroup(support, 'Burstable'), { cpuShares: this.#burstableShares });
    await this.#limitTop(writer, support);
  }

  #topSettings(): CgroupSettings {
    const { allocatable, enforcesAllocatable } = this.#options;
    return computeTopSettings(allocatable, { isEnforced: enforcesAllocatable });
  }

  /** Pods that have more already keep the kernel from it: they have their groups all the same, and it is tried again. */
  async #limitTop(writer: CgroupWriter, support: CgroupSupport): Promise<void> {
    if (this.#isLimited) return;
    const { memoryBytes = 0 } = this.#topSettings();
    const { enforcesAllocatable, recorder, nodeName } = this.#options;
    try {
      await writer.set(support.top, { memoryBytes });
    } catch (error) {
      this.#tellTrouble(`the memory of all pods is not limited: ${errorText(error)}`);
      return;
    }
    this.#isLimited = true;
    if (enforcesAllocatable)
      recorder.record(nodeSubject(nodeName), {
        type: 'Normal',
        reason: 'NodeAllocatableEnforced',
        message: 'Updated Node Allocatable limit across pods',
      });
  }

  async #weighBurstable(): Promise<void> {
    const [writer, support] = [this.#writer, this.#support];
    if (writer === undefined || support === undefined) return;
    const cpuShares = computeBurstableShares(this.#options.pods());
    if (cpuShares === this.#burstableShares) return;
    await writer.set(levelGroup(support, 'Burstable'), { cpuShares });
    this.#burstableShares = cpuShares;
  }

  async #look(): Promise<void> {
    const [writer, support] = [this.#writer, this.#support];
    if (this.#former !== undefined) await (this.#options.writerFor ?? writerFor)(this.#former).remove(this.#former.top);
    if (writer === undefined || support === undefined) return;
    await this.#limitTop(writer, support);
    for (const level of ['Guaranteed', ...levels] as const) {
      for (const folder of await writer.below(levelGroup(support, level))) {
        const uid = uidOfFolder(support, folder);
        if (uid !== undefined && !this.#groups.has(uid) && !this.#options.isHere(uid))
          await writer.remove(podGroup(support, level, uid));
      }
    }
  }

  #tellTrouble(trouble: string): void {
    const { logger, recorder, nodeName } = this.#options;
    logger.warn('Pods are not held to their limits as a whole', { trouble });
    if (this.#hasToldTrouble) return;
    this.#hasToldTrouble = true;
    recorder.record(nodeSubject(nodeName), {
      type: 'Warning',
      reason: 'FailedNodeAllocatableEnforcement',
      message: `Failed to update Node Allocatable Limits: ${trouble}`,
    });
  }
}

const wanted = (_: CgroupSettings | undefined, next: CgroupSettings): CgroupSettings => next;

const isSame = (a: CgroupSettings, b: CgroupSettings): boolean =>
  JSON.stringify({ ...a, hugePages: [...(a.hugePages ?? [])] }) ===
  JSON.stringify({ ...b, hugePages: [...(b.hugePages ?? [])] });
