import { restartPeriodOf } from '../../api/restart-period.ts';
import { formatTime } from '../../api/time.ts';
import type { Clock } from '../../base/clock.ts';
import type { Limiter } from '../../base/limiter.ts';
import { untilAborted } from '../../base/until-aborted.ts';
import type { Recorder } from '../../client/event-recorder.ts';
import type { PodCgroups } from '../cgroups/pod-cgroups.ts';
import type { DnsSettings } from '../containers/dns.ts';
import type { NodeLimits } from '../containers/resource-limits.ts';
import type { NodeDevices } from '../devices/node-devices.ts';
import type { KeptLogs } from '../kept-logs/kept-logs.ts';
import { eventSubject } from '../model/event-subject.ts';
import { formatSeconds } from '../model/go-duration.ts';
import { containerOf, identityOf, type PodObject, sandboxOf } from '../model/pod.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Volumes } from '../volumes/volumes.ts';
import type { ContainerStarter } from './container-starter.ts';
import type { ObservedPods } from './observed-pods.ts';
import type { PodAction } from './pod-actions.ts';
import type { PodRuntimeState, StartingSandbox } from './pod-runtime-state.ts';
import { resizeContainer, resizePod } from './resize-container.ts';
import type { RestartBackoff } from './restart-backoff.ts';
import { SandboxMaker } from './sandbox-maker.ts';
import type { StartMetrics } from './start-metrics.ts';
import { shortestGraceSeconds, stopContainer } from './stop-container.ts';

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
  readonly starts: StartMetrics;
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

export class PodSync {
  readonly #options: PodSyncOptions;
  readonly #sandboxes: SandboxMaker;
  readonly #executors: Executors = {
    createSandbox: (action, input) => this.#sandboxes.create(action.attempt, input),
    stopSandbox: async ({ id }) => {
      await this.#options.runtime.stop(id, shortestGraceSeconds);
      const state = await this.#options.runtime.inspectSandbox(id);
      if (state !== undefined) this.#options.observed.noteSandbox(state);
    },
    removeSandbox: ({ id }, { pod }) => this.#remove(pod, id),
    startContainer: (action, input) => this.#startContainer(action, input),
    stopContainer: (action, input) => stopContainer(this.#options, action, input),
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
    this.#sandboxes = new SandboxMaker(options);
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

  async #refreshVolumes({ pod, known, signal }: SyncInput): Promise<void> {
    const { volumes, clock } = this.#options;
    known.volumesChecked(clock.monotonic());
    known.volumesSetUp(await untilAborted(volumes.setUp(pod, known.volumes), signal));
  }

  async #startContainer(
    { name, attempt }: Extract<PodAction, { type: 'startContainer' }>,
    { pod, known, signal }: SyncInput,
  ): Promise<void> {
    const container = containerOf(pod, name);
    const sandbox = this.#sandboxOf(pod, known);
    if (container === undefined || sandbox === undefined) return;
    if (known.sandbox === undefined)
      await untilAborted(this.#sandboxes.restoreFiles(pod, await sandbox.started), signal);
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
