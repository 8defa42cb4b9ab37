/**
 * Manifests in a folder, or one file. Changes are heard of by the kernel, and the whole is read from time to time
 * beside that: not every file system tells.
 *
 * Invariants:
 * - A file is read again when its identity, size or times have changed, and otherwise not.
 * - What a file said last that could be read stays until it says something else or goes.
 */

import { watch } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pod } from '../../api/types/core/v1.ts';
import type { Clock } from '../../base/clock.ts';
import { compareText } from '../../base/compare.ts';
import { errorText } from '../../base/error-text.ts';
import { ifFilePresent } from '../../base/if-file-present.ts';
import type { ManifestLook, ManifestSource } from './manifest-source.ts';
import { readPods } from './read-pods.ts';

export interface ManifestFolderOptions {
  /** Of a folder, or of a file. */
  readonly path: string;
  readonly nodeName: string;
  readonly clock: Clock;
  /** How often everything is read. */
  readonly everyMs: number;
}

/** As upstream. */
const maxBytes = 10 * 2 ** 20;
/** Who writes a file does so in several steps. */
const settleMs = 100;

interface ReadFile {
  /** Tells whether it is still the same. */
  readonly mark: string;
  readonly pods: readonly Pod[] | undefined;
  readonly problem: string | undefined;
}

export class ManifestFolder implements ManifestSource {
  readonly kind = 'file';
  readonly name: string;
  readonly #options: ManifestFolderOptions;
  #files: ReadonlyMap<string, ReadFile> = new Map();

  constructor(options: ManifestFolderOptions) {
    this.#options = options;
    this.name = options.path;
  }

  async run(onLook: (look: ManifestLook) => void, signal: AbortSignal): Promise<void> {
    const { clock, everyMs } = this.#options;
    while (!signal.aborted) {
      const changed = new AbortController();
      // Watched before it is read: what happens meanwhile is not missed.
      const watcher = this.#watch(() => changed.abort('changed'));
      onLook(await this.#look());
      await clock.sleep(everyMs, AbortSignal.any([signal, changed.signal]));
      watcher?.close();
      if (!signal.aborted && changed.signal.aborted) await clock.sleep(settleMs, signal);
    }
  }

  /** Undefined: there is nothing to be watched yet, or the kernel has no room for another watch. */
  #watch(onChange: () => void): { close(): void } | undefined {
    try {
      const watcher = watch(this.#options.path, { persistent: false }, onChange);
      watcher.on('error', onChange);
      return watcher;
    } catch {
      return undefined; // it is read from time to time all the same
    }
  }

  async #look(): Promise<ManifestLook> {
    const { path } = this.#options;
    const problems = new Map<string, string>();
    const files = new Map<string, ReadFile>();
    let paths: readonly string[];
    try {
      paths = await pathsIn(path);
    } catch (error) {
      // Whether its files are gone is not known.
      return this.#lookOf(this.#files, new Map([[path, errorText(error)]]));
    }
    for (const file of paths) {
      const read = await this.#readFile(file);
      if (read !== undefined) files.set(file, read);
    }
    this.#files = files;
    return this.#lookOf(files, problems);
  }

  #lookOf(files: ReadonlyMap<string, ReadFile>, problems: Map<string, string>): ManifestLook {
    const pods = new Map<string, readonly Pod[]>();
    for (const [file, read] of files) {
      if (read.pods !== undefined) pods.set(file, read.pods);
      if (read.problem !== undefined) problems.set(file, read.problem);
    }
    return { pods, problems };
  }

  /** Undefined: it is gone. */
  async #readFile(path: string): Promise<ReadFile | undefined> {
    const before = this.#files.get(path);
    try {
      const found = await ifFilePresent(stat(path));
      if (found === undefined) return undefined;
      const mark = [found.dev, found.ino, found.size, found.mtimeMs, found.ctimeMs].join();
      if (before?.mark === mark) return before;
      if (!found.isFile()) return { mark, pods: before?.pods, problem: `not a regular file: ${path}` };
      try {
        const pods = await readPods(await readText(path), {
          kind: 'file',
          name: path,
          nodeName: this.#options.nodeName,
        });
        return { mark, pods, problem: undefined };
      } catch (error) {
        return { mark, pods: before?.pods, problem: errorText(error) };
      }
    } catch (error) {
      return { mark: '', pods: before?.pods, problem: errorText(error) };
    }
  }
}

/** In their order. Folders are not entered, hidden files are not looked at. */
async function pathsIn(path: string): Promise<readonly string[]> {
  const found = await ifFilePresent(stat(path));
  if (found === undefined) return [];
  if (!found.isDirectory()) return [path];
  const entries = await readdir(path, { withFileTypes: true });
  return entries
    .filter((entry) => !entry.name.startsWith('.') && !entry.isDirectory())
    .map(({ name }) => join(path, name))
    .sort(compareText);
}

async function readText(path: string): Promise<string> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    if (size > maxBytes) throw new Error(`it has more than ${maxBytes} bytes`);
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}
