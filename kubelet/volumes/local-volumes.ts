/**
 * Folders of this node that the local provisioner has made: `<dataDir>/local-volumes/<name>`. They live as long as
 * their PersistentVolumes. Orders come with a name alone, which is checked: no path is ever taken from anybody.
 */

import { chmod, lstat, mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { badRequest } from '../../api/status-error.ts';
import { isLocalVolumeName } from '../../api/volumes/local-volumes.ts';
import { ifFilePresent } from '../../base/if-file-present.ts';
import { ensurePrivateFolder } from '../../base/private-folder.ts';
import { removeTree } from './remove-tree.ts';

/** Containers of any user may write. */
const volumeMode = 0o777;

export class LocalVolumes {
  readonly root: string;

  constructor(dataDir: string) {
    this.root = join(dataDir, 'local-volumes');
  }

  /** Makes the folder and says where it is; one that is there stays as it is. Idempotent. */
  async ensure(name: string): Promise<string> {
    const folder = this.#folderOf(name);
    await ensurePrivateFolder(this.root);
    if ((await ifFilePresent(lstat(folder))) !== undefined) return folder;
    // Whole or not at all: a kubelet may be killed in between.
    const unfinished = join(this.root, `..${name}`);
    await removeTree(unfinished);
    await mkdir(unfinished);
    await chmod(unfinished, volumeMode); // mkdir's mode is cut by the umask
    await rename(unfinished, folder);
    return folder;
  }

  /** Idempotent. A link in its place is removed, not followed. */
  async remove(name: string): Promise<void> {
    await removeTree(this.#folderOf(name));
  }

  /** Where a volume of that name is, if it is there. */
  pathOf(name: string): string {
    return this.#folderOf(name);
  }

  #folderOf(name: string): string {
    if (!isLocalVolumeName(name)) throw badRequest(`${JSON.stringify(name)} is not the name of a local volume`);
    return join(this.root, name);
  }
}
