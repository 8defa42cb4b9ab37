/**
 * The devices of this node, from what there is to what containers get:
 *
 *   DeviceInventory ─┬─► SlicePublisher  ─► ResourceSlices ─► scheduler ─► claims ─► ClaimedDevices  ─┬─► HandOver
 *                    └─► capacity of the node ──────────────► scheduler ─► pods ──► ExtendedDevices ─┘
 */

import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { Client } from '../../client/client.ts';
import type { Recorder } from '../../client/event-recorder.ts';
import type { ContainerSpec, PodObject } from '../model/pod.ts';
import type { ContainerState, NodeRuntime, PodIdentity } from '../runtime/runtime.ts';
import { ClaimedDevices } from './claimed-devices.ts';
import { readCountedResources, writeCountedResources } from './counted-resources.ts';
import { DeviceInventory } from './device-inventory.ts';
import { ExtendedDevices } from './extended-devices.ts';
import type { Grant } from './extended-grants.ts';
import { type HandOver, mergeHandOvers } from './node-device.ts';
import { SlicePublisher } from './slice-publisher.ts';

export interface NodeDevicesOptions {
  readonly client: Client;
  readonly runtime: Pick<NodeRuntime, 'deviceSupport'>;
  readonly recorder: Recorder;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly nodeName: string;
  readonly dataDir: string;
  readonly declaredFile: string | undefined;
  readonly cdiFolders?: readonly string[] | undefined;
  /** All that the runtime has. */
  readonly containers: () => Iterable<ContainerState>;
  /** The pod is here, and its containers never run again. */
  readonly isFinished: (pod: PodIdentity) => boolean;
  /** Called when the node's capacity may have changed. */
  readonly onChange: () => void;
}

const lookEveryMs = 15_000;
/** How often it is seen that somebody changed or deleted our slices. */
const publishEveryMs = 60_000;

export class NodeDevices {
  readonly #options: NodeDevicesOptions;
  readonly #inventory: DeviceInventory;
  readonly #publisher: SlicePublisher;
  readonly #claimed: ClaimedDevices;
  readonly #extended: ExtendedDevices;
  #counted: ReadonlySet<string> = new Set();
  /** Monotonic; that nothing is there is published once. */
  #publishedAt = Number.NEGATIVE_INFINITY;

  constructor(options: NodeDevicesOptions) {
    const devices = () => this.#inventory.devices;
    this.#options = options;
    this.#inventory = new DeviceInventory(options);
    this.#publisher = new SlicePublisher(options);
    this.#claimed = new ClaimedDevices({ ...options, devices });
    this.#extended = new ExtendedDevices({ ...options, devices, resources: () => Object.keys(this.capacity()) });
  }

  /** The first look: before pods ask for devices. Rejects when the runtime does not answer. */
  async start(): Promise<void> {
    this.#counted = await readCountedResources(this.#options.dataDir);
    await this.#look();
  }

  /** Until `signal` aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#options;
    while (!signal.aborted) {
      try {
        await this.#publishIfDue();
      } catch (error) {
        if (!signal.aborted) logger.warn('The devices of the node could not be published', { error });
      }
      await clock.sleep(lookEveryMs, signal);
      if (signal.aborted) return;
      try {
        await this.#look();
      } catch (error) {
        logger.warn('The devices of the node could not be looked at', { error });
      }
    }
  }

  /** What the node has of extended resources: also what is no longer there, as 0. */
  capacity(): Record<string, string> {
    const gone = Object.fromEntries([...this.#counted].map((name) => [name, '0']));
    return { ...gone, ...this.#extended.count() };
  }

  /** Sets aside what the pod asks for by number. Idempotent. Why the node cannot take it; undefined: it can. */
  refusalOf(pod: PodObject): { readonly reason: string; readonly message: string } | undefined {
    return this.#extended.refusalOf(pod);
  }

  /** Throws `DeviceError` while a claim of the pod cannot be used. Idempotent. */
  async prepare(pod: PodObject): Promise<void> {
    await this.#claimed.prepare(pod);
  }

  /** Throws `DeviceError`. */
  async handOverFor(pod: PodObject, container: ContainerSpec): Promise<HandOver> {
    return mergeHandOvers([
      await this.#claimed.handOverFor(pod, container),
      this.#extended.handOverFor(pod, container),
    ]);
  }

  /** What is to be remembered with the container. */
  grantOf(podUid: string, containerName: string): Grant {
    return this.#extended.grantOf(podUid, containerName);
  }

  /** Nothing of the pod runs any more. */
  release(podUid: string): void {
    this.#claimed.release(podUid);
    this.#extended.release(podUid);
  }

  async #look(): Promise<void> {
    const { logger, dataDir, onChange } = this.#options;
    if (!(await this.#inventory.refresh())) return;
    this.#publishedAt = Number.NEGATIVE_INFINITY;
    const counted = new Set([...this.#counted, ...Object.keys(this.#extended.count())]);
    if (counted.size > this.#counted.size) await writeCountedResources(dataDir, counted);
    this.#counted = counted;
    const { devices, troubles } = this.#inventory;
    logger.info('The devices of the node', { devices: devices.map(({ name }) => name) });
    if (troubles.length > 0) this.#tell(troubles);
    onChange();
  }

  async #publishIfDue(): Promise<void> {
    const { clock } = this.#options;
    const { devices } = this.#inventory;
    const isFirst = this.#publishedAt === Number.NEGATIVE_INFINITY;
    const isDue = devices.length > 0 && clock.monotonic() - this.#publishedAt >= publishEveryMs;
    if (!isFirst && !isDue) return;
    if (await this.#publisher.publish(devices)) this.#publishedAt = clock.monotonic();
  }

  #tell(troubles: readonly string[]): void {
    const { recorder, logger, nodeName } = this.#options;
    const message = troubles.join('; ');
    logger.warn('Some devices of the node cannot be used', { troubles });
    const subject = { apiVersion: 'v1', kind: 'Node', metadata: { name: nodeName, uid: nodeName } };
    recorder.record(subject, { type: 'Warning', reason: 'InvalidDevices', message });
  }
}
