/**
 * Files that change together: readers see all of the old ones or all of the new ones, never a mixture.
 *
 *     target/
 *       ..2030_01_01_00_00_00.1/   the files themselves
 *       ..data -> ..2030_…         replaced by a rename: the one step that readers notice
 *       name   -> ..data/name      one link for each file or folder at the top
 */

import {
  chmod,
  chown,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';

export interface PayloadFile {
  readonly content: Buffer;
  readonly mode: number;
  /** Undefined: the kubelet's own. */
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
}

/** Paths below the target, without `..`. */
export type Payload = ReadonlyMap<string, PayloadFile>;

/** Makes `target` hold exactly `payload`. Returns whether anything changed. */
export async function writeAtomically(target: string, payload: Payload, now: Date): Promise<boolean> {
  const current = await readlinkMaybe(join(target, '..data'));
  if (current !== undefined && (await holds(join(target, current), payload))) return false;
  const stamp = now.toISOString().slice(0, 19).replace(/[-:T]/g, '_');
  const name = `..${stamp}.${Math.floor(Math.random() * 2 ** 32)}`;
  await writeAll(join(target, name), payload);
  await symlink(name, join(target, '..data_tmp'));
  await rename(join(target, '..data_tmp'), join(target, '..data'));
  await updateLinks(target, payload);
  if (current !== undefined) await rm(join(target, current), { recursive: true, force: true });
  return true;
}

async function writeAll(folder: string, payload: Payload): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o755 });
  await chmod(folder, 0o755);
  for (const [path, { content, mode, uid, gid }] of payload) {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true, mode: 0o755 });
    await writeFile(file, content);
    if (uid !== undefined || gid !== undefined) await chown(file, uid ?? 0, gid ?? 0);
    await chmod(file, mode); // after chown, and whatever the umask
  }
}

async function updateLinks(target: string, payload: Payload): Promise<void> {
  const wanted = new Set([...payload.keys()].map((path) => path.split('/')[0] ?? ''));
  for (const name of await readdir(target)) {
    if (!name.startsWith('..') && !wanted.has(name)) await rm(join(target, name), { force: true });
  }
  for (const name of wanted) {
    if ((await readlinkMaybe(join(target, name))) === undefined)
      await symlink(join('..data', name), join(target, name));
  }
}

async function holds(folder: string, payload: Payload): Promise<boolean> {
  const present = await listFiles(folder);
  if (present.length !== payload.size) return false;
  for (const [path, { content, mode }] of payload) {
    try {
      const [found, { mode: foundMode }] = await Promise.all([readFile(join(folder, path)), lstat(join(folder, path))]);
      if (!found.equals(content) || (foundMode & 0o7777) !== mode) return false;
    } catch {
      return false; // not there, or not a file: to be written
    }
  }
  return true;
}

async function listFiles(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
  } catch {
    return []; // somebody removed it
  }
}

async function readlinkMaybe(path: string): Promise<string | undefined> {
  try {
    return await readlink(path);
  } catch {
    return undefined; // there is no such link
  }
}
