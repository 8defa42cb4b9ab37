/**
 * CONTRACT: what runs containers. `docker/docker-runtime.ts` is the real one, `testing/fake-runtime.ts` the one for
 * tests; both pass `testing/runtime-conformance.ts`.
 *
 * A pod is a sandbox, which owns the network and IPC namespaces, and containers joined to it. A runtime remembers
 * by itself everything that it is told here (Docker: in labels and names), so that a kubelet that was killed finds
 * its pods again with `list`. Failures are thrown as `RuntimeError`; "already so" (started, stopped, removed) is
 * success. Calls on different objects may run at the same time.
 */

import type { Duplex, Readable, Writable } from 'node:stream';
import type { EngineSettings } from '../../api/engine-settings.ts';
import type { ContainerStats, StatsDetail } from './container-stats.ts';

export interface PodIdentity {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** `pod`: shared by the pod's containers. `node`: the host's own. `container`: each container has its own. */
export type NamespaceMode = 'pod' | 'node' | 'container';

export interface PortMapping {
  readonly containerPort: number;
  readonly hostPort: number;
  readonly hostIp: string;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
}

export interface SandboxConfig {
  readonly pod: PodIdentity;
  /** How many sandboxes this pod had before. */
  readonly attempt: number;
  readonly hostname: string;
  readonly network: 'pod' | 'node';
  readonly pid: NamespaceMode;
  readonly ipc: 'pod' | 'node';
  readonly sysctls: Readonly<Record<string, string>>;
  readonly portMappings: readonly PortMapping[];
  readonly cgroupParent?: string | undefined;
  /** What the pod asks of the engine itself. */
  readonly engineSettings?: EngineSettings;
}

export type ContainerKind = 'init' | 'main' | 'ephemeral';

/** Paths are taken as they are, whatever characters they have. */
export interface Mount {
  /** Absolute; a file or folder that is there. */
  readonly hostPath: string;
  /** Absolute; made where it is missing. */
  readonly containerPath: string;
  readonly readOnly: boolean;
  /** With `readOnly`, not with a propagation: so is all that is mounted below it, or the container is not started. */
  readonly recursiveReadOnly?: true;
  readonly propagation?: 'private' | 'rslave' | 'rshared';
}

export interface Device {
  readonly hostPath: string;
  readonly containerPath: string;
  readonly permissions: string;
}

/** Devices that the engine hands out by name: what each needs in a container, the engine or a CDI spec knows. */
export interface DeviceRequest {
  /** `cdi`, or one of the engine's own drivers, such as `nvidia`. */
  readonly driver: string;
  /** `vendor.com/class=name` for `cdi`; what the driver calls its devices for others. */
  readonly ids: readonly string[];
  /** What a driver of the engine's is asked for, such as `gpu`; none for `cdi`. */
  readonly capabilities: readonly string[];
}

/** What the engine can hand to containers beside files of the host. */
export interface DeviceSupport {
  /** Where it finds CDI specs; empty: it hands out no CDI devices. */
  readonly cdiFolders: readonly string[];
  /** The CDI devices that it says it has; undefined: it does not say. */
  readonly cdiDevices?: readonly string[] | undefined;
  /** Its own drivers, by name. */
  readonly drivers: readonly string[];
}

/** How the engine groups containers for the kernel's accounting, and where groups of pods belong. */
export interface CgroupSupport {
  /** Who makes them: the engine itself, as folders, or systemd, as slices. */
  readonly driver: 'cgroupfs' | 'systemd';
  readonly version: 1 | 2;
  /**
   * The group of all pods that are made through this runtime: a path from the root of the hierarchy (`/kubepods`), or
   * a slice (`kubepods.slice`). Below the engine's own parent where it was given one. It need not be there.
   */
  readonly top: string;
}

export interface ContainerResources {
  readonly cpuShares: number;
  /** Microseconds of CPU in each `cpuPeriod`; 0: no limit. */
  readonly cpuQuota: number;
  readonly cpuPeriod: number;
  /** 0: no limit. */
  readonly memoryBytes: number;
  readonly oomScoreAdj: number;
  /** How many processes and threads there may be at once; 0: no limit. */
  readonly maxPids: number;
}

export interface ContainerSecurity {
  /** `uid`, `uid:gid` or undefined: the image's. */
  readonly user?: string | undefined;
  readonly supplementalGroups: readonly string[];
  readonly privileged: boolean;
  readonly addCapabilities: readonly string[];
  readonly dropCapabilities: readonly string[];
  readonly readOnlyRootFilesystem: boolean;
  readonly noNewPrivileges: boolean;
  /** `default`: the runtime's own; else a profile as JSON text; undefined: unconfined. */
  readonly seccompProfile?: string | undefined;
  /** A profile that the kernel has loaded, or `unconfined`; undefined: the runtime's own. */
  readonly appArmorProfile?: string | undefined;
  readonly unmaskedProc: boolean;
  /** `user:u`, `level:s0:c1` and so on; empty: the runtime's own choice. Without SELinux they mean nothing. */
  readonly seLinuxLabels: readonly string[];
}

export interface ContainerConfig {
  readonly pod: PodIdentity;
  readonly name: string;
  readonly kind: ContainerKind;
  /** How many containers were made for this one before: its restart count. */
  readonly attempt: number;
  /** A digest of the wanted definition: tells when it changed. */
  readonly specHash: string;
  /** The id that `ensureImage` answered. */
  readonly image: string;
  /** The name that the user wrote. */
  readonly imageName: string;
  /** Undefined: the image's entry point. */
  readonly command?: readonly string[] | undefined;
  readonly args?: readonly string[] | undefined;
  /** `NAME=value`. */
  readonly environment: readonly string[];
  readonly workingDirectory?: string | undefined;
  readonly mounts: readonly Mount[];
  readonly devices: readonly Device[];
  readonly deviceRequests: readonly DeviceRequest[];
  readonly resources: ContainerResources;
  readonly security: ContainerSecurity;
  readonly pid: NamespaceMode;
  /** For an ephemeral container that looks at another one. */
  readonly targetContainerId?: string | undefined;
  readonly ipc: 'pod' | 'node';
  readonly stdin: boolean;
  readonly stdinOnce: boolean;
  readonly tty: boolean;
  readonly stopSignal?: string | undefined;
  readonly cgroupParent?: string | undefined;
  /** What the pod asks of the engine itself. */
  readonly engineSettings?: EngineSettings;
  /** What must be known to end the container when its pod object is gone; kept and given back as it is. */
  readonly annotations: Readonly<Record<string, string>>;
}

export interface SandboxState {
  readonly id: string;
  /** What the runtime itself calls it, and the image that it runs; absent: nothing of its own. */
  readonly runtimeName?: string;
  readonly imageName?: string;
  /** Whose it is. Absent: made by a build that did not say. */
  readonly clusterId?: string;
  readonly pod: PodIdentity;
  readonly attempt: number;
  readonly running: boolean;
  /** Absent: on the node's network, or not running. */
  readonly ip?: string | undefined;
  /** Wall time in milliseconds. */
  readonly createdAt: number;
}

export interface ContainerState {
  readonly id: string;
  /** What the runtime itself calls it; absent: nothing of its own. */
  readonly runtimeName?: string;
  /** As of a sandbox. */
  readonly clusterId?: string;
  readonly pod: PodIdentity;
  readonly name: string;
  readonly kind: ContainerKind;
  readonly attempt: number;
  readonly specHash: string;
  readonly sandboxId: string;
  readonly imageName: string;
  /** The image's digest where it came from a registry, else its id. */
  readonly imageId: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly createdAt: number;
  readonly status: ContainerRunState;
}

export type ContainerRunState =
  | { readonly type: 'created' }
  | { readonly type: 'running'; readonly startedAt: number }
  | {
      readonly type: 'exited';
      /** 0: it never ran. */
      readonly startedAt: number;
      readonly finishedAt: number;
      readonly exitCode: number;
      readonly outOfMemory: boolean;
      /** Why it could not be started. */
      readonly startError?: string | undefined;
    };

/** All that a runtime has of Longshore's. */
export interface RuntimeSnapshot {
  readonly sandboxes: readonly SandboxState[];
  readonly containers: readonly ContainerState[];
}

/** Something changed: look again. */
export interface RuntimeEvent {
  readonly type: 'sandbox' | 'container';
  readonly id: string;
  readonly podUid: string;
}

/** Making and ending pods' parts. */
export interface PodRuntime {
  /** Everything there is of this node's pods. */
  list(): Promise<RuntimeSnapshot>;
  /** Undefined: there is no such container. */
  inspectContainer(id: string): Promise<ContainerState | undefined>;
  inspectSandbox(id: string): Promise<SandboxState | undefined>;
  /** Creates without starting. A leftover of the same name is replaced. Returns its id. */
  createSandbox(config: SandboxConfig): Promise<string>;
  startSandbox(id: string): Promise<SandboxState>;
  /** The sandbox need not run yet. A leftover of the same name is replaced. Returns its id. */
  createContainer(sandboxId: string, config: ContainerConfig): Promise<string>;
  /** The sandbox must run. A container that cannot be run as it was made is not thrown: its state says `startError`. */
  startContainer(id: string): Promise<ContainerState>;
  /** Other amounts of CPU and memory, while it runs. */
  updateResources(id: string, resources: ContainerResources): Promise<void>;
  /** Sends the stop signal, and kills after `graceSeconds`. Resolves once it is over; a later, shorter call wins. */
  stop(id: string, graceSeconds: number): Promise<void>;
  /** Kills what still runs. Its logs go too. */
  remove(id: string): Promise<void>;
  /** Events from now on until `signal` aborts; throws when the connection breaks (then: list again). */
  events(signal: AbortSignal): AsyncIterable<RuntimeEvent>;
}

export interface RegistryCredentials {
  readonly username: string;
  readonly password: string;
}

export interface ImageState {
  readonly id: string;
  readonly names: readonly string[];
  readonly sizeBytes: number;
  readonly createdAt: number;
  /** The runtime itself needs it: it stays although no container uses it. */
  readonly pinned: boolean;
}

/** What of an image's own configuration decides how a container is made. */
export interface ImageDetails {
  readonly id: string;
  readonly sizeBytes: number;
  /** As the image says it: a name or a number, with or without a group; empty: root. */
  readonly user: string;
}

/** What of an image is wanted as files. */
export interface ImageCopy {
  readonly imageId: string;
  /** Absolute: a folder of the image, whose contents are copied. Undefined: all of it. */
  readonly path?: string | undefined;
  /** Absolute; it is there. */
  readonly hostFolder: string;
}

/** Texts of an image's /etc/passwd and /etc/group; empty where there is none. */
export interface ImageAccounts {
  readonly passwd: string;
  readonly group: string;
}

/** How far one layer of an image is that is being pulled. */
export interface LayerProgress {
  readonly id: string;
  /** `done`: it is on this machine, be it that it was there before. */
  readonly state: 'waiting' | 'downloading' | 'unpacking' | 'done';
  /** What has been downloaded of it, and its size; only while it is `downloading`. */
  readonly bytes?: number;
  readonly totalBytes?: number;
}

export interface PullOptions {
  /** Undefined: as anybody. */
  readonly credentials?: RegistryCredentials | undefined;
  /** Ends the pull. */
  readonly signal: AbortSignal;
  /** May be called many times a second, and not at all by a runtime that tells nothing. */
  readonly onProgress?: (layer: LayerProgress) => void;
}

export interface ImageRuntime {
  /** Undefined: it is not on this machine. */
  inspectImage(name: string): Promise<ImageDetails | undefined>;
  /** Of an image that is here, by its id. */
  imageAccounts(id: string): Promise<ImageAccounts>;
  /** Throws `RuntimeError` with the registry's own words. */
  pullImage(name: string, options: PullOptions): Promise<void>;
  listImages(): Promise<ImageState[]>;
  /**
   * With owners, modes and links as the image has them; nothing outside of the folder is ever written. False: the image
   * has no such folder. Rejects when `signal` aborts; what is in the folder then is any part.
   */
  copyFromImage(copy: ImageCopy, signal: AbortSignal): Promise<boolean>;
  /** By their ids: those of all containers that there are, running or not, whoever made them. */
  imagesInUse(): Promise<ReadonlySet<string>>;
  /** With all its names. One in use is kept. */
  removeImage(id: string): Promise<void>;
}

/** What of a container's log is kept while it is there: so many files of that size, the oldest of which go. */
export interface LogRotation {
  /** A quantity of bytes: `10Mi`. */
  readonly maxSize: string;
  /** At least 2, so that there is something to read when one has just begun. */
  readonly maxFiles: number;
}

/** Upstream's. */
export const usualLogRotation: LogRotation = { maxSize: '10Mi', maxFiles: 5 };

/** Folders on this machine, as the runtime sees it. */
export interface RuntimeStorage {
  /** On the file system of images and of what containers write over them. */
  readonly imageFolder: string;
  /** On that of containers' logs. */
  readonly logFolder: string;
}

/** Where a container's own files lie on this machine. */
export interface ContainerFiles {
  /** What it wrote over its image; undefined: the runtime has to be asked how much that is (`writtenBytes`). */
  readonly layerFolder: string | undefined;
  /** Its log, with the parts that were rotated. */
  readonly logFiles: readonly string[];
}

/** What takes the disk. */
export interface DiskRuntime {
  storage(): Promise<RuntimeStorage>;
  /** Undefined: there is no such container. */
  containerFiles(id: string): Promise<ContainerFiles | undefined>;
  /** What a container wrote over its image; may take the runtime long. Undefined: there is no such container. */
  writtenBytes(id: string): Promise<number | undefined>;
}

export interface LogOptions {
  readonly follow: boolean;
  readonly timestamps: boolean;
  /** With timestamps: behind each also of which output the line is, `stdout F` or `stderr F`. */
  readonly labelled?: boolean;
  /** Undefined: all. */
  readonly tailLines?: number | undefined;
  /** Wall time in milliseconds. */
  readonly since?: number | undefined;
  readonly stdout: boolean;
  readonly stderr: boolean;
}

export interface StreamOptions {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

/** A conversation with a process. */
export interface Session {
  /** Its end is the end of the process's input, where there is such a thing: not in a terminal. Never fails. */
  readonly stdin: Writable | undefined;
  /** Empty unless asked for; so is `stderr`. */
  readonly stdout: Readable;
  readonly stderr: Readable;
  resize(columns: number, rows: number): Promise<void>;
  /**
   * Resolves with the exit code once the process is over and its output read; undefined for an attach. Rejects with
   * `RuntimeError` when the program could not be run.
   */
  readonly done: Promise<number | undefined>;
  /** Nobody listens any more. What was written to `stdin` still arrives; an exec's process may go on. */
  close(): void;
}

export interface StreamRuntime {
  logs(id: string, options: LogOptions, signal: AbortSignal): AsyncIterable<Buffer>;
  exec(id: string, command: readonly string[], options: StreamOptions): Promise<Session>;
  attach(id: string, options: StreamOptions): Promise<Session>;
  /** A connection to a port inside the sandbox, also when only its loopback listens there. */
  openPort(sandboxId: string, port: number): Promise<Duplex>;
}

/** The node's side of it. */
export interface NodeRuntime {
  /** What stands before its version and its containers' ids in statuses: `docker` for `docker://3f2a…`. */
  readonly name: string;
  version(): Promise<string>;
  /**
   * Called first of all, with the id of the node's cluster: what is made from now on carries it, and what carries
   * another cluster's is neither seen nor touched. What carries none is seen: it may be of a build before there were
   * ids.
   */
  useCluster(clusterId: string): void;
  /**
   * The network of this node's pods, in the node's pod CIDR; made or repaired where needed. Before any sandbox, and
   * then from time to time: says what had to be repaired. Throws `Refused` when it is another cluster's.
   */
  ensureNetwork(podCidr: string): Promise<string | undefined>;
  /** Whatever is needed before sandboxes can be made without a registry. */
  prepare(): Promise<void>;
  /** May change while it runs, with its configuration and with files on the node. */
  deviceSupport(): Promise<DeviceSupport>;
  /** Whether mounts can be read-only recursively. Another engine may answer otherwise. */
  supportsRecursiveReadOnly(): Promise<boolean>;
  /** As long as the engine is the same. Undefined: containers cannot be put into groups of ours. After `prepare`. */
  cgroupSupport(): Promise<CgroupSupport | undefined>;
  /** Of sandboxes and containers. Those that do not run, or are not there, are left out. Cheap: some files of the kernel. */
  stats(ids: readonly string[], detail?: StatsDetail): Promise<ContainerStats[]>;
}

export interface Runtime extends PodRuntime, ImageRuntime, DiskRuntime, StreamRuntime, NodeRuntime {}

export type RuntimeErrorReason = 'NotFound' | 'Conflict' | 'InvalidImageName' | 'Unavailable' | 'Refused';

/** Foreign errors end here. `message` is the engine's or the registry's own. */
export class RuntimeError extends Error {
  readonly reason: RuntimeErrorReason;

  constructor(reason: RuntimeErrorReason, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'RuntimeError';
    this.reason = reason;
  }
}

export const isRuntimeNotFound = (error: unknown): boolean =>
  error instanceof RuntimeError && error.reason === 'NotFound';

export const isRuntimeConflict = (error: unknown): boolean =>
  error instanceof RuntimeError && error.reason === 'Conflict';

/** The engine did not answer: worth trying again. */
export const isRuntimeUnavailable = (error: unknown): boolean =>
  error instanceof RuntimeError && error.reason === 'Unavailable';
