/** What Docker is told to make: our configurations in Docker's words. Pure. */

import type { ContainerCreateOptions, HostConfig, MountSettings } from 'dockerode';
import { parseQuantity } from '../../../api/quantity.ts';
import type {
  ContainerConfig,
  ContainerResources,
  ContainerSecurity,
  LogRotation,
  Mount,
  NamespaceMode,
  PortMapping,
  SandboxConfig,
} from '../runtime.ts';
import { containerName, labelsOfContainer, labelsOfSandbox, type Maker, sandboxName } from './docker-labels.ts';
import { computeMacAddress, computeRuntime, computeSettingsOfHost } from './engine-settings.ts';

export interface SandboxOptions {
  readonly maker: Maker;
  readonly infraImage: string;
  readonly networkName: string;
  /** The newest of its API that the engine speaks. */
  readonly apiVersion: string;
  /** Lower scores are raised to this. */
  readonly lowestOomScoreAdj: number;
}

/**
 * Old log files go; a pod that talks much fills no disk. Not `json-file`: that one breaks a character that lies across
 * the border of two pieces of a long line (see `log-lines.ts`).
 */
const computeLogConfig = ({ maxSize, maxFiles }: LogRotation) => ({
  Type: 'local',
  Config: { 'max-size': String(parseQuantity(maxSize)), 'max-file': String(maxFiles), compress: 'false' },
});
/** The last to be killed for memory: all containers of its pod would go with it. */
const infraOomScoreAdj = -998;

export function computeSandboxOptions(config: SandboxConfig, options: SandboxOptions): ContainerCreateOptions {
  const onNode = config.network === 'node';
  return {
    name: sandboxName(config),
    Image: options.infraImage,
    ...(onNode ? {} : { Hostname: config.hostname, ...computeMacAddress(config.engineSettings ?? {}, options) }),
    Labels: { ...labelsOfSandbox(config, options.maker) },
    ExposedPorts: Object.fromEntries(config.portMappings.map((mapping) => [dockerPort(mapping), {}])),
    HostConfig: {
      NetworkMode: onNode ? 'host' : options.networkName,
      IpcMode: config.ipc === 'node' ? 'host' : 'shareable',
      ...(config.pid === 'node' && { PidMode: 'host' }),
      ...(onNode && { UTSMode: 'host' }),
      Sysctls: { ...config.sysctls },
      PortBindings: computePortBindings(config.portMappings),
      ...(config.cgroupParent !== undefined && { CgroupParent: config.cgroupParent }),
      LogConfig: { Type: 'none', Config: {} },
      OomScoreAdj: Math.max(infraOomScoreAdj, options.lowestOomScoreAdj),
      ReadonlyRootfs: true,
      ...computeRuntime(config.engineSettings ?? {}),
      SecurityOpt: ['no-new-privileges', 'seccomp=unconfined'],
    },
  };
}

export interface ContainerPlace {
  readonly sandboxId: string;
  readonly maker: Maker;
  readonly lowestOomScoreAdj: number;
  readonly logRotation: LogRotation;
}

export function computeContainerOptions(
  config: ContainerConfig,
  { sandboxId, maker, lowestOomScoreAdj, logRotation }: ContainerPlace,
): ContainerCreateOptions {
  const { stdin, tty } = config;
  return {
    name: containerName(config),
    Image: config.image,
    Labels: { ...labelsOfContainer(config, sandboxId, maker) },
    Env: [...config.environment],
    ...(config.command !== undefined && { Entrypoint: [...config.command] }),
    ...(config.args !== undefined && { Cmd: [...config.args] }),
    ...(config.workingDirectory !== undefined && { WorkingDir: config.workingDirectory }),
    ...(config.security.user !== undefined && { User: config.security.user }),
    ...(config.stopSignal !== undefined && { StopSignal: config.stopSignal }),
    OpenStdin: stdin,
    StdinOnce: config.stdinOnce,
    Tty: tty,
    // Health checks are the pod's probes, not the image's.
    Healthcheck: { Test: ['NONE'] },
    HostConfig: {
      ...computeHostConfig(config, sandboxId),
      LogConfig: computeLogConfig(logRotation),
      ...computeSettingsOfHost(config.engineSettings ?? {}),
      OomScoreAdj: Math.max(config.resources.oomScoreAdj, lowestOomScoreAdj),
    },
  };
}

function computeHostConfig(config: ContainerConfig, sandboxId: string): HostConfig {
  const { resources, security } = config;
  return {
    NetworkMode: `container:${sandboxId}`,
    IpcMode: config.ipc === 'node' ? 'host' : `container:${sandboxId}`,
    ...computePidMode(config.pid, sandboxId, config.targetContainerId),
    Mounts: config.mounts.map(computeMount),
    Devices: config.devices.map((device) => ({
      PathOnHost: device.hostPath,
      PathInContainer: device.containerPath,
      CgroupPermissions: device.permissions,
    })),
    DeviceRequests: config.deviceRequests.map(({ driver, ids, capabilities }) => ({
      Driver: driver,
      DeviceIDs: [...ids],
      ...(capabilities.length > 0 && { Capabilities: [[...capabilities]] }),
    })),
    ...(config.cgroupParent !== undefined && { CgroupParent: config.cgroupParent }),
    ...computeAmounts(resources),
    ...(resources.maxPids > 0 && { PidsLimit: resources.maxPids }),
    GroupAdd: [...security.supplementalGroups],
    Privileged: security.privileged,
    CapAdd: [...security.addCapabilities],
    CapDrop: [...security.dropCapabilities],
    ReadonlyRootfs: security.readOnlyRootFilesystem,
    SecurityOpt: [
      ...computeSeccompOption(security),
      ...(security.appArmorProfile === undefined ? [] : [`apparmor=${security.appArmorProfile}`]),
      ...security.seLinuxLabels.map((label) => `label=${label}`),
      ...(security.noNewPrivileges ? ['no-new-privileges'] : []),
    ],
    ...(security.unmaskedProc && { MaskedPaths: [], ReadonlyPaths: [] }),
  };
}

/** What of a container can be changed while it runs. */
export function computeAmounts({ cpuShares, cpuQuota, cpuPeriod, memoryBytes }: ContainerResources): HostConfig {
  return {
    CpuShares: cpuShares,
    ...(cpuQuota > 0 && { CpuQuota: cpuQuota, CpuPeriod: cpuPeriod }),
    // No swap beyond the limit, or the limit would mean little.
    ...(memoryBytes > 0 && { Memory: memoryBytes, MemorySwap: memoryBytes }),
  };
}

/** As fields: in the text of `Binds` a colon ends a path, and a source without a slash is a volume of Docker's own. */
const computeMount = (mount: Mount): MountSettings => ({
  Type: 'bind',
  Source: mount.hostPath,
  Target: mount.containerPath,
  ReadOnly: mount.readOnly,
  ...computeBindOptions(mount),
});

/**
 * As API 1.44 has them, which the types of the engine's client do not know. Engines of that API take read-only for
 * recursively so where nothing is said, those before know nothing of it. No propagation is another one than the default:
 * the engine changes it for what holds its own folder.
 */
function computeBindOptions({ readOnly, recursiveReadOnly, propagation }: Mount): object {
  const options = {
    ...(propagation !== undefined && { Propagation: propagation }),
    ...(readOnly && (recursiveReadOnly ? { ReadOnlyForceRecursive: true } : { ReadOnlyNonRecursive: true })),
  };
  return Object.keys(options).length > 0 ? { BindOptions: options } : {};
}

/** Docker's default profile is what it uses when nothing is said. */
function computeSeccompOption({ privileged, seccompProfile = 'unconfined' }: ContainerSecurity): string[] {
  return privileged || seccompProfile === 'default' ? [] : [`seccomp=${seccompProfile}`];
}

function computePidMode(pid: NamespaceMode, sandboxId: string, targetId: string | undefined): { PidMode?: string } {
  if (targetId !== undefined) return { PidMode: `container:${targetId}` };
  switch (pid) {
    case 'node':
      return { PidMode: 'host' };
    case 'pod':
      return { PidMode: `container:${sandboxId}` };
    case 'container':
      return {};
  }
}

const dockerPort = ({ containerPort, protocol }: PortMapping): string => `${containerPort}/${protocol.toLowerCase()}`;

function computePortBindings(mappings: readonly PortMapping[]): Record<string, { HostIp: string; HostPort: string }[]> {
  const bindings: Record<string, { HostIp: string; HostPort: string }[]> = {};
  for (const mapping of mappings) {
    const port = dockerPort(mapping);
    bindings[port] = [...(bindings[port] ?? []), { HostIp: mapping.hostIp, HostPort: String(mapping.hostPort) }];
  }
  return bindings;
}
