/** Keeps a picture of each static pod in the API: makes it, makes it again when somebody deleted it, and removes it. */

import { pods as podResource } from '../../api/resources/core.ts';
import { isAlreadyExists, isConflict, isNotFound } from '../../api/status-error.ts';
import type { Pod } from '../../api/types/core/v1.ts';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { Client } from '../../client/client.ts';
import type { Informer } from '../../client/object-cache.ts';
import { keyOf, type PodObject } from '../model/pod.ts';
import { computeMirrorPlan, type MirrorAction, type MirrorView } from './mirror-plan.ts';
import type { StaticPods } from './static-pods.ts';

export interface MirrorKeeperOptions extends Pick<MirrorView, 'isAtWork' | 'isOver'> {
  readonly client: Pick<Client, 'create' | 'delete'>;
  /** The API's pods of this node. */
  readonly informer: Pick<Informer<Pod>, 'list' | 'synced'>;
  readonly staticPods: Pick<StaticPods, 'list' | 'isRead' | 'manifestOf'>;
  readonly nodeName: string;
  /** Undefined: not known yet. */
  readonly nodeUid: () => string | undefined;
  readonly logger: Logger;
  readonly clock: Clock;
}

const lookEveryMs = 10_000;
const retryMs = 1_000;
/** The cache has not shown yet what was written. */
const againMs = 500;

export class MirrorKeeper {
  readonly #options: MirrorKeeperOptions;
  readonly #toldConflicts = new Set<string>();
  #wake = new AbortController();

  constructor(options: MirrorKeeperOptions) {
    this.#options = options;
  }

  wake(): void {
    this.#wake.abort('changed');
  }

  /** Until `signal` aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, logger, informer } = this.#options;
    const end = () => this.wake();
    signal.addEventListener('abort', end, { once: true });
    await informer.synced(signal);
    while (!signal.aborted) {
      this.#wake = new AbortController();
      let waitMs = lookEveryMs;
      try {
        waitMs = await this.#round();
      } catch (error) {
        logger.warn('Mirror pods could not be kept; trying again', { error });
        await clock.sleep(retryMs, signal);
        waitMs = retryMs;
      }
      await clock.sleep(waitMs, this.#wake.signal);
    }
    signal.removeEventListener('abort', end);
  }

  /** When to look again. */
  async #round(): Promise<number> {
    const { staticPods, informer, nodeName, nodeUid } = this.#options;
    const uid = nodeUid();
    if (uid === undefined || !staticPods.isRead) return retryMs;
    const view = { ...this.#options, wanted: [...staticPods.list()], found: [...informer.list()] };
    const plan = computeMirrorPlan({ ...view, node: { name: nodeName, uid } });
    for (const action of plan) await this.#do(action);
    return plan.every(({ type }) => type === 'conflict') ? lookEveryMs : againMs;
  }

  async #do(action: MirrorAction): Promise<void> {
    switch (action.type) {
      case 'create':
        return await this.#create({ metadata: action.metadata, ...this.#specOf(action.of) });
      case 'delete':
        return await this.#delete(action.mirror);
      case 'conflict':
        return this.#tellConflict(action.of);
    }
  }

  async #create(mirror: Pod): Promise<void> {
    try {
      await this.#options.client.create<Pod>(podResource, mirror);
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
  }

  #specOf(pod: PodObject): Pick<Pod, 'spec'> {
    const { spec } = this.#options.staticPods.manifestOf(pod) ?? {};
    return spec === undefined ? {} : { spec };
  }

  /** At once: nothing runs for it. */
  async #delete({ metadata: { namespace = 'default', name, uid } }: PodObject): Promise<void> {
    try {
      await this.#options.client.delete(podResource, { namespace, name }, { gracePeriodSeconds: 0, uid });
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  }

  #tellConflict(pod: PodObject): void {
    const key = keyOf(pod);
    if (this.#toldConflicts.has(key)) return;
    this.#toldConflicts.add(key);
    this.#options.logger.warn('A static pod cannot be shown: a pod of the API has its name', { pod: key });
  }
}
