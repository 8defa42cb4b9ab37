/**
 * Nothing is ended because its object is not there before it is sure that it was our cluster that said so: an API server
 * that was started on another cluster's store knows none of our pods.
 */

import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { untilAborted } from '../../base/until-aborted.ts';
import type { Reader } from '../../client/client.ts';
import { readClusterId } from '../../client/cluster-id.ts';

export interface ClusterGuardOptions {
  readonly client: Pick<Reader, 'get'>;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Called when `trouble` came or went. */
  readonly onChange: () => void;
}

const retryMs = 1_000;
const idleMs = 60_000;

export class ClusterGuard {
  readonly #options: ClusterGuardOptions;
  readonly #gone = new Set<string>();
  #clusterId: string | undefined;
  #trouble: string | undefined;
  #wake = new AbortController();

  constructor(options: ClusterGuardOptions) {
    this.#options = options;
  }

  /** That the API server is another cluster's; undefined: it is not, as far as it was asked. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** Which cluster this is, from now on. Throws when the API server does not say. */
  async meet(): Promise<string> {
    this.#clusterId ??= await readClusterId(this.#options.client);
    return this.#clusterId;
  }

  /** Resolves once it is sure: true; false when `signal` aborts before. */
  async confirm(signal: AbortSignal): Promise<boolean> {
    const { clock, client, logger } = this.#options;
    while (!signal.aborted) {
      try {
        const found = await untilAborted(readClusterId(client), signal);
        if (found === (await untilAborted(this.meet(), signal))) {
          this.#setTrouble(undefined);
          return true;
        }
        this.#setTrouble(
          `the API server is that of cluster ${found}, not of ${this.#clusterId}: nothing is ended here`,
        );
      } catch (error) {
        logger.debug('Which cluster this is could not be asked', { error });
      }
      await clock.sleep(retryMs, signal);
    }
    return false;
  }

  /** The object of this pod went. */
  podGone(uid: string): void {
    this.#gone.add(uid);
    this.#wake.abort();
  }

  /** Hands over the pods that are really gone, until `signal` aborts. Never rejects. */
  async run(end: (uids: readonly string[]) => void, signal: AbortSignal): Promise<void> {
    const stop = () => this.#wake.abort();
    signal.addEventListener('abort', stop, { once: true });
    while (!signal.aborted) {
      this.#wake = new AbortController();
      if (this.#gone.size === 0) await this.#options.clock.sleep(idleMs, this.#wake.signal);
      const uids = [...this.#gone];
      if (uids.length === 0 || !(await this.confirm(signal))) continue;
      for (const uid of uids) this.#gone.delete(uid);
      end(uids);
    }
    signal.removeEventListener('abort', stop);
  }

  #setTrouble(trouble: string | undefined): void {
    if (trouble === this.#trouble) return;
    this.#trouble = trouble;
    if (trouble !== undefined) this.#options.logger.error('Pods seem to be gone', { trouble });
    this.#options.onChange();
  }
}
