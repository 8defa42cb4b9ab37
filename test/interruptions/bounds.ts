/**
 * What must hold in every state that a world goes through, judged from the store's changes in order. Also counts what was
 * created, so that what was made twice shows even when one of the two is gone at the end.
 */

import type { StoredEntry, StoredObject } from './end-state.ts';
import type { PodGroup } from './world.ts';

export class Bounds {
  readonly #groups: readonly PodGroup[];
  #isHeld = false;
  readonly #pods = new Map<string, StoredObject>();
  readonly #created = new Map<string, number>();
  readonly #names = new Map<string, string>();
  readonly #broken = new Set<string>();

  constructor(groups: readonly PodGroup[]) {
    this.#groups = groups;
  }

  /** From now on there are as many ready pods as each group needs. */
  hold(): void {
    this.#isHeld = true;
  }

  /** From now on there may be fewer. */
  release(): void {
    this.#isHeld = false;
  }

  /** What did not hold. */
  get broken(): readonly string[] {
    return [...this.#broken];
  }

  /** How often what was created, by resource, namespace and name without what is random in it. */
  get created(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#created].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  put(key: string, { resource, object }: StoredEntry, isNew: boolean): void {
    if (isNew) this.#count(resource, object);
    if (resource !== 'pods') return;
    if (isNew) this.#judgeNew(object);
    this.#pods.set(key, object);
    this.#judge(object);
  }

  remove(key: string): void {
    const pod = this.#pods.get(key);
    if (this.#pods.delete(key) && pod !== undefined) this.#judge(pod);
  }

  #count(resource: string, { metadata }: StoredObject): void {
    const { name, namespace = '', generateName } = metadata;
    const general = generateName === undefined ? name : `${this.#generalOf(generateName)}*`;
    if (generateName !== undefined) this.#names.set(name, general);
    const what = `${resource} ${withoutId(namespace)}/${withoutId(general)}`;
    this.#created.set(what, (this.#created.get(what) ?? 0) + 1);
  }

  /** The prefix of a pod of a thing whose own name is random. */
  #generalOf(prefix: string): string {
    const owner = this.#names.get(prefix.slice(0, -1));
    return owner === undefined ? prefix : `${owner}-`;
  }

  /** In order: a pod with a number comes when all below it are there and ready. */
  #judgeNew({ metadata }: StoredObject): void {
    const [, set, number] = /^(db)-(\d+)$/.exec(metadata.name) ?? [];
    if (set === undefined) return;
    for (let below = 0; below < Number(number); below += 1) {
      const lower = this.#all().find(({ metadata: { name } }) => name === `${set}-${below}`);
      if (lower === undefined || !isReady(lower))
        this.#broken.add(`${metadata.name} came before ${set}-${below} was ready`);
    }
  }

  #judge({ metadata }: StoredObject): void {
    const group = this.#groups.find(({ app }) => app === metadata.labels?.app);
    if (group !== undefined) this.#judgeGroup(group);
  }

  #judgeGroup({ app, most, least, per }: PodGroup): void {
    const members = this.#all().filter(({ metadata }) => metadata.labels?.app === app);
    const living = members.filter(isLiving);
    if (living.length > most) this.#broken.add(`${living.length} pods of ${app}, at most ${most} are allowed`);
    const ready = members.filter(isReady).length;
    if (this.#isHeld && ready < least)
      this.#broken.add(`${ready} ready pods of ${app}, at least ${least} are asked for`);
    if (per === undefined) return;
    const seen = new Set<string>();
    for (const { metadata, spec } of living) {
      const value = per === 'node' ? spec?.nodeName : metadata.labels?.[per];
      if (value === undefined) continue;
      if (seen.has(value)) this.#broken.add(`two pods of ${app} for one ${per}`);
      seen.add(value);
    }
  }

  #all(): StoredObject[] {
    return [...this.#pods.values()];
  }
}

const withoutId = (name: string): string =>
  name
    .replace(/-r\d+w\d+(?![a-z0-9])/, '')
    .replace(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/, 'UID')
    .replace(/-\d{8}(?!\d)/, '-SCHEDULED');

export const isOver = ({ status }: StoredObject): boolean =>
  status?.phase === 'Succeeded' || status?.phase === 'Failed';
const isLiving = (pod: StoredObject): boolean => pod.metadata.deletionTimestamp === undefined && !isOver(pod);
const isReady = (pod: StoredObject): boolean =>
  isLiving(pod) && (pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false);
