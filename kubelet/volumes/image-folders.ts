/**
 * What images hold, as folders that pods share: `<dataDir>/image-volumes/<digest>/`, once for each image that a pod
 * mounts, removed when no pod does.
 *
 *     files/       what the image holds
 *     complete     written when all of it is there; without it, it is done again
 *     image        the image's id
 *     pods/<uid>   one for each pod that mounts it; written before the pod is given anything
 */

import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ifFilePresent } from '../../base/if-file-present.ts';
import { ensurePrivateFolder, privateMode } from '../../base/private-folder.ts';
import { KeyedQueue } from './keyed-queue.ts';
import { measureTrees } from './measure-tree.ts';
import { removeTree } from './remove-tree.ts';

/** Part of the runtime. */
export interface ImageFiles {
  copyFromImage(
    copy: { readonly imageId: string; readonly path?: string | undefined; readonly hostFolder: string },
    signal: AbortSignal,
  ): Promise<boolean>;
}

export class ImageFolders {
  readonly root: string;
  readonly #runtime: ImageFiles;
  readonly #queue = new KeyedQueue();

  constructor(dataDir: string, runtime: ImageFiles) {
    this.root = join(dataDir, 'image-volumes');
    this.#runtime = runtime;
  }

  /** Where the files are; they are the pod's, among others', until `release`. Idempotent. */
  async take(imageId: string, podUid: string, signal: AbortSignal): Promise<string> {
    const folder = join(this.root, nameOf(imageId));
    return await this.#queue.run(folder, async () => {
      await ensurePrivateFolder(this.root);
      await mkdir(join(folder, 'pods'), { recursive: true, mode: privateMode });
      await writeFile(join(folder, 'image'), imageId);
      await writeFile(join(folder, 'pods', podUid), '');
      const files = join(folder, 'files');
      if ((await ifFilePresent(readFile(join(folder, 'complete')))) !== undefined) return files;
      await removeTree(files);
      await mkdir(files, { mode: 0o755 });
      await this.#runtime.copyFromImage({ imageId, hostFolder: files }, signal);
      await writeFile(join(folder, 'complete'), '');
      return files;
    });
  }

  /** The pod mounts none of them any more. Idempotent. */
  async release(podUid: string): Promise<void> {
    for (const name of await this.#names()) {
      const folder = join(this.root, name);
      await this.#queue.run(folder, async () => {
        await rm(join(folder, 'pods', podUid), { force: true });
        const left = (await ifFilePresent(readdir(join(folder, 'pods')))) ?? [];
        if (left.length === 0) await removeTree(folder);
      });
    }
  }

  /** Ids of the images whose files are here. */
  async images(): Promise<string[]> {
    const ids = await Promise.all(
      (await this.#names()).map((name) => ifFilePresent(readFile(join(this.root, name, 'image'), 'utf8'))),
    );
    return ids.filter((id) => id !== undefined);
  }

  /** How much all of them take, in bytes. */
  async measure(): Promise<number> {
    return (await measureTrees([this.root])).get(this.root)?.bytes ?? 0;
  }

  async #names(): Promise<string[]> {
    return (await ifFilePresent(readdir(this.root))) ?? [];
  }
}

/** A name for a folder, whatever is in the id. */
const nameOf = (imageId: string): string => createHash('sha256').update(imageId).digest('hex');
