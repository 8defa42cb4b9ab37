/** Groups as folders of the kernel's file system, where the engine makes its own so. */

import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errorCode } from '../../base/error-text.ts';
import { ifFilePresent } from '../../base/if-file-present.ts';
import type { CgroupSupport } from '../runtime/runtime.ts';
import { type CgroupSettings, type CgroupWrite, computeWrites } from './cgroup-values.ts';
import type { CgroupWriter } from './cgroup-writer.ts';

export const cgroupRoot = '/sys/fs/cgroup';

/** With version 2: what groups below can be given. */
const wantedControllers = ['cpu', 'cpuset', 'io', 'memory', 'pids', 'hugetlb'];

export class FileCgroups implements CgroupWriter {
  readonly #version: CgroupSupport['version'];
  readonly #root: string;
  /** With version 2: folders whose groups below can be given something. */
  readonly #opened = new Set<string>();
  #hierarchies: Promise<readonly string[]> | undefined;

  constructor({ version }: CgroupSupport, root = cgroupRoot) {
    this.#version = version;
    this.#root = root;
  }

  async set(group: string, settings: CgroupSettings): Promise<void> {
    const writes = computeWrites(this.#version, settings);
    if (this.#version === 2) {
      await this.#open(dirname(group));
      await makeGroup(this.#root, group);
      const folder = join(this.#root, group);
      const given = await readWords(folder, 'cgroup.controllers');
      // What the kernel has switched off limits nothing.
      for (const write of writes) if (given.includes(write.controller)) await this.#write(folder, write);
      return;
    }
    const present = await this.#presentHierarchies();
    const controllers = new Set(writes.map(({ controller }) => controller));
    await Promise.all(
      [...controllers].map(async (controller) => {
        if (!present.includes(controller)) return; // switched off in this kernel: nothing can be limited by it
        const folder = join(this.#root, controller, group);
        await makeGroup(join(this.#root, controller), group);
        for (const write of writes.filter((one) => one.controller === controller)) await this.#write(folder, write);
      }),
    );
  }

  async remove(group: string): Promise<void> {
    await Promise.all((await this.#trees()).map((tree) => removeGroups(join(tree, group))));
  }

  async below(group: string): Promise<readonly string[]> {
    const found = await Promise.all((await this.#trees()).map((tree) => foldersIn(join(tree, group))));
    return [...new Set(found.flat())];
  }

  async #write(folder: string, { file, value, optional }: CgroupWrite): Promise<void> {
    try {
      await writeFile(join(folder, file), value, { flag: 'r+' });
    } catch (error) {
      if (!(optional && errorCode(error) === 'ENOENT')) throw error;
    }
  }

  /** From the root on, since a group can hand on only what it was given. */
  async #open(group: string): Promise<void> {
    if (this.#opened.has(group)) return;
    if (group !== '/') await this.#open(dirname(group));
    const folder = join(this.#root, group);
    await makeGroup(this.#root, group);
    const [offered, open] = await Promise.all([
      readWords(folder, 'cgroup.controllers'),
      readWords(folder, 'cgroup.subtree_control'),
    ]);
    const missing = wantedControllers.filter((name) => offered.includes(name) && !open.includes(name));
    if (missing.length > 0)
      await writeFile(join(folder, 'cgroup.subtree_control'), missing.map((name) => `+${name}`).join(' '), {
        flag: 'r+',
      });
    this.#opened.add(group);
  }

  async #trees(): Promise<string[]> {
    if (this.#version === 2) return [this.#root];
    return (await this.#presentHierarchies()).map((name) => join(this.#root, name));
  }

  /** The engine makes a group in each of them. Links, such as `cpu` to `cpu,cpuacct`, count. */
  #presentHierarchies(): Promise<readonly string[]> {
    this.#hierarchies ??= readdir(this.#root);
    return this.#hierarchies;
  }
}

const readWords = async (folder: string, file: string): Promise<string[]> =>
  (await readFile(join(folder, file), 'utf8')).trim().split(/\s+/);

/** Step by step: Node calls a file system that is read-only a folder that is not there, when it makes all at once. */
async function makeGroup(tree: string, group: string): Promise<void> {
  let folder = tree;
  for (const name of group.split('/').filter((part) => part !== '')) {
    folder = join(folder, name);
    try {
      await mkdir(folder);
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
    }
  }
}

/** What has processes, or is being emptied, stays. */
async function removeGroups(folder: string): Promise<void> {
  for (const name of await foldersIn(folder)) await removeGroups(join(folder, name));
  try {
    await rmdir(folder);
  } catch (error) {
    if (!['ENOENT', 'ENOTDIR', 'EBUSY', 'ENOTEMPTY'].includes(errorCode(error) ?? '')) throw error;
  }
}

async function foldersIn(folder: string): Promise<string[]> {
  const entries = (await ifFilePresent(readdir(folder, { withFileTypes: true }))) ?? [];
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}
