/**
 * A history of operations on versioned keys, as clients saw them: what was asked, what was answered, and when each
 * began and ended. Pure data, so that a recorded history can be kept and checked again.
 */

/** What a client asked of one key. `expected` is the version that an update or a delete names, if it names one. */
export type Call =
  | { readonly type: 'create'; readonly value: string }
  | { readonly type: 'read' }
  | { readonly type: 'update'; readonly value: string; readonly expected?: number | undefined }
  | { readonly type: 'delete'; readonly expected?: number | undefined };

export type Answer =
  /** It was done, or read: the value and its version. For a delete, the version of the deletion if it is known. */
  | { readonly type: 'ok'; readonly value?: string | undefined; readonly version?: number | undefined }
  /** Nothing is there. */
  | { readonly type: 'missing' }
  /** Something is there already. */
  | { readonly type: 'exists' }
  /** Another version is there. */
  | { readonly type: 'conflict' }
  /** Certainly not done. */
  | { readonly type: 'refused' }
  /** Perhaps done, perhaps not, perhaps later. */
  | { readonly type: 'unknown' };

export interface Operation {
  readonly key: string;
  readonly call: Call;
  readonly answer: Answer;
  /** On one monotonic clock for all clients. The answer is known from `end` on; ignored when it is unknown. */
  readonly begin: number;
  readonly end: number;
}

/** Records what clients do. */
export class HistoryRecorder {
  readonly operations: Operation[] = [];
  readonly #now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Runs `perform` and notes it. `perform` must not throw: it says in its answer how it ended. */
  async record(key: string, call: Call, perform: () => Promise<Answer>): Promise<Answer> {
    const begin = this.#now();
    const answer = await perform();
    this.operations.push({ key, call, answer, begin, end: this.#now() });
    return answer;
  }
}
