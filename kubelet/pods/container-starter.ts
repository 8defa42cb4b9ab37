/**
 * Starts one container: image, configuration, create, start, hook. What can be done before the sandbox runs is done
 * meanwhile; it is the half of a pod's start that costs time.
 *
 *   sandbox   ├── create ──┼────── start ──────┤
 *   container              ├ image, create ┤···├── start ──┼ postStart ┤
 */

import type { Clock } from '../../base/clock.ts';
import { errorText } from '../../base/error-text.ts';
import type { Limiter } from '../../base/limiter.ts';
import { untilAborted } from '../../base/until-aborted.ts';
import type { Recorder } from '../../client/event-recorder.ts';
import type { PodCgroups } from '../cgroups/pod-cgroups.ts';
import { withAllocated, withAllocatedResources, withResized } from '../containers/allocated-resources.ts';
import { buildContainerConfig } from '../containers/container-config.ts';
import { ContainerConfigError, environmentNeedsPodIp } from '../containers/environment.ts';
import { runHook } from '../containers/lifecycle-hooks.ts';
import type { NodeLimits } from '../containers/resource-limits.ts';
import type { NodeDevices } from '../devices/node-devices.ts';
import { DeviceError } from '../devices/pod-device-claims.ts';
import type { ImagePuller } from '../images/image-puller.ts';
import { eventSubject } from '../model/event-subject.ts';
import { withoutNodePaths } from '../model/node-paths.ts';
import { attemptsOf, type PodContainer, type PodObject } from '../model/pod.ts';
import { StartError } from '../model/start-error.ts';
import type { FieldContext } from '../references/field-refs.ts';
import type { ReferencedData } from '../references/referenced-data.ts';
import type { ContainerState, Runtime, SandboxState } from '../runtime/runtime.ts';
import { VolumeError, type Volumes } from '../volumes/volumes.ts';
import type { ObservedPods } from './observed-pods.ts';
import type { PodRuntimeState, StartingSandbox } from './pod-runtime-state.ts';
import { withRemembered } from './remembered-containers.ts';
import type { StartMetrics } from './start-metrics.ts';

export interface StarterOptions extends NodeLimits {
  readonly runtime: Runtime;
  readonly puller: ImagePuller;
  readonly volumes: Volumes;
  readonly data: ReferencedData;
  readonly devices: Pick<NodeDevices, 'handOverFor' | 'grantOf'>;
  readonly cgroups: Pick<PodCgroups, 'ensure'>;
  readonly observed: ObservedPods;
  readonly recorder: Recorder;
  readonly starts: StartMetrics;
  readonly clock: Clock;
  readonly limiter: Limiter;
  readonly userAgent: string;
  servicesFor(pod: PodObject): ReadonlyMap<string, string>;
  fieldsOf(pod: PodObject, podIp: string | undefined): FieldContext;
  podIpOf(pod: PodObject, sandbox: SandboxState): string;
}

export interface StartInput {
  readonly pod: PodObject;
  readonly container: PodContainer;
  readonly attempt: number;
  readonly sandbox: StartingSandbox;
  readonly known: PodRuntimeState;
  /** The longest wait until another try, when the runtime refuses. */
  readonly maxWaitMs: number;
  readonly signal: AbortSignal;
}

/** A hook may take its time, but not for ever. */
const hookTimeoutMs = 600_000;

export class ContainerStarter {
  readonly #options: StarterOptions;

  constructor(options: StarterOptions) {
    this.#options = options;
  }

  /**
   * Throws `StartError` when it could not be made; a program that cannot be run is a container that ended. When the
   * signal aborts it rejects: at once where it only waits, else when the runtime has answered. What came of that is
   * removed or announced, whoever still waits for it.
   */
  async start(input: StartInput): Promise<void> {
    const { container, known } = input;
    const { starts } = this.#options;
    starts.containerStarts(container.kind);
    try {
      const id = await this.#create(input);
      const sandbox = await this.#sandboxFor(id, input);
      const state = await this.#run(input, id, sandbox);
      if (state === undefined) return;
      known.containerStarted(container.spec.name);
      known.containerWaitsNoMore(container.spec.name);
      this.#options.observed.noteContainer(state);
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      starts.containerFailed(container.kind, error.reason);
      const words = `Error: ${error.reason.includes('Container') ? error.message : error.reason}`;
      this.#tellFailure(input, words);
      known.containerWaits(container.spec.name, { reason: error.reason, message: error.message });
      // Users see the reason together with the pod's address.
      await untilAborted(input.sandbox.started, input.signal);
    }
  }

  /** Nobody knows yet of a container that was made and waits for its sandbox: it goes when the wait is over. */
  async #sandboxFor(id: string, { sandbox, signal }: StartInput): Promise<SandboxState> {
    try {
      return await untilAborted(sandbox.started, signal);
    } catch (error) {
      if (signal.aborted) await this.#options.runtime.remove(id);
      throw error;
    }
  }

  async #create(input: StartInput): Promise<string> {
    const { pod, container, attempt, sandbox, known, signal } = input;
    const { runtime, puller, volumes, devices, recorder, limiter, observed } = this.#options;
    const podIp = environmentNeedsPodIp(container.spec)
      ? sandbox.started.then((state) => this.#options.podIpOf(pod, state))
      : Promise.resolve(undefined);
    const image = await puller.ensure(pod, container, signal);
    if (known.volumes === undefined) known.volumesSetUp(await untilAborted(volumes.setUp(pod), signal));
    await this.#prepareVolumes(input, image.id);
    const target = container.target && attemptsOf(observed.get(pod.metadata.uid), container.target)[0]?.id;
    const given = withResized(withRemembered(pod, observed.get(pod.metadata.uid)), known.resized);
    const now = withAllocated(pod, given, known.podResources);
    const build = async () =>
      buildContainerConfig({
        ...this.#options,
        pod: now,
        cgroupParent: await this.#options.cgroups.ensure(now),
        container: withAllocatedResources(container, pod, given),
        attempt,
        image,
        supportsRecursiveReadOnly: () => runtime.supportsRecursiveReadOnly(),
        imageAccounts: (id) => runtime.imageAccounts(id),
        volumes: known.volumes ?? new Map(),
        services: this.#options.servicesFor(pod),
        fields: this.#options.fieldsOf(pod, await podIp),
        podFolder: volumes.folderOf(pod.metadata.uid),
        handOver: await devices.handOverFor(pod, container.spec),
        grant: devices.grantOf(pod.metadata.uid, container.spec.name),
        ...(target !== undefined && { targetContainerId: target }),
      });
    const config = await untilAborted(this.#configure(build), signal);
    try {
      const id = await limiter.run(() => runtime.createContainer(sandbox.id, config), signal);
      if (signal.aborted) await runtime.remove(id);
      signal.throwIfAborted();
      recorder.record(eventSubject(pod, container), {
        type: 'Normal',
        reason: 'Created',
        message: 'Container created',
      });
      return id;
    } catch (error) {
      signal.throwIfAborted();
      throw new StartError('CreateContainerError', this.#wordsOf(error, pod), { cause: error });
    }
  }

  /** Those that are made of images, and those that are filled by this container's. */
  async #prepareVolumes({ pod, container, known, signal }: StartInput, imageId: string): Promise<void> {
    const { volumes, puller } = this.#options;
    const before = known.volumes ?? new Map();
    try {
      for (const volume of volumes.imageVolumesOf(pod, container.spec, before)) {
        const { reference = '', pullPolicy = 'IfNotPresent' } = volume.image ?? {};
        const spec = { ...container.spec, image: reference, imagePullPolicy: pullPolicy };
        const bring = () => puller.ensure(pod, { ...container, spec }, signal);
        const mounted = await untilAborted(volumes.setUpOfImage(pod, volume, { bring, signal }), signal);
        known.volumesSetUp(new Map([...(known.volumes ?? []), [volume.name, mounted]]));
      }
      const mounted = known.volumes ?? new Map();
      await untilAborted(volumes.fillFor(pod, container.spec, { imageId, mounted, signal }), signal);
    } catch (error) {
      if (!(error instanceof VolumeError)) throw error;
      throw new StartError('CreateContainerError', error.message, { cause: error });
    }
  }

  async #configure<T>(build: () => Promise<T>): Promise<T> {
    try {
      return await build();
    } catch (error) {
      if (error instanceof ContainerConfigError || error instanceof DeviceError)
        throw new StartError('CreateContainerConfigError', error.message, { cause: error });
      throw error;
    }
  }

  /**
   * Undefined: its sandbox has ended, so that nothing could run in it. That is no attempt: nothing is left of it, and
   * the pod's worker is woken.
   */
  async #startCreated({ pod, container, known, maxWaitMs, signal }: StartInput, id: string, sandbox: SandboxState) {
    const { runtime, limiter, observed, clock } = this.#options;
    const { uid } = pod.metadata;
    try {
      const state = await limiter.run(() => runtime.startContainer(id), signal);
      if (signal.aborted) observed.noteLate(state);
      signal.throwIfAborted();
      if (startErrorOf(state) === undefined || (await observed.sandboxRuns(uid, sandbox.id))) return state;
    } catch (error) {
      signal.throwIfAborted();
      if (await observed.sandboxRuns(uid, sandbox.id)) {
        const state = await runtime.inspectContainer(id);
        if (state !== undefined) observed.noteContainer(state);
        known.startFailed(container.spec.name, { now: clock.monotonic(), maxMs: maxWaitMs });
        throw new StartError('RunContainerError', this.#wordsOf(error, pod), { cause: error });
      }
    }
    await runtime.remove(id);
    return undefined;
  }

  async #run(input: StartInput, id: string, sandbox: SandboxState): Promise<ContainerState | undefined> {
    const { pod, container, known, signal } = input;
    const { runtime, recorder, observed } = this.#options;
    const hook = container.spec.lifecycle?.postStart;
    if (hook !== undefined) known.hookStarted(id);
    try {
      const state = await this.#startCreated(input, id, sandbox);
      if (state === undefined) return undefined;
      const startError = startErrorOf(state);
      if (startError !== undefined) {
        this.#tellFailure(input, `Error: ${this.#wordsOf(startError, pod)}`);
        return state;
      }
      recorder.record(eventSubject(pod, container), {
        type: 'Normal',
        reason: 'Started',
        message: 'Container started',
      });
      if (hook === undefined) return state;
      const { clock, userAgent } = this.#options;
      const podIp = this.#options.podIpOf(pod, sandbox);
      const question = { container: container.spec, containerId: id, podIp, timeoutMs: hookTimeoutMs, signal };
      if (await runHook(hook, question, { runtime, clock, userAgent }))
        return (await runtime.inspectContainer(id)) ?? state;
      if (signal.aborted) observed.noteLate(state);
      signal.throwIfAborted();
      const message = 'PostStartHook failed';
      recorder.record(eventSubject(pod, container), { type: 'Warning', reason: 'FailedPostStartHook', message });
      known.hookFailed(id);
      return state;
    } finally {
      known.hookEnded(id);
    }
  }

  #wordsOf(error: unknown, { metadata }: PodObject): string {
    return withoutNodePaths(errorText(error), this.#options.volumes.folderOf(metadata.uid));
  }

  #tellFailure({ pod, container }: StartInput, message: string): void {
    this.#options.recorder.record(eventSubject(pod, container), { type: 'Warning', reason: 'Failed', message });
  }
}

/** Undefined: it was started. */
const startErrorOf = ({ status }: ContainerState): string | undefined =>
  status.type === 'exited' ? status.startError : undefined;
