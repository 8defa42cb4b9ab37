/** The log of refused credentials: some lines each minute, whatever is thrown at the server, and how many were left out. */

import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { ApiRequest } from '../request/api-request.ts';

const linesPerPeriod = 10;
const periodMs = 60_000;
const maxCharacters = 200;

export class Refusals {
  readonly #clock: Clock;
  readonly #logger: Logger;
  #periodBegan = Number.NEGATIVE_INFINITY;
  #seen = 0;

  constructor({ clock, logger }: { readonly clock: Clock; readonly logger: Logger }) {
    this.#clock = clock;
    this.#logger = logger;
  }

  /** `why` may have been written by whoever sends the credential, and never has the credential itself. */
  note(request: ApiRequest, why: string): void {
    const now = this.#clock.monotonic();
    if (now - this.#periodBegan >= periodMs) this.#beginPeriod(now);
    this.#seen += 1;
    if (this.#seen > linesPerPeriod) return;
    this.#logger.warn('A request was refused: nobody to be believed sends it', {
      why: why.slice(0, maxCharacters),
      from: request.incoming.socket.remoteAddress,
      method: request.method,
      path: request.info.path.slice(0, maxCharacters),
      audit: request.auditId,
    });
  }

  #beginPeriod(now: number): void {
    const unsaid = this.#seen - linesPerPeriod;
    if (unsaid > 0) this.#logger.warn('Further requests were refused', { count: unsaid });
    this.#periodBegan = now;
    this.#seen = 0;
  }
}
