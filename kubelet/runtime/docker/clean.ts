/** Removes everything that Longshore ever made in an engine, and nothing else. For taking a cluster down. */

import type Dockerode from 'dockerode';
import { nodeLabel, typeLabel } from '../docker-labels.ts';
import { RuntimeError } from '../runtime.ts';
import { ask, askMaybe, connectEngine } from './engine.ts';
import { infraImageName } from './infra-image.ts';

export interface CleanOptions {
  readonly socketPath: string;
  /** Whose containers. */
  readonly nodeName: string;
  /** Names of images that go as well, unless something else uses them. */
  readonly images: RegExp;
}

const concurrency = 8;

/** Idempotent. Answers how many containers there were. */
export async function cleanDocker({ socketPath, nodeName, images }: CleanOptions): Promise<number> {
  const docker = connectEngine({ socketPath });
  const filters = { label: [typeLabel, `${nodeLabel}=${nodeName}`] };
  const containers = await ask(docker.listContainers({ all: true, filters }));
  const waiting = containers.map(({ Id }) => Id);
  await Promise.all(Array.from({ length: concurrency }, () => removeContainers(docker, waiting)));
  for (const { Id } of await ask(docker.listNetworks({ filters: { label: [`${typeLabel}=network`] } }))) {
    await unlessInUse(askMaybe(docker.getNetwork(Id).remove()));
  }
  await removeImages(docker, images);
  return containers.length;
}

/** Takes from `waiting` until it is empty. */
async function removeContainers(docker: Dockerode, waiting: string[]): Promise<void> {
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    await unlessInUse(askMaybe(docker.getContainer(id).remove({ force: true, v: true })));
  }
}

async function removeImages(docker: Dockerode, names: RegExp): Promise<void> {
  const found = (await ask(docker.listImages())).flatMap(({ RepoTags }) => RepoTags ?? []);
  for (const name of found.filter((one) => one === infraImageName || names.test(one))) {
    await unlessInUse(askMaybe(docker.getImage(name).remove()));
  }
}

/** A container of another node still uses it, or somebody else is removing it right now: then it is not ours to remove. */
async function unlessInUse(removed: Promise<unknown>): Promise<void> {
  try {
    await removed;
  } catch (error) {
    if (!(error instanceof RuntimeError) || !['Conflict', 'Refused'].includes(error.reason)) throw error;
  }
}
