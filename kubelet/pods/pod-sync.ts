/** Does what `computePodActions` decided: a table with one executor for each kind of action. */

import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { readEngineSettings } from '../../api/engine-settings.ts';
import { restartPeriodOf } from '../../api/restart-period.ts';
import { formatTime } from '../../api/time.ts';
import type { Clock } from '../../base/clock.ts';
import { errorText } from '../../base/error-text.ts';
import { ifFilePresent } from '../../base/if-file-present.ts';
import type { Limiter } from '../../base/limiter.ts';
import { privateMode } from '../../base/private-folder.ts';
import { readResolvConf } from '../../base/resolv-conf.ts';
import { untilAborted } from '../../base/until-aborted.ts';
import type { Recorder } from '../../client/event-recorder.ts';
import type { PodCgroups } from '../cgroups/pod-cgroups.ts';
import { withAllocated, withResized } from '../containers/allocated-resources.ts';
import { hostsFileOf, pidModeOf, resolvConfOf } from '../containers/container-config.ts';
import { computeResolvConf, type DnsSettings, missesClusterDns, missingDnsMessage } from '../containers/dns.ts';
import { computeHostsFile, computeNodeHostsFile, computePodNames } from '../containers/hosts-file.ts';
import { runHook } from '../containers/lifecycle-hooks.ts';
import type { NodeLimits } from '../containers/resource-limits.ts';
import type { NodeDevices } from '../devices/node-devices.ts';
import { DeviceError } from '../devices/pod-device-claims.ts';
import type { KeptLogs } from '../kept-logs/kept-logs.ts';
import { eventSubject, nodeSubject } from '../model/event-subject.ts';
import { formatSeconds } from '../model/go-duration.ts';
import { withoutNodePaths } from '../model/node-paths.ts';
import {
  containerOf,
  containersOf,
  graceSecondsOf,
  identityOf,
  type PodObject,
  sandboxOf,
  usesNodeNetwork,
} from '../model/pod.ts';
import type { StopReason } from '../model/stop-reason.ts';
import type { PortMapping, Runtime, SandboxConfig, SandboxState } from '../runtime/runtime.ts';
import { VolumeError, type Volumes } from '../volumes/volumes.ts';
import type { ContainerStarter } from './container-starter.ts';
import type { ObservedPods } from './observed-pods.ts';
import type { PodAction } from './pod-actions.ts';
import type { PodRuntimeState, StartingSandbox } from './pod-runtime-state.ts';
import { resizeContainer, resizePod } from './resize-container.ts';
import type { RestartBackoff } from './restart-backoff.ts';
import { withDots } from './sysctls.ts';

export interface PodSyncOptions extends NodeLimits {
  readonly runtime: Runtime;
  readonly starter: ContainerStarter;
  readonly volumes: Volumes;
  readonly devices: Pick<NodeDevices, 'prepare'>;
  readonly cgroups: Pick<PodCgroups, 'ensure' | 'grow' | 'settle'>;
  readonly observed: ObservedPods;
  readonly backoff: RestartBackoff;
  readonly keptLogs: Pick<KeptLogs, 'keep'>;
  /** The longest wait of this node between two starts of a container. */
  readonly maxRestartPeriodMs: number;
  readonly recorder: Recorder;
  readonly clock: Clock;
  readonly limiter: Limiter;
  readonly dns: DnsSettings;
  readonly nodeName: string;
  readonly nodeIp: string;
  readonly userAgent: string;
}

export interface SyncInput {
  readonly pod: PodObject;
  readonly known: PodRuntimeState;
  /** Aborts what only serves the pod's life when its end is asked for. */
  readonly signal: AbortSignal;
  /** What containers get to end, in place of what the pod asks for. */
  readonly graceSeconds?: number;
}

type Executors = {
  readonly [Type in PodAction['type']]: (action: Extract<PodAction, { type: Type }>, input: SyncInput) => Promise<void>;
};

/** Even a container whose hook used up all of the time gets this long for its SIGTERM. */
const shortestGraceSeconds = 2;

export class PodSync {
  readonly #options: PodSyncOptions;
  #hasToldMissingDns = false;
  readonly #executors: Executors = {
    createSandbox: (action, input) => this.#createSandbox(action.attempt, input),
    stopSandbox: async ({ id }) => {
      await this.#options.runtime.stop(id, shortestGraceSeconds);
      const state = await this.#options.runtime.inspectSandbox(id);
      if (state !== undefined) this.#options.observed.noteSandbox(state);
    },
    removeSandbox: ({ id }, { pod }) => this.#remove(pod, id),
    startContainer: (action, input) => this.#startContainer(action, input),
    stopContainer: (action, input) => this.#stopContainer(action, input),
    removeContainer: ({ id }, { pod, known }) => {
      known.containerRemoved(id);
      return this.#remove(pod, id);
    },
    resizeContainer: (action, input) => resizeContainer(this.#options, action, input),
    resizePod: (action, input) => resizePod(this.#options, action, input),
    refreshVolumes: (_, input) => this.#refreshVolumes(input),
    backOff: (action, input) => this.#backOff(action, input),
  };

  constructor(options: PodSyncOptions) {
    this.#options = options;
  }

  /**
   * Ends first and side by side; the rest in order, as long as the signal lets it. Nothing when the sandbox in which
   * containers were to run again turns out to have ended: then it is to be decided anew, and who decides is woken.
   */
  async apply(actions: readonly PodAction[], input: SyncInput): Promise<void> {
    if (await this.#sandboxIsLost(actions, input)) return;
    await Promise.all(actions.filter(({ type }) => type === 'stopContainer').map((action) => this.#do(action, input)));
    for (const action of actions) {
      input.signal.throwIfAborted();
      if (action.type !== 'stopContainer') await this.#do(action, input);
    }
  }

  async #sandboxIsLost(actions: readonly PodAction[], { pod, signal }: SyncInput): Promise<boolean> {
    const { observed } = this.#options;
    const { uid } = pod.metadata;
    const sandbox = sandboxOf(observed.get(uid));
    const isRestart = actions.some((action) => action.type === 'startContainer' && action.attempt > 0);
    if (!isRestart || !sandbox?.running) return false;
    return !(await untilAborted(observed.sandboxRuns(uid, sandbox.id), signal));
  }

  #do<Type extends PodAction['type']>(action: Extract<PodAction, { type: Type }>, input: SyncInput): Promise<void> {
    const executor = this.#executors[action.type];
    return executor(action, input);
  }

  async #createSandbox(attempt: number, input: SyncInput): Promise<void> {
    const { pod, known, signal } = input;
    const { runtime, volumes, limiter, clock } = this.#options;
    known.volumesChecked(clock.monotonic());
    known.volumesSetUp(await this.#setUpVolumes(input));
    await this.#prepareDevices(input);
    const folder = volumes.folderOf(pod.metadata.uid);
    await untilAborted(this.#writeFiles(pod, folder), signal);
    this.#tellMissingDns(pod);
    try {
      const config = this.#sandboxConfig(pod, attempt, await untilAborted(this.#makeGroup(input), signal));
      const id = await limiter.run(() => runtime.createSandbox(config), signal);
      if (signal.aborted) await runtime.remove(id);
      signal.throwIfAborted();
      known.sandboxCreated({ id, started: this.#startSandbox(id, input) });
    } catch (error) {
      signal.throwIfAborted();
      this.#tellSandboxFailure(pod, known, error);
      throw error;
    }
  }

  async #setUpVolumes({ pod, signal }: SyncInput): ReturnType<Volumes['setUp']> {
    try {
      return await untilAborted(this.#options.volumes.setUp(pod), signal);
    } catch (error) {
      if (error instanceof VolumeError)
        this.#options.recorder.record(eventSubject(pod), {
          type: 'Warning',
          reason: 'FailedMount',
          message: error.message,
        });
      throw error;
    }
  }

  async #prepareDevices({ pod, signal }: SyncInput): Promise<void> {
    try {
      await untilAborted(this.#options.devices.prepare(pod), signal);
    } catch (error) {
      if (error instanceof DeviceError)
        this.#options.recorder.record(eventSubject(pod), {
          type: 'Warning',
          reason: 'FailedPrepareDynamicResources',
          message: `Failed to prepare dynamic resources: prepare dynamic resources: ${error.message}`,
        });
      throw error;
    }
  }

  async #refreshVolumes({ pod, known, signal }: SyncInput): Promise<void> {
    const { volumes, clock } = this.#options;
    known.volumesChecked(clock.monotonic());
    known.volumesSetUp(await untilAborted(volumes.setUp(pod, known.volumes), signal));
  }

  async #writeFiles(pod: PodObject, folder: string): Promise<void> {
    await mkdir(folder, { recursive: true, mode: privateMode });
    const { dns, recorder } = this.#options;
    const { text, omissions } = computeResolvConf(pod, await readResolvConf(dns.resolvConf), dns);
    for (const message of omissions)
      recorder.record(eventSubject(pod), { type: 'Warning', reason: 'DNSConfigForming', message });
    await writeFile(resolvConfOf(folder), text);
    await writeFile(hostsFileOf(folder), ''); // the address follows
  }

  /** Upstream's kubelet says it on each such pod too, which buries what is wrong with one of them. */
  #tellMissingDns(pod: PodObject): void {
    const { recorder, dns, nodeName } = this.#options;
    if (this.#hasToldMissingDns || !missesClusterDns(pod, dns)) return;
    this.#hasToldMissingDns = true;
    recorder.record(nodeSubject(nodeName), {
      type: 'Warning',
      reason: 'MissingClusterDNS',
      message: missingDnsMessage,
    });
  }

  /** Goes on beside the images and containers, which need it only when they start. */
  #startSandbox(id: string, { pod, known, signal }: SyncInput): Promise<SandboxState> {
    const { runtime, limiter, observed } = this.#options;
    const started = limiter
      .run(() => runtime.startSandbox(id), signal)
      .then((state) => {
        known.sandboxStarted();
        if (signal.aborted) observed.noteLate(state);
        return this.#noteStarted(pod, state);
      })
      .catch(async (error: unknown) => {
        if (signal.aborted) await runtime.remove(id);
        else this.#tellSandboxFailure(pod, known, error);
        throw error;
      });
    started.catch(() => undefined); // heard by whoever needs the sandbox
    return started;
  }

  /** It is tried again, after a wait that grows. */
  #tellSandboxFailure(pod: PodObject, known: PodRuntimeState, error: unknown): void {
    const { recorder, clock } = this.#options;
    known.sandboxFailed(clock.monotonic());
    const words = withoutNodePaths(errorText(error), this.#options.volumes.folderOf(pod.metadata.uid));
    const message = `Failed to create pod sandbox: ${words}`;
    recorder.record(eventSubject(pod), { type: 'Warning', reason: 'FailedCreatePodSandBox', message });
  }

  async #noteStarted(pod: PodObject, state: SandboxState): Promise<SandboxState> {
    this.#options.observed.noteSandbox(state);
    await this.#writeHosts(pod, state);
    return state;
  }

  async #writeHosts(pod: PodObject, state: SandboxState): Promise<void> {
    const { volumes, dns } = this.#options;
    const text = usesNodeNetwork(pod)
      ? computeNodeHostsFile(pod, await readFile('/etc/hosts', 'utf8'))
      : computeHostsFile(pod, computePodNames(pod, dns.clusterDomain), state.ip ?? '');
    await writeFile(hostsFileOf(volumes.folderOf(pod.metadata.uid)), text);
  }

  /** Those of a sandbox that an earlier kubelet made: somebody may have removed all that it kept. */
  async #restoreFiles(pod: PodObject, state: SandboxState): Promise<void> {
    const folder = this.#options.volumes.folderOf(pod.metadata.uid);
    const [hosts, resolver] = await Promise.all(
      [hostsFileOf(folder), resolvConfOf(folder)].map((file) => ifFilePresent(stat(file))),
    );
    if (hosts !== undefined && resolver !== undefined) return;
    await this.#writeFiles(pod, folder);
    await this.#writeHosts(pod, state);
  }

  /** From now on the pod has this as a whole, whatever it asks for later. */
  async #makeGroup({ pod, known }: SyncInput): Promise<string | undefined> {
    const { observed, cgroups } = this.#options;
    const now = withAllocated(pod, withResized(observed.get(pod.metadata.uid), known.resized), known.podResources);
    if (now.spec?.resources !== undefined) known.podGiven(now.spec.resources);
    return await cgroups.ensure(now);
  }

  #sandboxConfig(pod: PodObject, attempt: number, cgroupParent: string | undefined): SandboxConfig {
    const { spec } = pod;
    return {
      pod: identityOf(pod),
      attempt,
      hostname: computePodNames(pod, this.#options.dns.clusterDomain).hostname,
      network: usesNodeNetwork(pod) ? 'node' : 'pod',
      pid: pidModeOf(pod),
      ipc: spec?.hostIPC ? 'node' : 'pod',
      sysctls: Object.fromEntries(
        (spec?.securityContext?.sysctls ?? []).map(({ name, value }) => [withDots(name), value]),
      ),
      portMappings: usesNodeNetwork(pod) ? [] : portMappingsOf(pod),
      ...(cgroupParent !== undefined && { cgroupParent }),
      engineSettings: readEngineSettings(pod.metadata.annotations).settings,
    };
  }

  async #startContainer(
    { name, attempt }: Extract<PodAction, { type: 'startContainer' }>,
    { pod, known, signal }: SyncInput,
  ): Promise<void> {
    const container = containerOf(pod, name);
    const sandbox = this.#sandboxOf(pod, known);
    if (container === undefined || sandbox === undefined) return;
    if (known.sandbox === undefined) await untilAborted(this.#restoreFiles(pod, await sandbox.started), signal);
    if (known.startHeldBackMs(name, this.#options.clock.monotonic()) > 0) return;
    const maxWaitMs = restartPeriodOf(pod.metadata.annotations, this.#options.maxRestartPeriodMs);
    const now = this.#options.clock.monotonic();
    // Beside its start: what it wrote stays when somebody tidies the engine up.
    const previous = this.#options.observed.get(pod.metadata.uid).containers;
    for (const one of previous)
      if (one.name === name && one.attempt === attempt - 1) void this.#options.keptLogs.keep(one);
    if (attempt > 0) this.#options.backoff.restarted(`${pod.metadata.uid}/${name}`, { now, maxMs: maxWaitMs });
    await this.#options.starter.start({ pod, container, attempt, sandbox, known, maxWaitMs, signal });
  }

  #sandboxOf(pod: PodObject, known: PodRuntimeState): StartingSandbox | undefined {
    const running = sandboxOf(this.#options.observed.get(pod.metadata.uid));
    if (known.sandbox !== undefined && (running === undefined || known.sandbox.id === running.id)) return known.sandbox;
    return running && { id: running.id, started: Promise.resolve(running) };
  }

  async #stopContainer(
    { id, name, reason }: Extract<PodAction, { type: 'stopContainer' }>,
    { pod, known, graceSeconds }: SyncInput,
  ): Promise<void> {
    const { runtime, observed, recorder, clock } = this.#options;
    const container = containerOf(pod, name);
    const message = stopMessage(name, reason, pod);
    recorder.record(eventSubject(pod, container), { type: 'Normal', reason: 'Killing', message });
    const graceMs = (graceSeconds ?? this.#graceSeconds(pod, name, reason)) * 1000;
    const startedAt = clock.monotonic();
    let done = false;
    known.stopBegins(id);
    try {
      const hook = container?.spec.lifecycle?.preStop;
      if (container !== undefined && hook !== undefined && graceMs > 0) {
        const podIp = sandboxOf(observed.get(pod.metadata.uid))?.ip ?? this.#options.nodeIp;
        const question = { container: container.spec, containerId: id, podIp, timeoutMs: graceMs };
        if (!(await runHook(hook, question, this.#options)))
          recorder.record(eventSubject(pod, container), {
            type: 'Warning',
            reason: 'FailedPreStopHook',
            message: 'PreStopHook failed',
          });
      }
      const leftMs = graceMs - (clock.monotonic() - startedAt);
      await runtime.stop(id, hook === undefined ? graceMs / 1000 : Math.max(shortestGraceSeconds, leftMs / 1000));
      const state = await runtime.inspectContainer(id);
      if (state === undefined) observed.noteRemoved(pod.metadata.uid, id);
      else observed.noteContainer(state);
      done = true;
    } finally {
      known.stopEnds(id, { done });
    }
  }

  #graceSeconds(pod: PodObject, name: string, reason: StopReason): number {
    const { livenessProbe, startupProbe } = containerOf(pod, name)?.spec ?? {};
    const own: Partial<Record<StopReason, number | undefined>> = {
      LivenessProbeFailed: livenessProbe?.terminationGracePeriodSeconds,
      StartupProbeFailed: startupProbe?.terminationGracePeriodSeconds,
    };
    return own[reason] ?? graceSecondsOf(pod);
  }

  async #remove(pod: PodObject, id: string): Promise<void> {
    const container = this.#options.observed.get(pod.metadata.uid).containers.find((one) => one.id === id);
    if (container !== undefined) await this.#options.keptLogs.keep(container);
    await this.#options.runtime.remove(id);
    this.#options.observed.noteRemoved(pod.metadata.uid, id);
  }

  async #backOff(
    { name, waitMs, nextStartAt }: Extract<PodAction, { type: 'backOff' }>,
    { pod, known }: SyncInput,
  ): Promise<void> {
    const { namespace, name: podName, uid } = identityOf(pod);
    const place = `${podName}_${namespace}(${uid})`;
    const before = known.waiting.get(name);
    // What begins is upstream's, whole; the second that is said is never too early.
    const nextTry = formatTime(Math.ceil(nextStartAt / 1000) * 1000);
    const message = `back-off ${formatSeconds(waitMs)} restarting failed container=${name} pod=${place}, next try at ${nextTry}`;
    known.containerWaits(name, { reason: 'CrashLoopBackOff', message });
    if (before?.message === message) return;
    this.#options.recorder.record(eventSubject(pod, containerOf(pod, name)), {
      type: 'Warning',
      reason: 'BackOff',
      message: `Back-off restarting failed container ${name} in pod ${place}`,
    });
  }
}

function stopMessage(name: string, reason: StopReason, { spec }: PodObject): string {
  const willRestart = spec?.restartPolicy !== 'Never';
  switch (reason) {
    case 'DefinitionChanged':
      return `Container ${name} definition changed, will be restarted`;
    case 'LivenessProbeFailed':
      return willRestart ? `Container ${name} failed liveness probe, will be restarted` : `Stopping container ${name}`;
    case 'StartupProbeFailed':
      return willRestart ? `Container ${name} failed startup probe, will be restarted` : `Stopping container ${name}`;
    case 'ResizeNeedsRestart':
      return `Container ${name} resize requires restart`;
    case 'PostStartHookFailed':
      return 'FailedPostStartHook';
    case 'SandboxChanged':
    case 'PodEnds':
      return `Stopping container ${name}`;
  }
}

function portMappingsOf(pod: PodObject): PortMapping[] {
  return containersOf(pod).flatMap(({ spec }) =>
    (spec.ports ?? [])
      .filter(({ hostPort }) => hostPort !== undefined && hostPort > 0)
      .map(({ containerPort, hostPort = 0, hostIP = '', protocol = 'TCP' }) => ({
        containerPort,
        hostPort,
        hostIp: hostIP,
        protocol: protocol === 'UDP' || protocol === 'SCTP' ? protocol : 'TCP',
      })),
  );
}
