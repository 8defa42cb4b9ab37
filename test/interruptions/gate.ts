/** Lets everybody pass, or holds them up until it is opened again. */

import { createDeferred, type Deferred } from '../../base/deferred.ts';

export class Gate {
  #closed: Deferred<void> | undefined;

  close(): void {
    this.#closed ??= createDeferred();
  }

  open(): void {
    this.#closed?.resolve();
    this.#closed = undefined;
  }

  async pass(): Promise<void> {
    while (this.#closed !== undefined) await this.#closed.promise;
  }
}
