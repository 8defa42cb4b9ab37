/** A recorder that keeps what it is told, for tests. */

import type { EventNews, EventSubject } from '../../client/event-correlator.ts';
import type { Recorder } from '../../client/event-recorder.ts';

export class HeardEvents implements Recorder {
  readonly #heard: (Pick<EventNews, 'type' | 'reason' | 'message'> & { readonly subject: EventSubject })[] = [];

  record(subject: EventSubject, event: Pick<EventNews, 'type' | 'reason' | 'message'>): void {
    this.#heard.push({ subject, ...event });
  }

  /** `Warning Failed the message`, in order. */
  get texts(): string[] {
    return this.#heard.map(({ type, reason, message }) => `${type} ${reason} ${message}`);
  }

  get reasons(): string[] {
    return this.#heard.map(({ reason }) => reason);
  }
}
