/** Whose turn it is: the endpoints of a backend one after the other, for all rules that lead to it. */

import { type Endpoint, endpointKey } from '../../api/endpoint-choice.ts';
import type { Backend } from '../routing/route.ts';

export class EndpointTurns {
  readonly #next = new Map<string, number>();

  /** The next that is not in `tried`; undefined: all are. */
  take({ key, endpoints }: Backend, tried: ReadonlySet<string>): Endpoint | undefined {
    const count = endpoints.length;
    const start = this.#next.get(key) ?? 0;
    for (let step = 0; step < count; step += 1) {
      const endpoint = endpoints[(start + step) % count];
      if (endpoint === undefined || (tried.size > 0 && tried.has(endpointKey(endpoint)))) continue;
      this.#next.set(key, (start + step + 1) % count);
      return endpoint;
    }
    return undefined;
  }

  /** Forgets backends that are there no more. */
  keepOnly(keys: ReadonlySet<string>): void {
    for (const key of this.#next.keys()) if (!keys.has(key)) this.#next.delete(key);
  }
}
