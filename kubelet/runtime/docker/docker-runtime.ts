/** The runtime contract on Docker Engine, through dockerode. What it must remember is in labels; see docker-labels.ts. */

import { type Duplex, Readable } from 'node:stream';
import type Dockerode from 'dockerode';
import { type Clock, systemClock } from '../../../base/clock.ts';
import type { Logger } from '../../../base/logger.ts';
import type { ContainerStats, StatsDetail } from '../container-stats.ts';
import {
  type CgroupSupport,
  type ContainerConfig,
  type ContainerFiles,
  type ContainerResources,
  type ContainerState,
  type DeviceSupport,
  type ImageAccounts,
  type ImageCopy,
  type ImageDetails,
  type ImageState,
  isRuntimeConflict,
  isRuntimeNotFound,
  isRuntimeUnavailable,
  type LogOptions,
  type LogRotation,
  type PullOptions,
  type Runtime,
  RuntimeError,
  type RuntimeEvent,
  type RuntimeSnapshot,
  type RuntimeStorage,
  type SandboxConfig,
  type SandboxState,
  type Session,
  type StreamOptions,
  usualLogRotation,
} from '../runtime.ts';
import { findCgroupSupport } from './cgroup-support.ts';
import { CgroupStats } from './cgroups/cgroup-stats.ts';
import { computeAmounts, computeContainerOptions, computeSandboxOptions } from './container-options.ts';
import { computeImageId, readInspection } from './container-state.ts';
import { readStats } from './container-stats.ts';
import { readDeviceSupport } from './device-support.ts';
import { isForeign, type Maker, nodeLabel } from './docker-labels.ts';
import { ask, askMaybe, askUnlessSo, connectEngine, defaultSocketPath } from './engine.ts';
import { type OwnEvent, readEvents } from './events.ts';
import { DockerImageAccounts } from './image-accounts.ts';
import { copyFromImage, removeCopies } from './image-copy.ts';
import { DockerImages } from './images.ts';
import { buildInfraImage, infraImageName } from './infra-image.ts';
import { DockerLogs } from './logs.ts';
import { readRecursiveReadOnly } from './mount-support.ts';
import { PodNetwork } from './network.ts';
import { readLowestOomScoreAdj } from './oom-score.ts';
import { openSandboxPort } from './sandbox-port.ts';
import { DockerStorage } from './storage.ts';
import { DockerStreams } from './streams.ts';

export interface DockerRuntimeOptions {
  readonly socketPath?: string;
  readonly nodeName: string;
  /** Default `longshore`. */
  readonly networkName?: string;
  /** What else is written on the network: for whoever finds it and asks whose it is. */
  readonly networkLabels?: Readonly<Record<string, string>>;
  /** Instead of our own. It is pulled like any image. */
  readonly infraImage?: string;
  /** Of the logs of containers that are made from now on. Default: upstream's. */
  readonly logRotation?: LogRotation;
  /** Default 1500. */
  readonly mtu?: number;
  /** How long the engine may take for an answer. Default: 2 minutes, as upstream's runtime requests. */
  readonly requestTimeoutMs?: number;
  readonly logger: Logger;
  readonly clock?: Clock;
}

const usualRequestTimeoutMs = 120_000;

type Inspected = NonNullable<ReturnType<typeof readInspection>>;

/** What the engine calls each state, with what we made of it: only what changed is inspected again by `list`. */
interface ListedContainer {
  readonly dockerState: string;
  /** The id of its image. */
  readonly image: string;
  readonly inspected: Inspected;
  /** 0: it does not run. */
  readonly pid: number;
  /** It is a sandbox with a network namespace of its own. */
  readonly hasNetwork: boolean;
}

export class DockerRuntime implements Runtime {
  readonly name = 'docker';
  /** A call that gets no answer ends: who made it holds places that others wait for. */
  readonly #docker: Dockerode;
  /** For what may be silent for long: events, sessions, pulls, the end of a container. */
  readonly #patientDocker: Dockerode;
  readonly #requestTimeoutMs: number;
  #maker: Maker;
  readonly #networkName: string;
  readonly #infraImage: string;
  readonly #network: PodNetwork;
  readonly #logRotation: LogRotation;
  readonly #lowestOomScoreAdj = readLowestOomScoreAdj();
  readonly #logger: Logger;
  readonly #images: DockerImages;
  readonly #accounts: DockerImageAccounts;
  readonly #storage: DockerStorage;
  readonly #logs: DockerLogs;
  readonly #streams: DockerStreams;
  readonly #cgroups = new CgroupStats();
  readonly #clock: Clock;
  readonly #known = new Map<string, ListedContainer>();
  /**
   * Who creates or starts something hears of it by the answer: the event would only be asked about once more. What is
   * told was done by somebody else, such as a kubelet that was killed before the engine was done. Creations by name.
   */
  readonly #ownCreations = new Set<string>();
  readonly #ownStarts = new Set<string>();
  /** Registry digests by image id, as of the last list. */
  readonly #digests = new Map<string, readonly string[]>();

  constructor(options: DockerRuntimeOptions) {
    const socketPath = options.socketPath ?? defaultSocketPath;
    this.#requestTimeoutMs = options.requestTimeoutMs ?? usualRequestTimeoutMs;
    this.#docker = connectEngine({ socketPath, silenceMs: this.#requestTimeoutMs });
    this.#patientDocker = connectEngine({ socketPath });
    this.#maker = { node: options.nodeName, clusterId: undefined };
    this.#networkName = options.networkName ?? 'longshore';
    this.#infraImage = options.infraImage ?? infraImageName;
    this.#network = new PodNetwork({
      docker: this.#docker,
      socketPath,
      name: this.#networkName,
      mtu: options.mtu ?? 1500,
      labels: options.networkLabels ?? {},
      logger: options.logger,
      clock: options.clock ?? systemClock,
    });
    this.#logger = options.logger;
    this.#logRotation = options.logRotation ?? usualLogRotation;
    this.#clock = options.clock ?? systemClock;
    this.#images = new DockerImages(this.#docker, this.#patientDocker);
    this.#accounts = new DockerImageAccounts(this.#docker);
    this.#storage = new DockerStorage(this.#docker);
    this.#logs = new DockerLogs(this.#patientDocker);
    this.#streams = new DockerStreams(this.#patientDocker);
  }

  async list(): Promise<RuntimeSnapshot> {
    const { node, clusterId } = this.#maker;
    const filters = { label: [`${nodeLabel}=${node}`] };
    const [listed] = await Promise.all([
      ask(this.#docker.listContainers({ all: true, filters })),
      this.#refreshDigests(),
    ]);
    const found = listed.filter(({ Labels: labels }) => !isForeign(labels, clusterId));
    const present = new Set(found.map(({ Id }) => Id));
    for (const id of this.#known.keys()) if (!present.has(id)) this.#forget(id);
    const all = await Promise.all(
      found.map(({ Id: id, State: state }) => {
        const known = this.#known.get(id);
        return known?.dockerState === state ? this.#withImageId(known) : this.#inspect(id);
      }),
    );
    const ours = all.filter((one) => one !== undefined);
    return {
      sandboxes: ours.filter((one) => one.type === 'sandbox'),
      containers: ours.filter((one) => one.type === 'container'),
    };
  }

  async inspectContainer(id: string): Promise<ContainerState | undefined> {
    const found = await this.#inspect(id);
    return found?.type === 'container' ? found : undefined;
  }

  async inspectSandbox(id: string): Promise<SandboxState | undefined> {
    const found = await this.#inspect(id);
    return found?.type === 'sandbox' ? found : undefined;
  }

  async createSandbox(config: SandboxConfig): Promise<string> {
    const options = computeSandboxOptions(config, {
      maker: this.#maker,
      infraImage: this.#infraImage,
      networkName: this.#networkName,
      apiVersion: config.engineSettings?.macAddress === undefined ? '' : await this.#apiVersion(),
      lowestOomScoreAdj: this.#lowestOomScoreAdj,
    });
    try {
      return await this.#create(options);
    } catch (error) {
      if (!isRuntimeNotFound(error)) throw error;
      this.#network.doubt();
      // Somebody removed the infra image while we ran.
      await this.prepare();
      return await this.#create(options);
    }
  }

  async startSandbox(id: string): Promise<SandboxState> {
    this.#ownStarts.add(id);
    try {
      await ask(this.#docker.getContainer(id).start());
    } catch (error) {
      // Who gives up waiting hears of a start that comes about later by its event.
      this.#ownStarts.delete(id);
      if (isRuntimeNotFound(error)) this.#network.doubt();
      throw error;
    }
    return required(await this.inspectSandbox(id), id);
  }

  async createContainer(sandboxId: string, config: ContainerConfig): Promise<string> {
    const [lowestOomScoreAdj, logRotation] = [this.#lowestOomScoreAdj, this.#logRotation];
    const place = { sandboxId, maker: this.#maker, lowestOomScoreAdj, logRotation };
    return await this.#create(computeContainerOptions(config, place));
  }

  async startContainer(id: string): Promise<ContainerState> {
    this.#ownStarts.add(id);
    try {
      await ask(this.#docker.getContainer(id).start());
    } catch (error) {
      this.#ownStarts.delete(id);
      // What cannot be run is the container's end, and the engine remembers it so.
      const state = isRuntimeUnavailable(error) ? undefined : await this.inspectContainer(id);
      if (state?.status.type !== 'exited' || state.status.startError === undefined) throw error;
      return state;
    }
    return required(await this.inspectContainer(id), id);
  }

  async updateResources(id: string, resources: ContainerResources): Promise<void> {
    await ask(this.#docker.getContainer(id).update(computeAmounts(resources)));
  }

  async stop(id: string, graceSeconds: number): Promise<void> {
    const t = Math.max(0, Math.ceil(graceSeconds));
    const abortSignal = AbortSignal.timeout(t * 1000 + this.#requestTimeoutMs);
    await askUnlessSo(this.#patientDocker.getContainer(id).stop({ t, abortSignal }));
  }

  async remove(id: string): Promise<void> {
    try {
      await askMaybe(this.#docker.getContainer(id).remove({ force: true, v: true }));
    } catch (error) {
      // Somebody else is at it.
      if (!isRuntimeConflict(error)) throw error;
    }
    this.#forget(id);
    this.#ownStarts.delete(id);
  }

  #forget(id: string): void {
    this.#known.delete(id);
    this.#cgroups.forget(id);
  }

  async *events(signal: AbortSignal): AsyncGenerator<RuntimeEvent> {
    const isOwn = ({ action, id, name }: OwnEvent) =>
      action === 'create' ? this.#ownCreations.delete(name) : this.#ownStarts.delete(id);
    yield* readEvents(this.#patientDocker, { maker: () => this.#maker, isOwn }, signal);
  }

  inspectImage(name: string): Promise<ImageDetails | undefined> {
    return this.#images.inspect(name);
  }

  imageAccounts(id: string): Promise<ImageAccounts> {
    return this.#accounts.of(id, this.#maker);
  }

  pullImage(name: string, options: PullOptions): Promise<void> {
    return this.#images.pull(name, options);
  }

  listImages(): Promise<ImageState[]> {
    return this.#images.list(this.#infraImage);
  }

  copyFromImage(copy: ImageCopy, signal: AbortSignal): Promise<boolean> {
    const context = { docker: this.#docker, maker: this.#maker, emptyImage: this.#infraImage };
    return copyFromImage(context, copy, signal);
  }

  removeImage(id: string): Promise<void> {
    return this.#images.remove(id);
  }

  imagesInUse(): Promise<ReadonlySet<string>> {
    return this.#images.inUse();
  }

  storage(): Promise<RuntimeStorage> {
    return this.#storage.folders();
  }

  containerFiles(id: string): Promise<ContainerFiles | undefined> {
    return this.#storage.filesOf(id);
  }

  writtenBytes(id: string): Promise<number | undefined> {
    return this.#storage.writtenBytes(id);
  }

  logs(id: string, options: LogOptions, signal: AbortSignal): AsyncIterable<Buffer> {
    return this.#logs.read(id, options, signal);
  }

  exec(id: string, command: readonly string[], options: StreamOptions): Promise<Session> {
    return this.#streams.exec(id, command, options);
  }

  attach(id: string, options: StreamOptions): Promise<Session> {
    return this.#streams.attach(id, options);
  }

  openPort(sandboxId: string, port: number): Promise<Duplex> {
    return openSandboxPort(this.#patientDocker, sandboxId, port);
  }

  async version(): Promise<string> {
    return (await ask(this.#docker.version())).Version;
  }

  /** Of the engine as it is now: it may be another one after its restart. */
  async #apiVersion(): Promise<string> {
    return (await ask(this.#docker.version())).ApiVersion;
  }

  useCluster(clusterId: string): void {
    this.#maker = { ...this.#maker, clusterId };
  }

  async ensureNetwork(podCidr: string): Promise<string | undefined> {
    return await this.#network.ensure(podCidr, this.#maker.clusterId);
  }

  async prepare(): Promise<void> {
    await removeCopies(this.#docker, this.#maker);
    if ((await this.#images.inspect(this.#infraImage)) !== undefined) return;
    if (this.#infraImage !== infraImageName) {
      await this.#images.pull(this.#infraImage, { signal: new AbortController().signal });
      return;
    }
    const { Arch: arch } = await ask(this.#docker.version());
    if (arch !== 'amd64' && arch !== 'arm64')
      throw new RuntimeError('Refused', `There is no infra image for ${arch}: name one with --infra-image`);
    const progress = await ask(this.#docker.loadImage(Readable.from(await buildInfraImage(arch))));
    for await (const line of progress) this.#logger.debug('The engine loads the infra image', { line: String(line) });
  }

  async deviceSupport(): Promise<DeviceSupport> {
    return readDeviceSupport(await ask(this.#docker.info()));
  }

  async supportsRecursiveReadOnly(): Promise<boolean> {
    return readRecursiveReadOnly(await ask(this.#docker.info()));
  }

  async cgroupSupport(): Promise<CgroupSupport | undefined> {
    return await findCgroupSupport(this.#docker, {
      maker: this.#maker,
      infraImage: this.#infraImage,
      networkName: this.#networkName,
    });
  }

  async stats(ids: readonly string[], detail: StatsDetail = 'usage'): Promise<ContainerStats[]> {
    const processes = ids.flatMap((id) => {
      const { pid = 0, hasNetwork = false } = this.#known.get(id) ?? {};
      return pid === 0 ? [] : [{ id, pid, hasNetwork }];
    });
    const read = await this.#cgroups.read(processes, { detail, now: () => this.#clock.now() });
    // Whose control groups are not seen from here, of those the engine tells.
    const all = await Promise.all(ids.map(async (id) => read.get(id) ?? (await this.#statsOf(id))));
    return all.filter((one) => one !== undefined);
  }

  async #statsOf(id: string): Promise<ContainerStats | undefined> {
    const answer = await askMaybe(this.#docker.getContainer(id).stats({ stream: false, 'one-shot': true }));
    return answer && readStats(id, answer);
  }

  async #create(options: Dockerode.ContainerCreateOptions): Promise<string> {
    const { name = '' } = options;
    this.#ownCreations.add(name);
    try {
      return (await ask(this.#docker.createContainer(options))).id;
    } catch (error) {
      this.#ownCreations.delete(name);
      const taken = isRuntimeConflict(error) && name !== '';
      if (!taken) throw error;
      // Left by a creation whose answer we never got.
      await this.remove(name);
      this.#ownCreations.add(name);
      return (await ask(this.#docker.createContainer(options))).id;
    }
  }

  async #inspect(id: string): Promise<Inspected | undefined> {
    const info = await askMaybe(this.#docker.getContainer(id).inspect());
    const inspected = info && readInspection(info, await this.#digestsOf(info.Image));
    if (info === undefined || inspected === undefined) {
      this.#forget(id);
      return undefined;
    }
    this.#known.set(id, {
      dockerState: info.State.Status,
      image: info.Image,
      inspected,
      pid: info.State.Running ? info.State.Pid : 0,
      hasNetwork: inspected.type === 'sandbox' && info.HostConfig.NetworkMode !== 'host',
    });
    return inspected;
  }

  /** A push or a pull gives an image that is there a name in a registry. */
  async #refreshDigests(): Promise<void> {
    for (const { Id: id, RepoDigests: digests } of await ask(this.#docker.listImages()))
      this.#digests.set(id, (digests ?? []).filter(isDigest));
  }

  #withImageId({ inspected, image }: ListedContainer): Inspected {
    const digests = this.#digests.get(image);
    if (inspected.type === 'sandbox' || digests === undefined) return inspected;
    return { ...inspected, imageId: computeImageId(image, digests, inspected.imageName) };
  }

  async #digestsOf(imageId: string): Promise<readonly string[]> {
    const known = this.#digests.get(imageId) ?? [];
    // A list that was made in the middle of a pull knows the image, and not yet its name.
    if (known.length > 0) return known;
    const image = await askMaybe(this.#docker.getImage(imageId).inspect());
    const digests = (image?.RepoDigests ?? []).filter(isDigest);
    if (image !== undefined) this.#digests.set(imageId, digests);
    return digests;
  }
}

const isDigest = (name: string): boolean => !name.includes('<none>');

function required<T>(state: T | undefined, id: string): T {
  if (state === undefined) throw new RuntimeError('NotFound', `No such container: ${id}`);
  return state;
}
