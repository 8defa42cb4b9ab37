/** What is mounted where on this machine, and mounting and unmounting, by mount(8) and umount(8). */

import { execFile } from 'node:child_process';
import { readFile, realpath } from 'node:fs/promises';
import { release } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { ifFilePresent } from '../../base/if-file-present.ts';

const run = promisify(execFile);

export interface MountPoint {
  readonly id: string;
  /** The id of the mount that it lies on. */
  readonly parent: string;
  readonly path: string;
  /** `tmpfs`, `ext4` … */
  readonly type: string;
}

/** The lines of /proc/PID/mountinfo, in their order: what lies on top comes later. Pure. */
export function parseMountTable(text: string): MountPoint[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [place = '', source = ''] = line.split(' - ');
      const [id = '', parent = '', , , path = ''] = place.split(' ');
      return { id, parent, path: unescapePath(path), type: source.split(' ')[0] ?? '' };
    });
}

/** Whether its path leads to it: no other of `all` lies over what it is mounted on. Pure. */
export function isReachable(mount: MountPoint, all: readonly MountPoint[]): boolean {
  const below = all.find(({ id }) => id === mount.parent);
  if (below === undefined || below === mount) return true;
  const isCovered = all.some(({ parent, path }) => parent === below.id && mount.path.startsWith(`${path}/`));
  return !isCovered && isReachable(below, all);
}

/** The kernel writes blanks and backslashes in octal. */
const unescapePath = (text: string): string =>
  text.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

/** Mount points at or below `folder`, the deepest first; none that is hidden below another mount. None when there is no such folder. */
export async function mountsBelow(folder: string): Promise<MountPoint[]> {
  const real = await ifFilePresent(realpath(folder));
  if (real === undefined) return [];
  const all = parseMountTable(await readFile('/proc/self/mountinfo', 'utf8'));
  const below = all.filter(({ path }) => path === real || path.startsWith(`${real}/`));
  return below.filter((mount) => isReachable(mount, all)).reverse();
}

/** Whether something is mounted right there. What is mounted is not asked itself: its server may be silent. */
export async function isMountPoint(path: string): Promise<boolean> {
  const parent = await ifFilePresent(realpath(dirname(path)));
  if (parent === undefined) return false;
  const place = join(parent, basename(path));
  return parseMountTable(await readFile('/proc/self/mountinfo', 'utf8')).some((mount) => mount.path === place);
}

/** Throws when something is mounted there still: then nothing below may be removed. Idempotent. */
export async function unmountBelow(folder: string): Promise<void> {
  const paths = (await mountsBelow(folder)).map(({ path }) => path);
  if (paths.length === 0) return;
  // What is mounted on a shared mount is mounted at its origin too, and is to stay there.
  for (const parent of paths.filter((path) => paths.some((other) => other.startsWith(`${path}/`))))
    await run('mount', ['--no-canonicalize', '--make-private', parent]);
  // By umount itself: a helper would talk to the server of a network file system, which may be silent.
  await run('umount', ['--no-canonicalize', '--internal-only', '--lazy', ...paths]);
  const [left] = await mountsBelow(folder);
  if (left !== undefined) throw new Error(`${left.path} could not be unmounted`);
}

export interface MemoryMountOptions {
  readonly mode: number;
  readonly gid?: number | undefined;
  /** Undefined: the kernel's default, half of the memory. */
  readonly sizeBytes?: number | undefined;
  /** Its pages are never written to a disk, where the kernel can promise that. */
  readonly swap: boolean;
  /** In huge pages of this size, which are never swapped. */
  readonly pageBytes?: number | undefined;
}

/** Mounts a file system in memory on `folder`, unless one is there already: a kubelet before this one made it. */
export async function mountMemory(folder: string, options: MemoryMountOptions): Promise<void> {
  const real = await realpath(folder);
  const type = options.pageBytes === undefined ? 'tmpfs' : 'hugetlbfs';
  if ((await mountsBelow(real)).some((mount) => mount.path === real && mount.type === type)) return;
  const words = computeMemoryOptions(options, release());
  await run('mount', ['--no-canonicalize', '-t', type, '-o', words, type, real]);
}

/** In the words of tmpfs and hugetlbfs. Pure. */
export function computeMemoryOptions(options: MemoryMountOptions, kernel: string): string {
  const { mode, gid, sizeBytes, swap, pageBytes } = options;
  return [
    `mode=${mode.toString(8)}`,
    ...(gid === undefined ? [] : [`gid=${gid}`]),
    ...(sizeBytes === undefined ? [] : [`size=${BigInt(Math.ceil(sizeBytes))}`]),
    ...(pageBytes === undefined ? [] : [`pagesize=${pageBytes}`]),
    ...(swap || pageBytes !== undefined || !knowsNoSwap(kernel) ? [] : ['noswap']),
  ].join(',');
}

/** Linux 6.3 and later. */
function knowsNoSwap(kernel: string): boolean {
  const [major = 0, minor = 0] = kernel.split(/[.-]/).map(Number);
  return major > 6 || (major === 6 && minor >= 3);
}

/**
 * Shows at `target` what the descriptor `fd` of this process holds, whatever has become of its path meanwhile. Mounts
 * below `target` stay unknown to the origin unless `propagates`.
 */
export async function bindDescriptor(
  fd: number,
  target: string,
  { propagates }: { readonly propagates: boolean },
): Promise<void> {
  const source = `/proc/${process.pid}/fd/${fd}`;
  const flags = ['--bind', ...(propagates ? [] : ['--make-slave'])];
  // Made canonical, the source would be a path again, which someone may have changed.
  await run('mount', ['--no-canonicalize', ...flags, source, target]);
}

/** A folder that exactly shows `source`, for reading alone: nothing in it is a device, runs, or has its owner's rights. */
export async function bindInert(source: string, target: string): Promise<void> {
  if (!(await isMountPoint(target)))
    await run('mount', ['--no-canonicalize', '--bind', '--make-private', source, target]);
  await run('mount', ['--no-canonicalize', '-o', 'remount,bind,ro,nosuid,nodev,noexec', target]);
}
