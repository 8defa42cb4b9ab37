/**
 * Asks running containers, each probe in a loop of its own, and keeps what they answered.
 *
 * Timeline of one container: running → startup probe until it passes → liveness and readiness side by side → ended.
 *
 * Invariants:
 * - A result belongs to a container id: a restarted container begins anew.
 * - Without a probe a container counts as started and ready as soon as it runs.
 * - A loop ends when its container does, or when the prober stops.
 */

import type { Probe } from '../../api/types/core/v1.ts';
import type { Clock } from '../../base/clock.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import { errorText } from '../../base/error-text.ts';
import type { Recorder } from '../../client/event-recorder.ts';
import { eventSubject } from '../model/event-subject.ts';
import { identityOf, type PodContainer, type PodObject, runtimeIdOf, statusOf } from '../model/pod.ts';
import type { StopReason } from '../model/stop-reason.ts';
import type { ContainerState, StreamRuntime } from '../runtime/runtime.ts';
import { type Answer, askExec, askGrpc, askHttp, askTcp, resolvePort } from './handlers.ts';
import type { ProbeMetrics, ProbeName, ProbeOutcome } from './probe-metrics.ts';

export interface ProberOptions {
  readonly runtime: Pick<StreamRuntime, 'exec'>;
  readonly recorder: Recorder;
  readonly clock: Clock;
  readonly userAgent: string;
  /** A result changed: the pod's status or its next step may have. */
  readonly onChange: (podUid: string) => void;
  /** Nobody is asked. */
  readonly alwaysPasses?: boolean;
  readonly metrics?: Pick<ProbeMetrics, 'note' | 'forget'>;
  /** From 0 to 1: when in its first period a container is asked that ran before this prober. Default: any time. */
  readonly random?: () => number;
}

export interface ProbeTarget {
  readonly pod: PodObject;
  readonly container: PodContainer;
  readonly state: ContainerState;
  readonly podIp: string;
}

interface Watched {
  readonly podUid: string;
  readonly stop: AbortController;
  started: boolean;
  ready: boolean;
  failedProbe: StopReason | undefined;
}

export class Prober {
  readonly #options: ProberOptions;
  readonly #watched = new Map<string, Watched>();
  readonly #loops = new Set<Promise<void>>();

  readonly #createdAt: number;

  constructor(options: ProberOptions) {
    this.#options = options;
    this.#createdAt = options.clock.now();
  }

  /** Begins to ask a running container, unless that goes on already. */
  watch(target: ProbeTarget): void {
    const { pod, container, state } = target;
    if (this.#watched.has(state.id)) return;
    const { startupProbe, livenessProbe, readinessProbe } = container.spec;
    // What an earlier kubelet found out of this very container holds until it is asked again.
    const status = statusOf(pod, container);
    const known = runtimeIdOf(status?.containerID ?? '') === state.id ? status : undefined;
    const started = startupProbe === undefined || known?.started === true;
    const watched: Watched = {
      podUid: pod.metadata.uid,
      stop: new AbortController(),
      started,
      ready: started && (readinessProbe === undefined || known?.ready === true),
      failedProbe: undefined,
    };
    this.#watched.set(state.id, watched);
    const loop = this.#askAll(target, watched, {
      startupProbe: started ? undefined : startupProbe,
      livenessProbe,
      readinessProbe,
    });
    this.#loops.add(loop);
    void loop.then(() => this.#loops.delete(loop));
  }

  /** The container ended. */
  forget(containerId: string): void {
    this.#watched.get(containerId)?.stop.abort();
    this.#watched.delete(containerId);
  }

  /** The pod is gone. */
  forgetPod(podUid: string): void {
    this.#options.metrics?.forget(podUid);
  }

  isStarted(containerId: string): boolean {
    return this.#watched.get(containerId)?.started ?? false;
  }

  isReady(containerId: string): boolean {
    return this.#watched.get(containerId)?.ready ?? false;
  }

  failedProbeOf(containerId: string): StopReason | undefined {
    return this.#watched.get(containerId)?.failedProbe;
  }

  /** Ends all loops and waits for them. */
  async stop(): Promise<void> {
    for (const { stop } of this.#watched.values()) stop.abort();
    await Promise.all(this.#loops);
  }

  async #askAll(
    target: ProbeTarget,
    watched: Watched,
    probes: { readonly [Name in 'startupProbe' | 'livenessProbe' | 'readinessProbe']: DeepReadonly<Probe> | undefined },
  ): Promise<void> {
    const { startupProbe, livenessProbe, readinessProbe } = probes;
    const { signal } = watched.stop;
    const changed = () => this.#options.onChange(watched.podUid);
    if (startupProbe !== undefined) {
      await this.#ask(target, { name: 'Startup', probe: startupProbe, signal }, (passed) => {
        if (passed) {
          watched.started = true;
          watched.ready = readinessProbe === undefined;
        } else watched.failedProbe = 'StartupProbeFailed';
        changed();
        return 'end';
      });
      if (!watched.started) return;
    }
    await Promise.all([
      livenessProbe &&
        this.#ask(target, { name: 'Liveness', probe: livenessProbe, signal }, (passed) => {
          if (passed) return 'go on';
          watched.failedProbe = 'LivenessProbeFailed';
          changed();
          return 'end';
        }),
      readinessProbe &&
        this.#ask(target, { name: 'Readiness', probe: readinessProbe, signal }, (passed) => {
          const before = watched.ready;
          watched.ready = passed;
          if (before !== passed) changed();
          return 'go on';
        }),
    ]);
  }

  /** Asks period after period; `decide` hears each time when a threshold is reached. */
  async #ask(
    target: ProbeTarget,
    {
      name,
      probe,
      signal,
    }: { readonly name: ProbeName; readonly probe: DeepReadonly<Probe>; readonly signal: AbortSignal },
    decide: (passed: boolean) => 'go on' | 'end',
  ): Promise<void> {
    const { clock } = this.#options;
    const { initialDelaySeconds = 0, periodSeconds = 10, successThreshold = 1, failureThreshold = 3 } = probe;
    const delayMs = initialDelaySeconds * 1000 - runningForMs(target.state, clock);
    await clock.sleep(Math.max(0, delayMs, this.#spreadMs(target.state, periodSeconds)), signal);
    let inRow = 0;
    let last: boolean | undefined;
    while (!signal.aborted) {
      const startedAt = clock.monotonic();
      const answer = await this.#askOnce(target, probe);
      if (signal.aborted) return;
      this.#note(target, name, { result: answer.result, seconds: (clock.monotonic() - startedAt) / 1000 });
      if (answer.result !== 'success') this.#tell(target, name, answer);
      if (answer.result !== 'unknown') {
        const passed = answer.result !== 'failure';
        inRow = passed === last ? inRow + 1 : 1;
        last = passed;
        const reached = inRow >= (passed ? successThreshold : failureThreshold);
        if (reached && decide(passed) === 'end') return;
      }
      await clock.sleep(Math.max(0, periodSeconds * 1000 - (clock.monotonic() - startedAt)), signal);
    }
  }

  /** A kubelet that starts anew would ask everything that runs at once, and again at once a period later. */
  #spreadMs({ status }: ContainerState, periodSeconds: number): number {
    const ranBefore = status.type === 'running' && status.startedAt < this.#createdAt;
    return ranBefore ? (this.#options.random ?? Math.random)() * periodSeconds * 1000 : 0;
  }

  #note({ pod, container }: ProbeTarget, name: ProbeName, outcome: ProbeOutcome): void {
    this.#options.metrics?.note(name, { pod: identityOf(pod), container: container.spec.name }, outcome);
  }

  async #askOnce({ container, state, podIp }: ProbeTarget, probe: DeepReadonly<Probe>): Promise<Answer> {
    const { runtime, clock, userAgent } = this.#options;
    const patience = { timeoutMs: (probe.timeoutSeconds ?? 1) * 1000, clock };
    const { exec, httpGet, tcpSocket, grpc } = probe;
    if (this.#options.alwaysPasses) return { result: 'success', output: '' };
    try {
      if (exec) return await askExec(runtime, state.id, { command: exec.command ?? [], ...patience });
      if (httpGet) {
        const port = resolvePort(httpGet.port, container.spec);
        return await askHttp({ action: httpGet, podIp, port, userAgent, ...patience });
      }
      if (tcpSocket)
        return await askTcp(tcpSocket.host || podIp, resolvePort(tcpSocket.port, container.spec), patience);
      if (grpc) return await askGrpc(podIp, { port: grpc.port, service: grpc.service ?? '', ...patience });
      return { result: 'success', output: '' };
    } catch (error) {
      return { result: 'unknown', output: errorText(error) };
    }
  }

  #tell({ pod, container }: ProbeTarget, name: ProbeName, { result, output }: Answer): void {
    const texts = {
      failure: `${name} probe failed: ${output}`,
      warning: `${name} probe warning: ${output}`,
      unknown: `${name} probe errored and resulted in unknown state: ${output}`,
    };
    if (result === 'success') return;
    const reason = result === 'warning' ? 'ProbeWarning' : 'Unhealthy';
    this.#options.recorder.record(eventSubject(pod, container), { type: 'Warning', reason, message: texts[result] });
  }
}

const runningForMs = ({ status }: ContainerState, clock: Clock): number =>
  status.type === 'running' ? Math.max(0, clock.now() - status.startedAt) : 0;
