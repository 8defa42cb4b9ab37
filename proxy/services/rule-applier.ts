/**
 * CONTRACT: makes rules so on this machine. `nftables.ts` and `userspace/userspace.ts` are the two; both pass
 * `test/e2e/proxy.test.ts`.
 */

import type { Rules } from './rules.ts';

export interface RuleApplier {
  /**
   * Makes exactly these rules so, whatever was there before. Idempotent; calls follow one another, never two at once.
   * Connections that are established go on, also when their Service or endpoint is not in the rules any more. After a
   * failure the next call starts from nothing that it remembers.
   */
  apply(rules: Rules): Promise<void>;
  /**
   * Looks whether what was applied is still there: another program may have flushed it. If not, the next `apply` starts from
   * nothing, and the answer is false.
   */
  verify(): Promise<boolean>;
  /** Lets go of what this process holds. Rules in the kernel stay: traffic goes on without the proxy. */
  stop(): Promise<void>;
}
