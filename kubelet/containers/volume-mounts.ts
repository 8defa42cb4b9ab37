/** The volumes of a container as the runtime mounts them, with the parts of volumes that have to be made for it. */

import { isAbsolute, join } from 'node:path';
import type { VolumeMount } from '../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { PodContainer } from '../model/pod.ts';
import type { Mount } from '../runtime/runtime.ts';
import { checkAnswers } from '../volumes/network-mounts.ts';
import { bindSubPath } from '../volumes/sub-paths.ts';
import type { MountedVolume } from '../volumes/volume-plugin.ts';
import { ContainerConfigError } from './environment.ts';
import { expand } from './expansion.ts';

export interface VolumeMountsInput {
  readonly container: PodContainer;
  readonly volumes: ReadonlyMap<string, MountedVolume>;
  /** The pod's folder on the node. */
  readonly podFolder: string;
  /** Whether the runtime can make mounts read-only recursively. */
  readonly supportsRecursiveReadOnly: () => Promise<boolean>;
}

/** Throws `ContainerConfigError` when one of them cannot be made as it is written. */
export async function prepareVolumeMounts(
  { container, volumes, podFolder, supportsRecursiveReadOnly }: VolumeMountsInput,
  environment: ReadonlyMap<string, string>,
): Promise<Mount[]> {
  const mounts: Mount[] = [];
  const { name, volumeMounts = [] } = container.spec;
  for (const [index, mount] of volumeMounts.entries()) {
    const volume = requireVolume(mount, volumes, name);
    if (volume.isRemote) await checkAnswers(volume.hostPath);
    const subPath = mount.subPathExpr ? expandStrictly(mount.subPathExpr, environment) : mount.subPath;
    const target = join(podFolder, 'sub-paths', name, String(index));
    const isRecursive = await resolveRecursiveReadOnly(mount, supportsRecursiveReadOnly);
    const propagation = propagations[mount.mountPropagation ?? 'None'];
    mounts.push({
      hostPath: subPath ? await prepareSubPath({ mount, volume, subPath, target }, name) : volume.hostPath,
      containerPath: absoluteInContainer(mount.mountPath),
      readOnly: (mount.readOnly ?? false) || volume.readOnly,
      ...(isRecursive && { recursiveReadOnly: true }),
      ...(propagation !== undefined && { propagation }),
    });
  }
  return mounts;
}

/** A relative path is meant from the container's root, as upstream has it. */
export const absoluteInContainer = (path: string): string => (isAbsolute(path) ? path : `/${path}`);

const propagations: Readonly<Record<string, 'rslave' | 'rshared' | undefined>> = {
  HostToContainer: 'rslave',
  Bidirectional: 'rshared',
};

function requireVolume(
  mount: DeepReadonly<VolumeMount>,
  volumes: ReadonlyMap<string, MountedVolume>,
  container: string,
): MountedVolume {
  const volume = volumes.get(mount.name);
  if (volume === undefined)
    throw new ContainerConfigError(`cannot find volume "${mount.name}" to mount into container "${container}"`);
  return volume;
}

/** The API server lets it pass only with `readOnly` and without a propagation. */
async function resolveRecursiveReadOnly(
  { name, recursiveReadOnly: mode = 'Disabled' }: DeepReadonly<VolumeMount>,
  isSupported: () => Promise<boolean>,
): Promise<boolean> {
  if (mode === 'Disabled') return false;
  if (await isSupported()) return true;
  if (mode === 'IfPossible') return false;
  throw new ContainerConfigError(
    `failed to resolve recursive read-only mode: volume "${name}" requested recursive read-only mode, but it is not supported by the runtime`,
  );
}

function expandStrictly(text: string, environment: ReadonlyMap<string, string>): string {
  return expand(text, (name) => {
    const value = environment.get(name);
    if (value === undefined) throw new ContainerConfigError(`missing value for ${name}`);
    return value;
  });
}

interface SubPathMount {
  readonly mount: DeepReadonly<VolumeMount>;
  readonly volume: MountedVolume;
  readonly subPath: string;
  readonly target: string;
}

/** Why it could not be is not told: it would be news of the node's files, for whoever puts links into volumes. */
async function prepareSubPath({ mount, volume, subPath, target }: SubPathMount, container: string): Promise<string> {
  const what = `for volumeMount "${mount.name}" of container "${container}"`;
  if (isAbsolute(subPath)) throw new ContainerConfigError(`error SubPath \`${subPath}\` must not be an absolute path`);
  if (subPath.split('/').includes('..'))
    throw new ContainerConfigError(`unable to provision SubPath \`${subPath}\`: must not contain '..'`);
  const propagates = mount.mountPropagation === 'Bidirectional';
  try {
    await bindSubPath({ volume: volume.hostPath, path: subPath, target, propagates });
  } catch (error) {
    throw new ContainerConfigError(`failed to prepare subPath ${what}`, { cause: error });
  }
  return target;
}
