/** Puts together what the runtime is told of one container: everything of its spec, and what the node adds. */

import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { asksToMove, endsWhenCutOff } from '../../api/cut-off.ts';
import { readEngineSettings } from '../../api/engine-settings.ts';
import { privateMode } from '../../base/private-folder.ts';
import { grantAnnotation } from '../devices/extended-devices.ts';
import type { Grant } from '../devices/extended-grants.ts';
import type { HandOver } from '../devices/node-device.ts';
import {
  graceSecondsOf,
  identityOf,
  isStaticPod,
  type PodContainer,
  type PodObject,
  specHashOf,
  staticMark,
} from '../model/pod.ts';
import type { FieldContext } from '../references/field-refs.ts';
import type { ReferencedData } from '../references/referenced-data.ts';
import type { ContainerConfig, ImageAccounts, ImageDetails, Mount, NamespaceMode } from '../runtime/runtime.ts';
import type { MountedVolume } from '../volumes/volume-plugin.ts';
import { ContainerConfigError, computeEnvironment } from './environment.ts';
import { expand } from './expansion.ts';
import { computeContainerResources, type NodeLimits } from './resource-limits.ts';
import { computeSecurity, localSeccompProfile, needsImageAccounts } from './security.ts';
import { absoluteInContainer, prepareVolumeMounts } from './volume-mounts.ts';

export interface ContainerConfigInput extends NodeLimits {
  readonly pod: PodObject;
  readonly container: PodContainer;
  readonly attempt: number;
  readonly image: ImageDetails;
  readonly volumes: ReadonlyMap<string, MountedVolume>;
  readonly services: ReadonlyMap<string, string>;
  readonly data: Pick<ReferencedData, 'configMapText' | 'secret'>;
  readonly fields: FieldContext;
  readonly supportsRecursiveReadOnly: () => Promise<boolean>;
  readonly imageAccounts: (imageId: string) => Promise<ImageAccounts>;
  /** The pod's folder on the node. */
  readonly podFolder: string;
  readonly targetContainerId?: string | undefined;
  /** The group of the pod; undefined: it has none. */
  readonly cgroupParent?: string | undefined;
  /** What comes with its devices. */
  readonly handOver: HandOver;
  /** Its devices that are counted by number: remembered with it. */
  readonly grant: Grant;
}

/** Names of what is kept with a container for the day when its pod object is gone, or says something else. */
export const containerAnnotations = {
  graceSeconds: 'grace-seconds',
  /** The file of it. Containers of earlier builds carry this name. */
  terminationMessage: 'last-words',
  logFallback: 'log-fallback',
  resources: 'resources',
  /** Where its mounts are read-only recursively: paths in the container, as JSON. */
  recursiveReadOnly: 'recursive-read-only',
  /** `true`: it ends when the node is cut off, whatever the pod says by then. */
  endsWhenCutOff: 'ends-when-cut-off',
};

/** Throws `ContainerConfigError` when the container cannot be made as it is written. */
export async function buildContainerConfig(input: ContainerConfigInput): Promise<ContainerConfig> {
  const { pod, container, attempt, image, handOver, grant } = input;
  const { spec } = container;
  const environment = await computeEnvironment({ ...input, container: spec });
  const lookUp = (name: string) => environment.get(name);
  const expandAll = (words: readonly string[] | undefined) => words?.map((word) => expand(word, lookUp));
  const seccompFile = localSeccompProfile(pod, spec);
  const seccompText = seccompFile && (await readSeccompProfile(seccompFile));
  const accounts = needsImageAccounts(pod, spec) ? await input.imageAccounts(image.id) : undefined;
  const security = computeSecurity(pod, spec, { imageUser: image.user, seccompText, accounts });
  const terminationMessageFile = await makeTerminationMessageFile(input);
  const volumeMounts = await prepareVolumeMounts(input, environment);
  const recursive = volumeMounts.filter((mount) => mount.recursiveReadOnly).map(({ containerPath }) => containerPath);
  const mounts = [
    ...handOver.mounts,
    ...volumeMounts,
    ...computeNameMounts(input),
    {
      hostPath: terminationMessageFile,
      containerPath: absoluteInContainer(spec.terminationMessagePath ?? '/dev/termination-log'),
      readOnly: false,
    },
  ];
  return {
    pod: identityOf(pod),
    name: spec.name,
    kind: container.kind,
    attempt,
    specHash: specHashOf(container),
    image: image.id,
    imageName: spec.image ?? '',
    ...(spec.command?.length ? { command: expandAll(spec.command) } : {}),
    ...(spec.args?.length ? { args: expandAll(spec.args) } : {}),
    // What the container says itself comes before what its devices bring.
    environment: [...new Map([...Object.entries(handOver.environment), ...environment])].map(
      ([name, value]) => `${name}=${value}`,
    ),
    ...(spec.workingDir && { workingDirectory: spec.workingDir }),
    mounts,
    devices: handOver.devices,
    deviceRequests: handOver.deviceRequests,
    resources: computeContainerResources(pod, spec, input),
    security,
    pid: pidModeOf(pod),
    ...(input.targetContainerId !== undefined && { targetContainerId: input.targetContainerId }),
    ipc: pod.spec?.hostIPC ? 'node' : 'pod',
    ...(input.cgroupParent !== undefined && { cgroupParent: input.cgroupParent }),
    stdin: spec.stdin ?? false,
    stdinOnce: spec.stdinOnce ?? false,
    tty: spec.tty ?? false,
    engineSettings: readEngineSettings(pod.metadata.annotations).settings,
    annotations: {
      [containerAnnotations.graceSeconds]: String(graceSecondsOf(pod)),
      [containerAnnotations.terminationMessage]: terminationMessageFile,
      [containerAnnotations.logFallback]: String(spec.terminationMessagePolicy === 'FallbackToLogsOnError'),
      [containerAnnotations.resources]: JSON.stringify(spec.resources ?? {}),
      ...(recursive.length > 0 && { [containerAnnotations.recursiveReadOnly]: JSON.stringify(recursive) }),
      ...(Object.keys(grant).length > 0 && { [grantAnnotation]: JSON.stringify(grant) }),
      ...(isStaticPod(pod) && { [staticMark]: 'true' }),
      // What was promised stays promised.
      ...((asksToMove(pod.metadata.annotations) || endsWhenCutOff(pod)) && {
        [containerAnnotations.endsWhenCutOff]: 'true',
      }),
    },
  };
}

const seccompFolder = '/var/lib/kubelet/seccomp';

async function readSeccompProfile(file: string): Promise<string> {
  const path = join(seccompFolder, file);
  try {
    if (file.split('/').includes('..')) throw new Error(`it is not in ${seccompFolder}`);
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new ContainerConfigError(`cannot load seccomp profile "${path}"`, { cause: error });
  }
}

export function pidModeOf({ spec }: PodObject): NamespaceMode {
  if (spec?.hostPID) return 'node';
  return spec?.shareProcessNamespace ? 'pod' : 'container';
}

export const hostsFileOf = (podFolder: string): string => join(podFolder, 'etc-hosts');
export const resolvConfOf = (podFolder: string): string => join(podFolder, 'resolv.conf');

/** The files that give hosts their names, unless the pod mounts its own there. */
function computeNameMounts({ container, podFolder }: ContainerConfigInput): Mount[] {
  const own = new Set(
    (container.spec.volumeMounts ?? []).map(({ mountPath }) => normalize(absoluteInContainer(mountPath))),
  );
  const files = [
    { hostPath: hostsFileOf(podFolder), containerPath: '/etc/hosts', readOnly: false },
    { hostPath: resolvConfOf(podFolder), containerPath: '/etc/resolv.conf', readOnly: false },
  ];
  return files.filter(({ containerPath }) => !own.has(containerPath));
}

async function makeTerminationMessageFile({ container, attempt, podFolder }: ContainerConfigInput): Promise<string> {
  const file = join(podFolder, 'containers', container.spec.name, String(attempt));
  await mkdir(dirname(file), { recursive: true, mode: privateMode });
  await writeFile(file, '');
  await chmod(file, 0o666); // whoever the container is, it may write
  return file;
}
