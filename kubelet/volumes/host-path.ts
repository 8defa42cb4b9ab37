/** hostPath volumes: the type says what must be there, or is made. */

import { mkdir, open, stat } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { ifFilePresent } from '../../base/if-file-present.ts';
import type { PodObject } from '../model/pod.ts';
import type { MountedVolume, ReadonlyVolume, VolumePlugin } from './volume-plugin.ts';

export class HostPathPlugin implements VolumePlugin {
  supports({ hostPath }: ReadonlyVolume): boolean {
    return Boolean(hostPath);
  }

  async setUp(_pod: PodObject, { hostPath }: ReadonlyVolume): Promise<MountedVolume> {
    const { path = '', type = '' } = hostPath ?? {};
    await ensureHostPath(path, type);
    return { hostPath: path, readOnly: false };
  }
}

/** Throws an Error in upstream's words when something else, or nothing, is at `path`. */
export async function ensureHostPath(path: string, type: string): Promise<void> {
  if (!isAbsolute(path)) throw new Error(`hostPath ${path} must be an absolute path`);
  const found = await ifFilePresent(stat(path));
  switch (type) {
    case '':
      // Anything will do. Container runtimes have always made a folder of what is missing.
      if (found === undefined) await mkdir(path, { recursive: true, mode: 0o755 });
      return;
    case 'DirectoryOrCreate':
      if (found === undefined) await mkdir(path, { recursive: true, mode: 0o755 });
      else check(found.isDirectory(), path, 'a directory');
      return;
    case 'FileOrCreate':
      if (found === undefined) await (await open(path, 'a', 0o644)).close();
      else check(found.isFile(), path, 'a file');
      return;
    case 'Directory':
      return check(found?.isDirectory() ?? false, path, 'a directory');
    case 'File':
      return check(found?.isFile() ?? false, path, 'a file');
    case 'Socket':
      return check(found?.isSocket() ?? false, path, 'a socket file');
    case 'CharDevice':
      return check(found?.isCharacterDevice() ?? false, path, 'a character device');
    case 'BlockDevice':
      return check(found?.isBlockDevice() ?? false, path, 'a block device');
    default:
      throw new Error(`${type} is an invalid volume type`);
  }
}

function check(holds: boolean, path: string, what: string): void {
  if (!holds) throw new Error(`hostPath type check failed: ${path} is not ${what}`);
}
