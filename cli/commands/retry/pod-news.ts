/** What events say of one pod since a moment, each time that they say something new. */

import type { Stored } from '../../../api/object.ts';
import { events } from '../../../api/resources/core.ts';
import { isForbidden } from '../../../api/status-error.ts';
import type { Event, Pod } from '../../../api/types/core/v1.ts';
import type { Client } from '../../../client/client.ts';

export class PodNews {
  readonly #client: Client;
  readonly #pod: Stored<Pod>;
  /** How often each event had been seen to happen, by name. */
  #counts = new Map<string, number>();
  readonly #warnings = new Map<string, string>();

  private constructor(client: Client, pod: Stored<Pod>) {
    this.#client = client;
    this.#pod = pod;
  }

  /** What there is by now is no news. */
  static async since(client: Client, pod: Stored<Pod>): Promise<PodNews> {
    const news = new PodNews(client, pod);
    await news.take();
    news.#warnings.clear();
    return news;
  }

  /** The newest message of each reason of a warning. */
  get warnings(): ReadonlyMap<string, string> {
    return this.#warnings;
  }

  /** What has come since the last call: `Pulling: Pulling image "web:1"`. */
  async take(): Promise<string[]> {
    const found = await this.#list();
    const fresh = found.filter(({ metadata, count = 1 }) => count > (this.#counts.get(metadata.name) ?? 0));
    this.#counts = new Map(found.map(({ metadata, count = 1 }) => [metadata.name, count]));
    for (const { type, reason = '', message = '' } of fresh)
      if (type === 'Warning') this.#warnings.set(reason, message);
    return fresh.map(({ reason = '', message = '' }) => `${reason}: ${message}`);
  }

  async #list(): Promise<Stored<Event>[]> {
    const { namespace, uid } = this.#pod.metadata;
    try {
      const fieldSelector = `involvedObject.uid=${uid}`;
      return (await this.#client.list<Event>(events, { namespace, fieldSelector })).items;
    } catch (error) {
      // Who may have a pod tried again need not be allowed to read events.
      if (isForbidden(error)) return [];
      throw error;
    }
  }
}
