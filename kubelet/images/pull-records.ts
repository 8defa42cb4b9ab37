/**
 * CONTRACT: by whom the images of this node were pulled, kept in the kubelet's data, so that a kubelet that is started
 * again knows it too. Root's alone. What was there before this kubelet has no record.
 *
 *     image-pulls/pulling/…     a name of which a pull began; removed when it is over
 *     image-pulls/pulled/<id>   a `PullRecord`
 *
 * Invariant: an image that this kubelet has pulled has a record, or its pull is still noted. So what is needed to refuse is
 * written before the image can come. A record that cannot be read refuses everybody.
 */

import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isRecord } from '../../api/json-record.ts';
import { ensurePrivateFolder, privateMode } from '../../base/private-folder.ts';
import { writeAtomically } from '../../base/write-atomically.ts';
import type { PullCredentials } from './pull-secrets.ts';
import { type PullRecord, type RecordedAccess, type RecordedSecret, withAccess } from './pull-verification.ts';

type Kind = 'pulling' | 'pulled';
type Used = Pick<PullCredentials, 'source' | 'hash'>;

export class PullRecords {
  readonly #folder: string;
  readonly #records = new Map<string, PullRecord>();
  /** How many pulls of a name are under way. */
  readonly #underWay = new Map<string, number>();
  readonly #abandoned = new Set<string>();
  /** Writes, one after the other. */
  #last: Promise<void> = Promise.resolve();

  constructor(dataDir: string) {
    this.#folder = join(dataDir, 'image-pulls');
  }

  /**
   * Before anything else: reads what an earlier kubelet has left. `idOf` says which image there is of a name: one whose
   * pull was not seen to end is recorded, for nobody.
   */
  async load(idOf: (name: string) => Promise<string | undefined>): Promise<void> {
    await ensurePrivateFolder(this.#folder);
    for (const kind of ['pulling', 'pulled'] as const)
      await mkdir(this.#pathOf(kind), { recursive: true, mode: privateMode });
    for (const file of await this.#filesIn('pulled')) {
      const imageId = imageIdOf(file);
      this.#records.set(imageId, readRecord(imageId, await readFile(join(this.#pathOf('pulled'), file), 'utf8')));
    }
    for (const file of await this.#filesIn('pulling')) {
      const path = join(this.#pathOf('pulling'), file);
      const imageId = await idOf((await readFile(path, 'utf8')).trim());
      if (imageId !== undefined && !this.#records.has(imageId)) await this.#write({ imageId, repositories: {} });
      await rm(path, { force: true });
    }
  }

  recordOf(imageId: string): PullRecord | undefined {
    return this.#records.get(imageId);
  }

  /** Also when it is not known how a pull of that name has ended. */
  isBeingPulled(name: string): boolean {
    return this.#underWay.has(name) || this.#abandoned.has(name);
  }

  /** Before a pull is asked for. Throws when it cannot be written: then nothing is to be pulled. */
  async pullBegins(name: string): Promise<void> {
    this.#underWay.set(name, (this.#underWay.get(name) ?? 0) + 1);
    try {
      await this.#inTurn(() => writeAtomically(this.#pathOf('pulling', name), `${name}\n`, 0o600));
    } catch (error) {
      this.#oneLess(name);
      throw error;
    }
  }

  /** `used`: undefined: no credentials. Throws when it cannot be written: it holds as long as this kubelet runs. */
  async pulled(name: string, imageId: string, used: Used | undefined): Promise<void> {
    try {
      await this.noteAccess(name, imageId, used);
      this.#abandoned.delete(name);
    } finally {
      await this.pullFailed(name);
    }
  }

  /** No image has come of it. */
  async pullFailed(name: string): Promise<void> {
    this.#oneLess(name);
    if (this.isBeingPulled(name)) return;
    await this.#inTurn(() => rm(this.#pathOf('pulling', name), { force: true }));
  }

  /** Nobody waited for it any longer: the runtime was told to give it up, and may have finished it all the same. */
  pullAbandoned(name: string): void {
    this.#oneLess(name);
    this.#abandoned.add(name);
  }

  #oneLess(name: string): void {
    const left = (this.#underWay.get(name) ?? 0) - 1;
    if (left > 0) this.#underWay.set(name, left);
    else this.#underWay.delete(name);
  }

  /** These let a pod have the image of that name too. Idempotent. */
  async noteAccess(name: string, imageId: string, used: Used | undefined): Promise<void> {
    const before = this.#records.get(imageId) ?? { imageId, repositories: {} };
    const next = withAccess(before, name, used);
    if (JSON.stringify(next) !== JSON.stringify(before)) await this.#write(next);
  }

  /** The image was removed from the node. Idempotent. */
  async forget(imageId: string): Promise<void> {
    await this.#inTurn(() => rm(this.#pathOf('pulled', imageId), { force: true }));
    this.#records.delete(imageId);
  }

  /** Only these images are on the node: what is known of others goes. */
  async retain(imageIds: ReadonlySet<string>): Promise<void> {
    for (const imageId of [...this.#records.keys()]) if (!imageIds.has(imageId)) await this.forget(imageId);
  }

  /** What it says holds at once, also while it cannot be written. */
  async #write(record: PullRecord): Promise<void> {
    this.#records.set(record.imageId, record);
    const text = `${JSON.stringify(record)}\n`;
    await this.#inTurn(() => writeAtomically(this.#pathOf('pulled', record.imageId), text, 0o600));
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined); // whoever asked for it hears of it
    return done;
  }

  async #filesIn(kind: Kind): Promise<string[]> {
    const folder = this.#pathOf(kind);
    const files = await readdir(folder);
    const isWhole = (file: string) => file.endsWith(fileEnd);
    for (const file of files) if (!isWhole(file)) await rm(join(folder, file), { force: true });
    return files.filter(isWhole);
  }

  #pathOf(kind: Kind, name?: string): string {
    const folder = join(this.#folder, kind);
    return name === undefined ? folder : join(folder, fileOf[kind](name));
  }
}

/** The end tells them from what a write has left that was cut short; names can be longer than those of files. */
const fileEnd = '=';
const fileOf = {
  pulling: (name: string): string => `${createHash('sha256').update(name).digest('hex')}${fileEnd}`,
  pulled: (imageId: string): string => `${encodeURIComponent(imageId)}${fileEnd}`,
};
const imageIdOf = (file: string): string => decodeURIComponent(file.slice(0, -fileEnd.length));

/** What is damaged is for nobody. */
function readRecord(imageId: string, text: string): PullRecord {
  try {
    const value: unknown = JSON.parse(text);
    if (!isRecord(value) || !isRecord(value.repositories)) return { imageId, repositories: {} };
    const repositories = Object.entries(value.repositories).map(
      ([name, access]) => [name, readAccess(access)] as const,
    );
    return { imageId, repositories: Object.fromEntries(repositories) };
  } catch {
    return { imageId, repositories: {} };
  }
}

function readAccess(value: unknown): RecordedAccess {
  const { anybody, secrets }: Partial<Record<string, unknown>> = isRecord(value) ? value : {};
  return { anybody: anybody === true, secrets: Array.isArray(secrets) ? secrets.flatMap(readSecret) : [] };
}

function readSecret(value: unknown): RecordedSecret[] {
  if (!isRecord(value)) return [];
  const { namespace, name, uid, hash } = value;
  if (typeof namespace !== 'string' || typeof name !== 'string' || typeof uid !== 'string' || typeof hash !== 'string')
    return [];
  return [{ namespace, name, uid, hash }];
}
