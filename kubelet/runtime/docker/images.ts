/** Images: looking, pulling with the registry's own words, listing, removing. */

import type Dockerode from 'dockerode';
import {
  type ImageDetails,
  type ImageState,
  isRuntimeConflict,
  isRuntimeNotFound,
  type PullOptions,
} from '../runtime.ts';
import { ask, askMaybe, translateError } from './engine.ts';
import { readPullMessage } from './pull-messages.ts';

export class DockerImages {
  readonly #docker: Dockerode;
  readonly #patientDocker: Dockerode;

  /** `patientDocker`: for pulls, which may be silent for long. */
  constructor(docker: Dockerode, patientDocker: Dockerode) {
    this.#docker = docker;
    this.#patientDocker = patientDocker;
  }

  async inspect(name: string): Promise<ImageDetails | undefined> {
    const info = await askMaybe(this.#docker.getImage(name).inspect());
    return info && { id: info.Id, sizeBytes: info.Size, user: info.Config?.User ?? '' };
  }

  async pull(name: string, { credentials, signal, onProgress }: PullOptions): Promise<void> {
    signal.throwIfAborted();
    const authconfig = credentials && { ...credentials, serveraddress: name.split('/')[0] ?? '' };
    const stream = await ask<NodeJS.ReadableStream>(
      this.#patientDocker.pull(withTag(name), { ...(authconfig && { authconfig }), abortSignal: signal }),
    );
    await this.#follow(stream, signal, onProgress);
  }

  /** `pinned`: the name of the image that the runtime itself needs. */
  async list(pinned: string): Promise<ImageState[]> {
    const [images, kept] = await Promise.all([ask(this.#docker.listImages()), this.inspect(pinned)]);
    return images.map((image) => ({
      id: image.Id,
      names: [...(image.RepoDigests ?? []), ...(image.RepoTags ?? [])].filter((name) => !name.includes('<none>')),
      sizeBytes: image.Size,
      createdAt: image.Created * 1000,
      pinned: image.Id === kept?.id,
    }));
  }

  async inUse(): Promise<ReadonlySet<string>> {
    const containers = await ask(this.#docker.listContainers({ all: true }));
    return new Set(containers.map(({ ImageID }) => ImageID));
  }

  /**
   * Never by force: the engine would take the image of a container that was made and not yet started. So its names go one
   * by one, and with the last of them what it is made of.
   */
  async remove(id: string): Promise<void> {
    if ((await this.inUse()).has(id)) return;
    for (const list of ['RepoTags', 'RepoDigests'] as const) {
      const image = await askMaybe(this.#docker.getImage(id).inspect());
      for (const name of image?.[list] ?? []) await this.#removeUnlessUsed(name);
    }
    await this.#removeUnlessUsed(id);
  }

  async #removeUnlessUsed(name: string): Promise<void> {
    try {
      await ask(this.#docker.getImage(name).remove());
    } catch (error) {
      if (!isRuntimeNotFound(error) && !isRuntimeConflict(error)) throw error;
    }
  }

  /** A pull has failed when its stream says so; its status code is 200 then. */
  #follow(stream: NodeJS.ReadableStream, signal: AbortSignal, onProgress: PullOptions['onProgress']): Promise<void> {
    return new Promise((resolve, reject) => {
      const abort = () => {
        if ('destroy' in stream && typeof stream.destroy === 'function') stream.destroy();
        reject(signal.reason);
      };
      signal.addEventListener('abort', abort, { once: true });
      const finish = (error: Error | null) => {
        signal.removeEventListener('abort', abort);
        if (error === null || error === undefined) resolve();
        else reject(translateError(Object.assign(error, { statusCode: 500 })));
      };
      this.#docker.modem.followProgress(stream, finish, (message: unknown) => {
        const layer = onProgress && readPullMessage(message);
        if (layer !== undefined) onProgress?.(layer);
      });
    });
  }
}

/** Without a tag the engine would pull every one there is. */
function withTag(name: string): string {
  const last = name.slice(name.lastIndexOf('/') + 1);
  return last.includes(':') || last.includes('@') ? name : `${name}:latest`;
}
