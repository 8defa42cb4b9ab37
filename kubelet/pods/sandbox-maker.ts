/**
 * Makes the sandbox of a pod: volumes and devices, its files, its control group, then the sandbox itself, whose start goes
 * on beside images and containers.
 */

import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { readEngineSettings } from '../../api/engine-settings.ts';
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
import type { NodeDevices } from '../devices/node-devices.ts';
import { DeviceError } from '../devices/pod-device-claims.ts';
import { eventSubject, nodeSubject } from '../model/event-subject.ts';
import { withoutNodePaths } from '../model/node-paths.ts';
import { containersOf, identityOf, type PodObject, usesNodeNetwork } from '../model/pod.ts';
import type { PortMapping, Runtime, SandboxConfig, SandboxState } from '../runtime/runtime.ts';
import { VolumeError, type Volumes } from '../volumes/volumes.ts';
import type { ObservedPods } from './observed-pods.ts';
import type { PodRuntimeState } from './pod-runtime-state.ts';
import type { StartMetrics } from './start-metrics.ts';
import { withDots } from './sysctls.ts';

export interface SandboxMakerOptions {
  readonly runtime: Runtime;
  readonly volumes: Volumes;
  readonly devices: Pick<NodeDevices, 'prepare'>;
  readonly cgroups: Pick<PodCgroups, 'ensure'>;
  readonly observed: ObservedPods;
  readonly recorder: Recorder;
  readonly starts: StartMetrics;
  readonly clock: Clock;
  readonly limiter: Limiter;
  readonly dns: DnsSettings;
  readonly nodeName: string;
}

export interface SandboxInput {
  readonly pod: PodObject;
  readonly known: PodRuntimeState;
  /** Aborts when the pod's end is asked for. */
  readonly signal: AbortSignal;
}

export class SandboxMaker {
  readonly #options: SandboxMakerOptions;
  #hasToldMissingDns = false;

  constructor(options: SandboxMakerOptions) {
    this.#options = options;
  }

  /** Resolves when it is made; it may be starting still (`known.sandbox`). */
  async create(attempt: number, input: SandboxInput): Promise<void> {
    const { pod, known, signal } = input;
    const { runtime, volumes, limiter, clock } = this.#options;
    known.volumesChecked(clock.monotonic());
    known.volumesSetUp(await this.#setUpVolumes(input));
    await this.#prepareDevices(input);
    const folder = volumes.folderOf(pod.metadata.uid);
    await untilAborted(this.#writeFiles(pod, folder), signal);
    this.#tellMissingDns(pod);
    this.#options.starts.podStarts();
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

  async #setUpVolumes({ pod, signal }: SandboxInput): ReturnType<Volumes['setUp']> {
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

  async #prepareDevices({ pod, signal }: SandboxInput): Promise<void> {
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
  #startSandbox(id: string, { pod, known, signal }: SandboxInput): Promise<SandboxState> {
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
    const { recorder, clock, starts } = this.#options;
    starts.podFailed();
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
  async restoreFiles(pod: PodObject, state: SandboxState): Promise<void> {
    const folder = this.#options.volumes.folderOf(pod.metadata.uid);
    const [hosts, resolver] = await Promise.all(
      [hostsFileOf(folder), resolvConfOf(folder)].map((file) => ifFilePresent(stat(file))),
    );
    if (hosts !== undefined && resolver !== undefined) return;
    await this.#writeFiles(pod, folder);
    await this.#writeHosts(pod, state);
  }

  /** From now on the pod has this as a whole, whatever it asks for later. */
  async #makeGroup({ pod, known }: SandboxInput): Promise<string | undefined> {
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
