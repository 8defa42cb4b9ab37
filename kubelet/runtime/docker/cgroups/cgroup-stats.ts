/**
 * What containers use, from the kernel's own files instead of the engine, which needs a hundred times as long for it.
 * The files lie in no file system that could keep anybody waiting, so they are read at once; after some containers
 * others have their turn.
 */

import { readFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import type { ContainerStats, StatsDetail } from '../../container-stats.ts';
import { parseInterfaces } from '../../interface-stats.ts';
import { type ReadCgroupFile, readFigures, readUsage } from './cgroup-figures.ts';
import { type CgroupPlace, findCgroupPlace, parseCgroupMounts } from './cgroup-places.ts';

/** A process in the container, as the engine says it. */
export interface ContainerProcess {
  readonly id: string;
  readonly pid: number;
  /** Its network namespace is its own, not the machine's. */
  readonly hasNetwork: boolean;
}

const atOnce = 8;

export class CgroupStats {
  #mounts: ReturnType<typeof parseCgroupMounts> | undefined;
  /** Where each container's groups are, while it is the same process. */
  readonly #places = new Map<string, { readonly pid: number; readonly place: CgroupPlace }>();

  /** Those whose groups cannot be seen from here are left out: another way must be found for them. */
  async read(
    processes: readonly ContainerProcess[],
    { detail, now }: { readonly detail: StatsDetail; readonly now: () => number },
  ): Promise<Map<string, ContainerStats>> {
    const found = new Map<string, ContainerStats>();
    for (const [index, process] of processes.entries()) {
      if (index % atOnce === atOnce - 1) await setImmediate();
      const stats = this.#readOne(process, { detail, at: now() });
      if (stats !== undefined) found.set(process.id, stats);
    }
    return found;
  }

  /** It is gone. */
  forget(id: string): void {
    this.#places.delete(id);
  }

  #readOne(
    process: ContainerProcess,
    { detail, at }: { readonly detail: StatsDetail; readonly at: number },
  ): ContainerStats | undefined {
    const { id, pid, hasNetwork } = process;
    const place = this.#placeOf(process);
    if (place === undefined) return undefined;
    const read: ReadCgroupFile = (controller, name) => {
      const folder = place.folderOf(controller);
      return folder === undefined ? '' : readText(`${folder}/${name}`);
    };
    const usage = readUsage(place.version, read);
    if (usage === undefined) {
      this.#places.delete(id);
      return undefined;
    }
    return {
      id,
      at,
      ...usage,
      ...(hasNetwork && { interfaces: parseInterfaces(readText(`/proc/${pid}/net/dev`)) }),
      ...(detail === 'all' && { figures: readFigures(place.version, place.path, read) }),
    };
  }

  #placeOf({ id, pid }: ContainerProcess): CgroupPlace | undefined {
    const known = this.#places.get(id);
    if (known?.pid === pid) return known.place;
    this.#mounts ??= parseCgroupMounts(readText('/proc/self/mountinfo'));
    const place = findCgroupPlace(readText(`/proc/${pid}/cgroup`), { mounts: this.#mounts, id });
    if (place !== undefined) this.#places.set(id, { pid, place });
    return place;
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // it ended meanwhile, or this kernel has no such file
  }
}
