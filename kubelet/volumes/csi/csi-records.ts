/**
 * What this node has of CSI volumes, on the disk: written before a driver is called, removed when all is undone. What
 * a dead kubelet has mounted is found again by it.
 */

import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isRecord } from '../../../api/json-record.ts';
import { ifFilePresent } from '../../../base/if-file-present.ts';
import { privateMode } from '../../../base/private-folder.ts';
import type { PodFolders } from '../pod-folders.ts';

/** A volume at a pod. */
export interface CsiRecord {
  readonly podUid: string;
  /** Of the pod's volume. */
  readonly volume: string;
  readonly driver: string;
  readonly handle: string;
  readonly targetPath: string;
  /** Empty: it is not staged. */
  readonly stagingPath: string;
  /** In the node's status; empty: it is not attached. */
  readonly reportedName: string;
}

const fields = ['driver', 'handle', 'targetPath', 'stagingPath', 'reportedName'] as const;
const fileName = 'volume.json';

export class CsiRecords {
  readonly #folders: PodFolders;
  readonly #known = new Map<string, CsiRecord>();

  constructor(folders: PodFolders) {
    this.#folders = folders;
  }

  /** Before all else: what a kubelet before this one has left. */
  async load(): Promise<void> {
    for (const uid of (await ifFilePresent(readdir(this.#folders.root))) ?? []) {
      for (const volume of (await ifFilePresent(readdir(this.#folderOf(uid)))) ?? []) {
        const record = await this.#read(uid, volume);
        if (record !== undefined) this.#known.set(keyOf(record), record);
      }
    }
  }

  list(): CsiRecord[] {
    return [...this.#known.values()];
  }

  ofPod(uid: string): CsiRecord[] {
    return this.list().filter(({ podUid }) => podUid === uid);
  }

  /** Those that are the same volume, at whichever pod. */
  alike({ driver, handle }: Pick<CsiRecord, 'driver' | 'handle'>): CsiRecord[] {
    return this.list().filter((one) => one.driver === driver && one.handle === handle);
  }

  /** Idempotent. */
  async add(record: CsiRecord): Promise<void> {
    const folder = join(this.#folderOf(record.podUid), record.volume);
    await mkdir(folder, { recursive: true, mode: privateMode });
    const unfinished = join(folder, `.${fileName}`);
    await writeFile(unfinished, JSON.stringify(record));
    await rename(unfinished, join(folder, fileName));
    this.#known.set(keyOf(record), record);
  }

  /** Idempotent. */
  async remove(record: CsiRecord): Promise<void> {
    await rm(join(this.#folderOf(record.podUid), record.volume), { recursive: true, force: true });
    this.#known.delete(keyOf(record));
  }

  #folderOf(uid: string): string {
    return join(this.#folders.of(uid), 'volumes', 'csi');
  }

  /** Undefined: it was never finished, so that no driver was called. */
  async #read(podUid: string, volume: string): Promise<CsiRecord | undefined> {
    const text = await ifFilePresent(readFile(join(this.#folderOf(podUid), volume, fileName), 'utf8'));
    if (text === undefined) return undefined;
    const found: unknown = JSON.parse(text);
    if (!isRecord(found)) return undefined;
    const [driver = '', handle = '', targetPath = '', stagingPath = '', reportedName = ''] = fields.map((field) =>
      String(found[field] ?? ''),
    );
    return { podUid, volume, driver, handle, targetPath, stagingPath, reportedName };
  }
}

const keyOf = ({ podUid, volume }: CsiRecord): string => `${podUid}/${volume}`;
