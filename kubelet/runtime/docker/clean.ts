/** Removes everything that a cluster ever made in an engine, and nothing of others. For taking a cluster down. */

import type Dockerode from 'dockerode';
import { RuntimeError } from '../runtime.ts';
import { listensHere, removeBridge } from './bridge.ts';
import { clusterLabel, type Labels, podUidLabel, typeLabel } from './docker-labels.ts';
import { ask, askMaybe, connectEngine } from './engine.ts';
import { infraImageName } from './infra-image.ts';

export interface CleanOptions {
  readonly socketPath: string;
  /** Undefined: of a build before clusters had ids. */
  readonly clusterId: string | undefined;
  /** Whether this pod is the cluster's, asked of containers that name no cluster. */
  isOwnPod(uid: string): boolean;
  /** Whether to take networks that name no cluster, once nothing is on them. */
  readonly unnamedNetworks: boolean;
  /** Names of images that go as well, unless something else uses them. */
  readonly images: RegExp;
}

const concurrency = 8;

/** Idempotent. Answers how many containers there were. */
export async function cleanDocker(options: CleanOptions): Promise<number> {
  const docker = connectEngine({ socketPath: options.socketPath });
  const containers = await ask(docker.listContainers({ all: true, filters: { label: [typeLabel] } }));
  const own = containers.filter(({ Labels: labels }) => isOwn(labels, options)).map(({ Id }) => Id);
  const waiting = [...own];
  await Promise.all(Array.from({ length: concurrency }, () => removeContainers(docker, waiting)));
  await removeNetworks(docker, options);
  await removeImages(docker, options.images);
  return own.length;
}

function isOwn(labels: Labels, { clusterId, isOwnPod }: CleanOptions): boolean {
  const owner = labels[clusterLabel];
  return owner === undefined ? isOwnPod(labels[podUidLabel] ?? '') : owner === clusterId;
}

/** Takes from `waiting` until it is empty. */
async function removeContainers(docker: Dockerode, waiting: string[]): Promise<void> {
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    await unlessInUse(askMaybe(docker.getContainer(id).remove({ force: true, v: true })));
  }
}

async function removeNetworks(docker: Dockerode, options: CleanOptions): Promise<void> {
  const { clusterId, unnamedNetworks } = options;
  const found = await ask(docker.listNetworks({ filters: { label: [`${typeLabel}=network`] } }));
  for (const { Id, Labels: labels } of found) {
    const owner = labels?.[clusterLabel];
    if (owner === undefined ? unnamedNetworks : owner === clusterId)
      await removeNetwork(docker.getNetwork(Id), options);
  }
}

/** Docker knows a bridge by its number, and does not find one that was mended: what it leaves goes by name. */
async function removeNetwork(network: Dockerode.Network, { socketPath }: CleanOptions): Promise<void> {
  const found = await askMaybe(network.inspect());
  await unlessInUse(askMaybe(network.remove()));
  const bridge: unknown = found?.Options?.['com.docker.network.bridge.name'];
  const isGone = (await askMaybe(network.inspect())) === undefined;
  if (isGone && typeof bridge === 'string' && (await listensHere(socketPath))) await removeBridge(bridge);
}

async function removeImages(docker: Dockerode, names: RegExp): Promise<void> {
  const found = (await ask(docker.listImages())).flatMap(({ RepoTags }) => RepoTags ?? []);
  for (const name of found.filter((one) => one === infraImageName || names.test(one))) {
    await unlessInUse(askMaybe(docker.getImage(name).remove()));
  }
}

/** A container of another cluster still uses it, or it is being removed right now: then it is not ours to remove. */
async function unlessInUse(removed: Promise<unknown>): Promise<void> {
  try {
    await removed;
  } catch (error) {
    if (!(error instanceof RuntimeError) || !['Conflict', 'Refused'].includes(error.reason)) throw error;
  }
}
