/**
 * CONTRACT: a thread that does what takes long, so that no other request waits for it. Which jobs it knows, and what they
 * take and say, is in `heavy-work/heavy-jobs.ts`; `runJob` there asks with types.
 */

export interface OtherThread {
  /** Whether something of that size is better done there. */
  isHeavy(bytes: number): boolean;
  /** What the job says. Throws what it throws, Timeout when it takes too long, RequestEntityTooLarge for too much memory. */
  run(name: string, input: object, options: JobOptions): Promise<unknown>;
}

export interface JobOptions {
  /** Whose job it is: one user's jobs are done one after another. */
  readonly user: { readonly name: string };
  warn(text: string): void;
  /** Asked before the job begins: throws when nobody waits for it any more. */
  throwIfAbandoned(): void;
}
