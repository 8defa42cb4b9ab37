/**
 * Pulls of this node: one for all that wait for the same image with the same credentials, and not too many at a time. A
 * pull goes on while somebody waits for it, and what came of it is on record before anybody hears of it.
 */

import type { Clock } from '../../base/clock.ts';
import { errorText } from '../../base/error-text.ts';
import { Limiter } from '../../base/limiter.ts';
import type { Logger } from '../../base/logger.ts';
import { untilAborted } from '../../base/until-aborted.ts';
import type { ImageDetails, ImageRuntime } from '../runtime/runtime.ts';
import { PullProgress } from './pull-progress.ts';
import type { PullRecords } from './pull-records.ts';
import type { PullCredentials } from './pull-secrets.ts';

export interface SharedPullsOptions {
  readonly runtime: Pick<ImageRuntime, 'inspectImage' | 'pullImage'>;
  readonly records: PullRecords;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How many pulls there are at a time. */
  readonly limit: number;
}

export interface Pulled {
  readonly image: ImageDetails;
  /** When the pull had its turn, monotonic. */
  readonly startedAt: number;
}

interface Pull {
  readonly progress: PullProgress;
  readonly done: Promise<Pulled>;
  readonly abandon: AbortController;
  waiters: number;
}

export class SharedPulls {
  readonly #options: SharedPullsOptions;
  readonly #limiter: Limiter;
  readonly #pulls = new Map<string, Pull>();

  constructor(options: SharedPullsOptions) {
    this.#options = options;
    this.#limiter = new Limiter(options.limit);
  }

  /**
   * Joins the pull that is under way, or begins one: with each of the credentials in turn until one is good, with none
   * where there are none. `done` rejects with the registry's words, or with the signal's reason.
   */
  join(
    name: string,
    credentials: readonly PullCredentials[],
    signal: AbortSignal,
  ): { readonly progress: PullProgress; readonly done: Promise<Pulled> } {
    const key = JSON.stringify([name, ...credentials.map(({ hash }) => hash)]);
    const pull = this.#pulls.get(key) ?? this.#begin(key, name, credentials);
    pull.waiters += 1;
    const done = untilAborted(pull.done, signal).finally(() => {
      pull.waiters -= 1;
      if (pull.waiters > 0) return;
      if (this.#pulls.get(key) === pull) this.#pulls.delete(key);
      pull.abandon.abort(); // of one that is over nothing comes
    });
    return { progress: pull.progress, done };
  }

  #begin(key: string, name: string, credentials: readonly PullCredentials[]): Pull {
    const abandon = new AbortController();
    const progress = new PullProgress();
    const done = this.#limiter.run(
      () => this.#pull(name, credentials, { progress, signal: abandon.signal }),
      abandon.signal,
    );
    const pull: Pull = { progress, done, abandon, waiters: 0 };
    this.#pulls.set(key, pull);
    const end = () => {
      if (this.#pulls.get(key) === pull) this.#pulls.delete(key);
    };
    done.then(end, end);
    return pull;
  }

  async #pull(
    name: string,
    credentials: readonly PullCredentials[],
    { progress, signal }: { readonly progress: PullProgress; readonly signal: AbortSignal },
  ): Promise<Pulled> {
    const { runtime, records, clock, logger } = this.#options;
    const startedAt = clock.monotonic();
    await records.pullBegins(name);
    const refusals: string[] = [];
    for (const used of credentials.length === 0 ? [undefined] : credentials) {
      try {
        const onProgress = progress.note.bind(progress);
        await runtime.pullImage(name, { credentials: used?.credentials, signal, onProgress });
      } catch (error) {
        if (signal.aborted) {
          records.pullAbandoned(name);
          throw error;
        }
        refusals.push(errorText(error));
        continue;
      }
      const image = await runtime.inspectImage(name);
      if (image === undefined) {
        refusals.push('the image was removed while it was pulled');
        break;
      }
      await records.pulled(name, image.id, used).catch((error: unknown) => {
        // It holds in memory; after a restart the image is for nobody before it was pulled again.
        logger.warn('It could not be written down by whom an image was pulled', { name, error });
      });
      return { image, startedAt };
    }
    await records.pullFailed(name).catch((error: unknown) => {
      // The next kubelet looks what there is of that name.
      logger.warn('That a pull is over could not be written down', { name, error });
    });
    throw new Error(joinRefusals(refusals));
  }
}

/** As upstream: several are a list, what is said twice is said once. */
function joinRefusals(refusals: readonly string[]): string {
  const different = [...new Set(refusals)];
  return different.length === 1 ? (different[0] ?? '') : `[${different.join(', ')}]`;
}
