/**
 * Which OpenAPI documents other servers have of the versions that they serve behind this one. Asked when a client asks,
 * and kept for a moment; who does not answer has none. The documents themselves are passed on by whoever is asked for one.
 */

import { isRecord } from '../../api/json-record.ts';
import type { Clock } from '../../base/clock.ts';
import { askRemoteApi, type RemoteApiCaller } from '../aggregation/ask-remote-api.ts';
import type { RemoteApi } from '../aggregation/remote-api.ts';
import type { RemoteApis } from '../aggregation/remote-apis.ts';

const keptMs = 10_000;

interface Kept {
  readonly until: number;
  readonly url: Promise<string | undefined>;
}

export interface RemoteDescriptionsParts {
  readonly apis: Pick<RemoteApis, 'all'>;
  readonly caller: RemoteApiCaller;
  readonly clock: Clock;
}

export class RemoteDescriptions {
  readonly #parts: RemoteDescriptionsParts;
  readonly #kept = new WeakMap<RemoteApi, Kept>();

  constructor(parts: RemoteDescriptionsParts) {
    this.#parts = parts;
  }

  /** By path (`apis/wardle.example.com/v1alpha1`), the URL that names the document, with its hash where it has one. */
  async documents(): Promise<ReadonlyMap<string, string>> {
    const found = await Promise.all(
      this.#parts.apis
        .all()
        .filter(({ isAvailable }) => isAvailable)
        .map(async (api) => ({ path: api.path.slice(1), url: await this.#urlOf(api) })),
    );
    return new Map(found.flatMap(({ path, url }) => (url === undefined ? [] : [[path, url] as const])));
  }

  #urlOf(api: RemoteApi): Promise<string | undefined> {
    const { clock, caller } = this.#parts;
    const now = clock.monotonic();
    let kept = this.#kept.get(api);
    if (kept === undefined || kept.until <= now) {
      kept = { until: now + keptMs, url: askForUrl(api, caller) };
      this.#kept.set(api, kept);
    }
    return kept.url;
  }
}

async function askForUrl(api: RemoteApi, caller: RemoteApiCaller): Promise<string | undefined> {
  const path = api.path.slice(1);
  try {
    const { code, text } = await askRemoteApi(api, { path: '/openapi/v3' }, caller);
    const index: unknown = code === 200 ? JSON.parse(text) : undefined;
    const entry = isRecord(index) && isRecord(index.paths) ? index.paths[path] : undefined;
    const url = isRecord(entry) ? entry.serverRelativeURL : undefined;
    // A URL of ours that another server names must lead back to it.
    return typeof url === 'string' && url.startsWith(`/openapi/v3/${path}`) ? url : undefined;
  } catch {
    return undefined; // it has none, as far as we know
  }
}
