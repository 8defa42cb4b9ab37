/**
 * What an image holds, copied into a folder of the host by the engine itself: from one container that never runs to
 * another that sees nothing but the folder. It unpacks inside of that one's file system, so that no link and no path of
 * the image leads anywhere else.
 */

import { randomUUID } from 'node:crypto';
import type Dockerode from 'dockerode';
import { type ImageCopy, RuntimeError } from '../runtime.ts';
import { labelsOfCopy, type Maker } from './docker-labels.ts';
import { ask, askMaybe } from './engine.ts';
import { moveArchive, ofEngine } from './move-archive.ts';

export interface ImageCopyContext {
  readonly docker: Dockerode;
  readonly maker: Maker;
  /** What the container is made of that sees the folder. */
  readonly emptyImage: string;
}

/** In the container that sees the folder; unpacked from its root, no link is one that leads out. */
const place = 'folder';

/** False: the image has nothing there. */
export async function copyFromImage(
  { docker, maker, emptyImage }: ImageCopyContext,
  { imageId, path, hostFolder }: ImageCopy,
  signal: AbortSignal,
): Promise<boolean> {
  const usual = {
    Labels: { ...labelsOfCopy(maker) },
    NetworkDisabled: true,
    HostConfig: { NetworkMode: 'none', LogConfig: { Type: 'none', Config: {} } },
  };
  const made: Dockerode.Container[] = [];
  const make = async (name: string, options: Dockerode.ContainerCreateOptions) => {
    const container = await ask(docker.createContainer({ name: `${name}_${randomUUID()}`, ...usual, ...options }));
    made.push(container);
    return container;
  };
  try {
    // It is never started: an image without a command has to be given one all the same.
    const from = await make('longshore_copy_from', { Image: imageId, Entrypoint: ['/none'] });
    const to = await make('longshore_copy_to', {
      Image: emptyImage,
      HostConfig: { ...usual.HostConfig, Mounts: [{ Type: 'bind', Source: hostFolder, Target: `/${place}` }] },
    });
    const archive =
      path === undefined
        ? await ask(from.export())
        : await askMaybe(from.getArchive({ path: `${path.replace(/\/+$/, '')}/.` }));
    if (archive === undefined) return false;
    await putMoved(to, moveArchive(archive, place, path === undefined ? ofEngine : undefined), signal);
    return true;
  } finally {
    await Promise.all(made.map((container) => askMaybe(container.remove({ force: true, v: true }))));
  }
}

async function putMoved(
  to: Dockerode.Container,
  { moved, done }: ReturnType<typeof moveArchive>,
  signal: AbortSignal,
): Promise<void> {
  const abort = () => moved.destroy(new RuntimeError('Unavailable', 'the copy was given up'));
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  try {
    const put = ask(to.putArchive(moved, { path: '/' }));
    // Whoever fails first ends the other: neither waits for what nobody reads or writes any more.
    put.catch(abort);
    await Promise.all([put, done]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
  signal.throwIfAborted();
}

/** Those that a kubelet has left which was killed while it copied. */
export async function removeCopies(docker: Dockerode, maker: Maker): Promise<void> {
  const label = Object.entries(labelsOfCopy(maker)).map(([name, value]) => `${name}=${value}`);
  const found = await ask(docker.listContainers({ all: true, filters: { label } }));
  await Promise.all(found.map(({ Id }) => askMaybe(docker.getContainer(Id).remove({ force: true, v: true }))));
}
