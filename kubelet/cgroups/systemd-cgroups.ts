/**
 * Groups as slices of systemd, which alone may write to what is its. A slice needs no file: it is there as soon as
 * something is said of it, or as something starts in it, and goes when it is stopped. What is said of it lies in /run.
 */

import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ifFilePresent } from '../../base/if-file-present.ts';
import type { CgroupSupport } from '../runtime/runtime.ts';
import { folderOfGroup } from './cgroup-names.ts';
import { type CgroupSettings, computeProperties } from './cgroup-values.ts';
import type { CgroupWriter } from './cgroup-writer.ts';
import { cgroupRoot } from './file-cgroups.ts';

export type RunProgram = (command: string, args: readonly string[]) => Promise<unknown>;

const timeoutMs = 10_000;
const runProgram: RunProgram = (command, args) => promisify(execFile)(command, [...args], { timeout: timeoutMs });

export class SystemdCgroups implements CgroupWriter {
  readonly #support: CgroupSupport;
  readonly #run: RunProgram;

  constructor(support: CgroupSupport, run: RunProgram = runProgram) {
    this.#support = support;
    this.#run = run;
  }

  async set(group: string, settings: CgroupSettings): Promise<void> {
    const properties = computeProperties(this.#support.version, settings);
    await this.#systemctl('set-property', '--runtime', '--', group, ...properties);
    await this.#systemctl('start', '--', group);
  }

  async remove(group: string): Promise<void> {
    const folder = folderOfGroup(this.#support, group);
    for (const name of await this.below(group)) if (name.endsWith('.slice')) await this.remove(name);
    // A slice is stopped with all that is in it: what still runs is not ours to end.
    if ((await this.#entries(folder)).some((name) => name.endsWith('.scope'))) return;
    await this.#systemctl('stop', '--', group);
    await this.#systemctl('revert', '--', group);
  }

  async below(group: string): Promise<readonly string[]> {
    return (await this.#entries(folderOfGroup(this.#support, group))).filter((name) => name.endsWith('.slice'));
  }

  async #entries(folder: string): Promise<string[]> {
    const tree = this.#support.version === 2 ? cgroupRoot : join(cgroupRoot, 'systemd');
    return (await ifFilePresent(readdir(join(tree, folder)))) ?? [];
  }

  async #systemctl(...args: readonly string[]): Promise<void> {
    await this.#run('systemctl', args);
  }
}
