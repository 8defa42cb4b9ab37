/** Asks the API server who somebody is and what he may do: reviews, as every kubelet may have them made. */

import { tokenReviews } from '../../api/resources/authentication.ts';
import { subjectAccessReviews } from '../../api/resources/authorization.ts';
import { tooManyRequests } from '../../api/status-error.ts';
import { Limiter } from '../../base/limiter.ts';
import type { Writer } from '../../client/client.ts';
import type { Caller } from './authorizer.ts';

/** CONTRACT: neither is idempotent for the API server, but both only read. Both throw when it cannot be asked. */
export interface Reviews {
  /** Undefined: the token is nobody's. */
  callerOf(token: string): Promise<Caller | undefined>;
  mayDo(caller: Caller, verb: string, subresource: string): Promise<boolean>;
}

/** Who sends one bad token after the other must not take the API server's time from the kubelet's own work. */
const atOnce = 8;
const mostWaiting = 100;

export class ApiReviews implements Reviews {
  readonly #client: Pick<Writer, 'create'>;
  readonly #nodeName: string;
  readonly #limiter = new Limiter(atOnce);
  #waiting = 0;

  constructor(client: Pick<Writer, 'create'>, nodeName: string) {
    this.#client = client;
    this.#nodeName = nodeName;
  }

  async callerOf(token: string): Promise<Caller | undefined> {
    const { status } = await this.#limited(() => this.#client.create(tokenReviews, { spec: { token } }));
    const { username, groups = [], uid, extra } = status?.user ?? {};
    if (status?.authenticated !== true || !username) return undefined;
    return { name: username, groups, ...(uid && { uid }), ...(extra && { extra }) };
  }

  async mayDo({ name, groups, uid, extra }: Caller, verb: string, subresource: string): Promise<boolean> {
    const spec = {
      ...{ user: name, groups: [...groups], ...(uid && { uid }) },
      ...(extra && { extra: Object.fromEntries(Object.entries(extra).map(([key, values]) => [key, [...values]])) }),
      resourceAttributes: { verb, group: '', version: 'v1', resource: 'nodes', subresource, name: this.#nodeName },
    };
    const { status } = await this.#limited(() => this.#client.create(subjectAccessReviews, { spec }));
    return status?.allowed === true;
  }

  async #limited<T>(review: () => Promise<T>): Promise<T> {
    if (this.#waiting >= mostWaiting) throw tooManyRequests('too many callers are being looked at', 1);
    this.#waiting += 1;
    try {
      return await this.#limiter.run(review);
    } finally {
      this.#waiting -= 1;
    }
  }
}
