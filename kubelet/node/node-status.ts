/** The status of the node, from what machine and runtime say. Pure. */

import { hostnameLabel } from '../../api/labels.ts';
import { formatTime } from '../../api/time.ts';
import type { ContainerImage, NodeCondition, NodeStatus } from '../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import { patchOfConditions, replacedList } from '../model/status-patch.ts';
import type { ImageState } from '../runtime/runtime.ts';
import type { Machine } from './machine.ts';
import type { RuntimeTrouble } from './runtime-watch.ts';

/** What the node is short of. */
export interface Pressure {
  readonly memory: boolean;
  readonly disk: boolean;
  readonly pid: boolean;
}

export interface NodeStatusInput {
  readonly previous: DeepReadonly<NodeStatus> | undefined;
  readonly machine: Machine;
  /** Undefined: not known yet, so nothing is said of it. */
  readonly pressure: Pressure | undefined;
  readonly nodeName: string;
  readonly nodeIp: string;
  readonly port: number;
  readonly kubeletVersion: string;
  readonly runtimeName: string;
  /** Undefined: the runtime did not say. */
  readonly runtimeVersion: string | undefined;
  readonly images: readonly ImageState[];
  /** Whether the runtime can make mounts read-only recursively; undefined: it did not say yet. */
  readonly recursiveReadOnly: boolean | undefined;
  /** What ails the runtime; undefined: nothing. */
  readonly runtimeTrouble: RuntimeTrouble | undefined;
  /** Extended resources that the kubelet itself counts. */
  readonly extended: Readonly<Record<string, string>>;
  /** Volumes that are attached to the node and in use. */
  readonly inUse: readonly string[];
  /** Why pods cannot run here now. Empty: they can. Undefined: not known yet, so nothing is said of it. */
  readonly notReady: string | undefined;
  /** Of the pods; nothing is said of one that was never there. */
  readonly network: { readonly isKnown: boolean; readonly trouble: string | undefined };
  readonly now: number;
}

const mostImages = 50;

export function computeNodeStatus(input: NodeStatusInput): NodeStatus {
  const { machine, nodeIp, nodeName, runtimeName, runtimeVersion, previous, extended } = input;
  const versionOf = (version: string) => `${runtimeName}://${version}`;
  const version = runtimeVersion && versionOf(runtimeVersion);
  return {
    addresses: [
      { type: 'InternalIP', address: nodeIp },
      { type: 'Hostname', address: nodeName },
    ],
    capacity: { ...machine.capacity, ...extended },
    // Resources that somebody else put on the node are all for pods.
    allocatable: { ...extendedResources(previous), ...machine.allocatable, ...extended },
    conditions: computeConditions(input),
    daemonEndpoints: { kubeletEndpoint: { Port: input.port } },
    features: { supplementalGroupsPolicy: true },
    images: computeImages(input.images),
    ...computeHandlers(input),
    ...(input.inUse.length > 0 && { volumesInUse: [...input.inUse] }),
    nodeInfo: {
      architecture: machine.architecture,
      bootID: machine.bootId,
      containerRuntimeVersion: version ?? previous?.nodeInfo?.containerRuntimeVersion ?? versionOf('unknown'),
      kernelVersion: machine.kernelVersion,
      kubeProxyVersion: '',
      kubeletVersion: input.kubeletVersion,
      machineID: machine.machineId,
      operatingSystem: 'linux',
      osImage: machine.osImage,
      systemUUID: machine.systemUuid,
    },
  };
}

/** There is one, which is nameless. */
function computeHandlers({ recursiveReadOnly, previous }: NodeStatusInput): Pick<NodeStatus, 'runtimeHandlers'> {
  if (recursiveReadOnly === undefined)
    return previous?.runtimeHandlers === undefined ? {} : { runtimeHandlers: [...previous.runtimeHandlers] };
  const features = { recursiveReadOnlyMounts: recursiveReadOnly, userNamespaces: false };
  return { runtimeHandlers: [{ name: '', features }] };
}

const extendedResources = (status: NodeStatusInput['previous']): Record<string, string> =>
  Object.fromEntries(Object.entries(status?.capacity ?? {}).filter(([name]) => name.includes('/')));

export const nodeLabels = ({
  nodeName,
  machine,
}: Pick<NodeStatusInput, 'nodeName' | 'machine'>): Record<string, string> => ({
  [hostnameLabel]: nodeName,
  'kubernetes.io/os': 'linux',
  'kubernetes.io/arch': machine.architecture,
  'beta.kubernetes.io/os': 'linux',
  'beta.kubernetes.io/arch': machine.architecture,
});

function computeConditions(input: NodeStatusInput): NodeCondition[] {
  const { pressure, notReady, network } = input;
  const make = (type: string, holds: boolean, reasons: readonly [string, string], message: readonly [string, string]) =>
    condition(input, {
      type,
      status: holds ? 'True' : 'False',
      reason: reasons[holds ? 0 : 1],
      message: message[holds ? 0 : 1],
    });
  return [
    ...computePressureConditions(pressure, make),
    ...(network.isKnown
      ? [
          make(
            'NetworkUnavailable',
            network.trouble !== undefined,
            ['PodNetworkBroken', 'PodNetworkReady'],
            [network.trouble ?? '', 'the network of pods is there'],
          ),
        ]
      : []),
    ...computeRuntimeConditions(input),
    ...(notReady === undefined
      ? []
      : [
          make(
            'Ready',
            notReady === '',
            ['KubeletReady', 'KubeletNotReady'],
            ['kubelet is posting ready status', notReady],
          ),
        ]),
  ];
}

type MakeCondition = (
  type: string,
  holds: boolean,
  reasons: readonly [string, string],
  message: readonly [string, string],
) => NodeCondition;

function computePressureConditions(pressure: Pressure | undefined, make: MakeCondition): NodeCondition[] {
  if (pressure === undefined) return [];
  return [
    make(
      'MemoryPressure',
      pressure.memory,
      ['KubeletHasInsufficientMemory', 'KubeletHasSufficientMemory'],
      ['kubelet has insufficient memory available', 'kubelet has sufficient memory available'],
    ),
    make(
      'DiskPressure',
      pressure.disk,
      ['KubeletHasDiskPressure', 'KubeletHasNoDiskPressure'],
      ['kubelet has disk pressure', 'kubelet has no disk pressure'],
    ),
    make(
      'PIDPressure',
      pressure.pid,
      ['KubeletHasInsufficientPID', 'KubeletHasSufficientPID'],
      ['kubelet has insufficient PID available', 'kubelet has sufficient PID available'],
    ),
  ];
}

const runtimeConditions = [
  { type: 'RuntimeSlow', trouble: 'slow', reasons: ['RuntimeNotAnswering', 'RuntimeAnswers'] },
  { type: 'RuntimeDown', trouble: 'down', reasons: ['RuntimeUnavailable', 'RuntimeAvailable'] },
] as const;

/** Nothing is said of a trouble that never was. */
function computeRuntimeConditions(input: NodeStatusInput): NodeCondition[] {
  const { runtimeTrouble, previous } = input;
  return runtimeConditions.flatMap(({ type, trouble, reasons }) => {
    const holds = runtimeTrouble?.type === trouble;
    const wasTold = previous?.conditions?.some((one) => one.type === type) ?? false;
    if (!holds && !wasTold) return [];
    return [
      condition(input, {
        type,
        status: holds ? 'True' : 'False',
        reason: reasons[holds ? 0 : 1],
        message: holds ? runtimeTrouble.message : 'the container runtime answers in time',
      }),
    ];
  });
}

function condition(
  { previous, now }: NodeStatusInput,
  verdict: Pick<NodeCondition, 'type' | 'status' | 'reason' | 'message'>,
): NodeCondition {
  const before = previous?.conditions?.find(({ type }) => type === verdict.type);
  const since = before?.status === verdict.status ? before.lastTransitionTime : undefined;
  return {
    ...verdict,
    lastHeartbeatTime: formatTime(now),
    lastTransitionTime: since ?? formatTime(now),
  };
}

/** The largest are the ones that a scheduler wants to know of. */
function computeImages(images: readonly ImageState[]): ContainerImage[] {
  return [...images]
    .filter(({ names }) => names.length > 0)
    .sort((a, b) => b.sizeBytes - a.sizeBytes)
    .slice(0, mostImages)
    .map(({ names, sizeBytes }) => ({ names: names.slice(0, 5), sizeBytes }));
}

/** What of the node's status, as the API shows it, is the kubelet's, but for the heartbeats. */
export function ownPartOf(status: DeepReadonly<NodeStatus> | undefined, said: NodeStatus): unknown {
  const { addresses, daemonEndpoints, features, images, nodeInfo, runtimeHandlers } = status ?? {};
  const { capacity, allocatable, conditions, volumesInUse } = status ?? {};
  const named = (all: Readonly<Record<string, string>> | undefined, own: object | undefined) =>
    Object.keys(own ?? {}).map((name) => all?.[name]);
  const types = new Set(said.conditions?.map(({ type }) => type));
  return {
    ...{ addresses, daemonEndpoints, features, images, nodeInfo, runtimeHandlers },
    volumesInUse: volumesInUse ?? [],
    capacity: named(capacity, said.capacity),
    allocatable: named(allocatable, said.allocatable),
    conditions: (conditions ?? [])
      .filter(({ type }) => types.has(type))
      .map(({ lastHeartbeatTime: _, ...rest }) => rest)
      .sort((a, b) => a.type.localeCompare(b.type)),
  };
}

/** A strategic merge patch that makes `status` the kubelet's part. */
export function patchOfNodeStatus({ addresses = [], conditions = [], volumesInUse = [], ...rest }: NodeStatus): object {
  const types = new Set(conditions.map(({ type }) => type));
  return {
    ...rest,
    addresses: replacedList(addresses),
    conditions: patchOfConditions(conditions, types),
    volumesInUse: volumesInUse.length > 0 ? volumesInUse : null,
  };
}
