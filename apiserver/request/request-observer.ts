/** CONTRACT: who hears how a request is answered, beside its client: its audit event. Never throws, never waits. */

export interface RequestObserver {
  /** Whether `answer` is wanted. */
  readonly wantsAnswer: boolean;
  /** The answer's head is sent, and a stream of any length follows. */
  streamBegins(code: number): void;
  /** What is answered, before it is encoded, or JSON. Of several calls the first counts. */
  answer(body: unknown): void;
}
