/**
 * Fills a volume that is empty with what the image has where it is mounted, as Docker does with its named volumes: only
 * when the pod asks for it, by the annotation `longshore.dev/fill-volumes-from-image`.
 *
 * A file in the volume says that it is being filled: a kubelet that was killed meanwhile begins again, on whichever node.
 */

import { constants } from 'node:fs';
import { lstat, open, opendir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fillVolumesAnnotation } from '../../api/labels.ts';
import type { Container } from '../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import { errorCode } from '../../base/error-text.ts';
import { ifFilePresent } from '../../base/if-file-present.ts';
import type { PodObject } from '../model/pod.ts';
import type { ImageFiles } from './image-folders.ts';
import { KeyedQueue } from './keyed-queue.ts';
import { checkAnswers } from './network-mounts.ts';
import type { MountedVolume } from './volume-plugin.ts';

export interface FillWish {
  readonly volume: string;
  /** Of the image. */
  readonly path: string;
}

const marker = '.longshore-fill';
/** What file systems have of themselves. */
const ownFolders = new Set(['lost+found']);

/** The mounts of a container that are to be filled. Pure. */
export function fillsOf(
  pod: PodObject,
  { volumeMounts = [] }: DeepReadonly<Pick<Container, 'volumeMounts'>>,
): FillWish[] {
  const asked = new Set(
    (pod.metadata.annotations?.[fillVolumesAnnotation] ?? '').split(',').map((name) => name.trim()),
  );
  const mayBe = new Set(
    (pod.spec?.volumes ?? [])
      .filter(({ persistentVolumeClaim, ephemeral, emptyDir }) => persistentVolumeClaim ?? ephemeral ?? emptyDir)
      .map(({ name }) => name),
  );
  return volumeMounts
    .filter(({ name, readOnly, subPath, subPathExpr }) => {
      const isWhole = !subPath && !subPathExpr;
      return asked.has(name) && mayBe.has(name) && isWhole && readOnly !== true;
    })
    .map(({ name, mountPath }) => ({ volume: name, path: mountPath }));
}

export class ImageFill {
  readonly #runtime: ImageFiles;
  readonly #queue = new KeyedQueue();

  constructor(runtime: ImageFiles) {
    this.#runtime = runtime;
  }

  /** Before the container is made. Idempotent; a volume that holds anything stays as it is. */
  async fill(
    wish: { readonly imageId: string; readonly path: string; readonly volume: MountedVolume },
    signal: AbortSignal,
  ): Promise<void> {
    const { imageId, path, volume } = wish;
    if (volume.readOnly) return;
    await this.#queue.run(volume.hostPath, async () => {
      if (volume.isRemote) await checkAnswers(volume.hostPath);
      if (!(await begin(volume.hostPath))) return;
      await this.#runtime.copyFromImage({ imageId, path, hostFolder: volume.hostPath }, signal);
      await rm(join(volume.hostPath, marker), { force: true });
    });
  }
}

/** False: there is something in it that is not ours. */
async function begin(folder: string): Promise<boolean> {
  const path = join(folder, marker);
  if ((await ifFilePresent(lstat(path))) !== undefined) return true;
  // One name is enough: a pod may have made millions of them.
  for await (const { name } of await opendir(folder)) if (!ownFolders.has(name)) return false;
  try {
    const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;
    await (await open(path, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY, 0o600)).close();
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error; // another node is at it as well
  }
  return true;
}
