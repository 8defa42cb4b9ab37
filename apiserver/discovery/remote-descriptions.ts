/**
 * Which OpenAPI documents other servers have of the versions that they serve behind this one. Asked when a client asks,
 * and kept for a moment; who does not answer has none. Documents of version 3 are passed on by whoever is asked for one;
 * what is said in version 2 becomes part of the one document.
 */

import { isRecord } from '../../api/json-record.ts';
import type { Clock } from '../../base/clock.ts';
import { type FurtherDescription, readFurtherDescription } from '../../machinery/openapi/further-description.ts';
import { askRemoteApi, type RemoteApiCaller } from '../aggregation/ask-remote-api.ts';
import type { RemoteApi } from '../aggregation/remote-api.ts';
import type { RemoteApis } from '../aggregation/remote-apis.ts';

const keptMs = 10_000;

/** Definitions of large operators have some megabytes; what is longer would hold up others while it is read. */
const maxSwaggerBytes = 4 << 20;

interface Kept<T> {
  readonly until: number;
  readonly answer: Promise<T | undefined>;
}

export interface RemoteDescriptionsParts {
  readonly apis: Pick<RemoteApis, 'all'>;
  readonly caller: RemoteApiCaller;
  readonly clock: Clock;
}

export class RemoteDescriptions {
  readonly #parts: RemoteDescriptionsParts;
  readonly #urls = new WeakMap<RemoteApi, Kept<string>>();
  readonly #swaggers = new WeakMap<RemoteApi, Kept<FurtherDescription>>();

  constructor(parts: RemoteDescriptionsParts) {
    this.#parts = parts;
  }

  /** By path (`apis/wardle.example.com/v1alpha1`), the URL that names the document, with its hash where it has one. */
  async documents(): Promise<ReadonlyMap<string, string>> {
    const found = await this.#ofAll(this.#urls, askForUrl);
    return new Map(found.map(([{ path }, url]) => [path.slice(1), url] as const));
  }

  /** What they say in version 2. */
  async swaggers(): Promise<readonly FurtherDescription[]> {
    return (await this.#ofAll(this.#swaggers, askForSwagger)).map(([, description]) => description);
  }

  /** Of those that have an answer. */
  async #ofAll<T>(kept: WeakMap<RemoteApi, Kept<T>>, ask: Ask<T>): Promise<(readonly [RemoteApi, T])[]> {
    const available = this.#parts.apis.all().filter(({ isAvailable }) => isAvailable);
    const answers = await Promise.all(available.map(async (api) => [api, await this.#of(kept, api, ask)] as const));
    return answers.flatMap(([api, answer]) => (answer === undefined ? [] : [[api, answer] as const]));
  }

  #of<T>(known: WeakMap<RemoteApi, Kept<T>>, api: RemoteApi, ask: Ask<T>): Promise<T | undefined> {
    const { clock, caller } = this.#parts;
    const now = clock.monotonic();
    let kept = known.get(api);
    if (kept === undefined || kept.until <= now) {
      kept = { until: now + keptMs, answer: ask(api, caller) };
      known.set(api, kept);
    }
    return kept.answer;
  }
}

/** Never rejects: who cannot be asked has nothing, as far as we know. */
type Ask<T> = (api: RemoteApi, caller: RemoteApiCaller) => Promise<T | undefined>;

async function askForSwagger(api: RemoteApi, caller: RemoteApiCaller): Promise<FurtherDescription | undefined> {
  try {
    const { code, text } = await askRemoteApi(api, { path: '/openapi/v2', maxBytes: maxSwaggerBytes }, caller);
    return code === 200 ? readFurtherDescription(text, api.path) : undefined;
  } catch {
    return undefined;
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
    return undefined;
  }
}
