/** What Docker says of a container, in our words. Pure. */

import type { ContainerInspectInfo } from 'dockerode';
import type { ContainerRunState, ContainerState, SandboxState } from '../runtime.ts';
import { readLabels } from './docker-labels.ts';
import { readTime } from './engine.ts';

/** The exit code of a command that could not be started. */
const startErrorExitCode = 128;

/** Undefined: it is not one of ours. */
export function readInspection(
  info: ContainerInspectInfo,
  imageDigests: readonly string[],
): ({ readonly type: 'sandbox' } & SandboxState) | ({ readonly type: 'container' } & ContainerState) | undefined {
  const labels = readLabels(info.Config.Labels ?? {});
  if (labels === undefined) return undefined;
  const createdAt = readTime(info.Created);
  if (labels.type === 'sandbox') {
    const ip = Object.values(info.NetworkSettings.Networks ?? {})[0]?.IPAddress;
    return {
      ...labels,
      id: info.Id,
      ...namesOf(info),
      imageName: info.Config.Image,
      running: info.State.Running,
      createdAt,
      ...(ip ? { ip } : {}),
    };
  }
  return {
    ...labels,
    id: info.Id,
    ...namesOf(info),
    createdAt,
    imageId: computeImageId(info.Image, imageDigests, labels.imageName),
    status: readRunState(info, createdAt),
  };
}

/** The engine writes a slash before it. */
const namesOf = ({ Name: name }: Partial<ContainerInspectInfo>): { readonly runtimeName?: string } =>
  name ? { runtimeName: name.replace(/^\//, '') } : {};

/**
 * How the status names the image that a container runs: by a registry's digest, that of the repository which the
 * user named before others, or by the engine's own id where no registry has it.
 */
export function computeImageId(id: string, digests: readonly string[], imageName: string): string {
  const isNamed = (digest: string) => repositoryOf(digest) === repositoryOf(imageName);
  const digest = digests.find(isNamed) ?? [...digests].sort()[0];
  return digest === undefined ? `docker://${id}` : `docker-pullable://${digest}`;
}

/** The engine leaves out what everybody means: `docker.io/library/busybox:1` is its `busybox`. */
const repositoryOf = (name: string): string =>
  name
    .replace(/@.*$/, '')
    .replace(/:[^:/]*$/, '')
    .replace(/^docker\.io\/(library\/)?/, '');

function readRunState({ State: state }: ContainerInspectInfo, createdAt: number): ContainerRunState {
  const startedAt = readTime(state.StartedAt);
  if (state.Running || state.Restarting) return { type: 'running', startedAt };
  const startError = state.Error === '' ? undefined : state.Error;
  if (state.Status === 'created' && startError === undefined) return { type: 'created' };
  const neverRan = state.Status === 'created' || startedAt === 0;
  return {
    type: 'exited',
    startedAt: neverRan ? 0 : startedAt,
    // Docker notes the start after it: a program that ends at once has ended earlier than that.
    finishedAt: Math.max(readTime(state.FinishedAt) || createdAt, neverRan ? 0 : startedAt),
    exitCode: neverRan && startError !== undefined ? startErrorExitCode : state.ExitCode,
    outOfMemory: state.OOMKilled,
    ...(neverRan && startError !== undefined ? { startError } : {}),
  };
}
