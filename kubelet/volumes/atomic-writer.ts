/**
 * Files that change together: readers see all of the old ones or all of the new ones, never a mixture.
 *
 *     target/
 *       ..2030_01_01_00_00_00.1/   the files themselves
 *       ..data -> ..2030_…         replaced by a rename: the one step that readers notice
 *       name   -> ..data/name      one link for each file or folder at the top
 */

import { randomInt } from 'node:crypto';
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

/**
 * Makes `target` hold exactly `payload`. Returns whether the files changed. A writer that was killed may have left
 * anything in `target`: every step makes what it needs anew, and what belongs to no step goes.
 */
export async function writeAtomically(target: string, payload: Payload, now: Date): Promise<boolean> {
  const current = await readLink(join(target, dataLink));
  const changed = current === undefined || !(await holds(join(target, current), payload));
  await removeLeftovers(target, current); // first: a disk that is full of them would never take a new version
  const version = changed ? await publish(target, payload, now) : current;
  await updateLinks(target, payload);
  await removeLeftovers(target, version);
  return changed;
}

const dataLink = '..data';
const unfinishedLink = '..data_tmp';

/** Writes the files and turns readers to them. Returns the name of their folder. */
async function publish(target: string, payload: Payload, now: Date): Promise<string> {
  const stamp = now.toISOString().slice(0, 19).replace(/[-:T]/g, '_');
  const version = `..${stamp}.${randomInt(2 ** 32)}`;
  await writeAll(join(target, version), payload);
  await removeAll(join(target, unfinishedLink));
  await symlink(version, join(target, unfinishedLink));
  await rename(join(target, unfinishedLink), join(target, dataLink));
  return version;
}

async function writeAll(folder: string, payload: Payload): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o755 });
  await chmod(folder, 0o755);
  for (const [path, { content, mode, uid, gid }] of payload) {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true, mode: 0o755 });
    await writeFile(file, content, { mode: 0o600 });
    if (uid !== undefined || gid !== undefined) await chown(file, uid ?? 0, gid ?? 0);
    await chmod(file, mode); // after chown, and whatever the umask
  }
}

async function updateLinks(target: string, payload: Payload): Promise<void> {
  const wanted = new Set([...payload.keys()].map((path) => path.split('/')[0] ?? ''));
  for (const name of await readdir(target)) {
    if (!name.startsWith('..') && !wanted.has(name)) await removeAll(join(target, name));
  }
  for (const name of wanted) {
    const link = join(target, name);
    const destination = join(dataLink, name);
    if ((await readLink(link)) === destination) continue;
    await removeAll(link);
    await symlink(destination, link);
  }
}

/** Old versions, and new ones that were never finished: what was a Secret once is not to be read for ever. */
async function removeLeftovers(target: string, version: string | undefined): Promise<void> {
  for (const name of await readdir(target)) {
    if (name.startsWith('..') && name !== dataLink && name !== version) await removeAll(join(target, name));
  }
}

/** Only the kubelet writes here: nothing can put a link in the way. */
const removeAll = (path: string): Promise<void> => rm(path, { recursive: true, force: true });

async function holds(folder: string, payload: Payload): Promise<boolean> {
  const present = await listFiles(folder);
  if (present.length !== payload.size) return false;
  for (const [path, file] of payload) if (!(await isWritten(join(folder, path), file))) return false;
  return true;
}

async function isWritten(path: string, { content, mode, uid = 0, gid = 0 }: PayloadFile): Promise<boolean> {
  try {
    const found = await lstat(path);
    if (!found.isFile() || (found.mode & 0o7777) !== mode || found.uid !== uid || found.gid !== gid) return false;
    return (await readFile(path)).equals(content);
  } catch {
    return false; // not there: to be written
  }
}

async function listFiles(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
  } catch {
    return []; // somebody removed it
  }
}

/** Undefined: there is no link at `path`. */
async function readLink(path: string): Promise<string | undefined> {
  try {
    return await readlink(path);
  } catch {
    return undefined;
  }
}
